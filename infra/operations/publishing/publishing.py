"""Decides what a publication or a rollback changes, and carries it out through `FlowVersionsTable`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialtone.adapters.flow_versions_table import Change, FlowVersionsTable, Version
from dialtone.domain.errors import DialtoneError
from dialtone.domain.live_version import ALL_CALLS, WITH_THE_CODE, Live, Trial
from infra.operations.publishing.files import differences, digest_of


@dataclass(frozen=True, slots=True)
class Share:
    """Which new calls a version takes."""

    percent: int = ALL_CALLS
    numbers: tuple[str, ...] = ()
    """Only calls to these; all where there is none."""

    @property
    def is_whole(self) -> bool:
        """Whether it takes every new call."""
        return self.percent == ALL_CALLS and not self.numbers

    @property
    def sentence(self) -> str:
        """Which calls these are."""
        share = "every new call" if self.percent == ALL_CALLS else f"{self.percent} % of the new calls"
        return f"{share} to {', '.join(self.numbers)}" if self.numbers else share


@dataclass(frozen=True, slots=True)
class Publication:
    """A version to be published."""

    was: Live
    becomes: Live
    version: int
    """The version that takes the calls."""
    share: str
    """The calls that it takes, in words."""
    texts: Mapping[str, str]
    changes: tuple[str, ...]
    """What callers will notice, in lines for the terminal."""
    is_new: bool
    """Whether the version is not in the table yet."""

    @property
    def changes_nothing(self) -> bool:
        """Whether all this is live already."""
        return self.becomes._replace(revision=0) == self.was._replace(revision=0)


def publication(publications: FlowVersionsTable, texts: Mapping[str, str], share: Share, now: datetime) -> Publication:
    """What publishing these files changes. A version that has just these files is taken again, and not made twice."""
    was, versions = publications.live(), publications.versions()
    digest = digest_of(texts)
    same = next((each.number for each in versions if each.digest == digest), None)
    number = same if same is not None else max((each.number for each in versions), default=0) + 1
    live_texts = publications.texts(was.version) if was.version != WITH_THE_CODE else None
    changes = tuple(differences(live_texts or {}, texts))
    if share.is_whole:
        becomes = Live(was.revision + 1, number)
    elif number == was.version:
        raise DialtoneError(f"version {number} has the same files and takes every new call: there is nothing to try")
    else:
        trial = Trial(number, share.percent, share.numbers, int(now.timestamp()))
        becomes = was._replace(revision=was.revision + 1, trial=trial)
    return Publication(was, becomes, number, share.sentence, texts, changes, is_new=same is None)


def publish(publications: FlowVersionsTable, what: Publication, message: str, author: str, now: datetime) -> None:
    """Make it live. Raises PublishedMeanwhile and TooLarge; then nothing has changed."""
    at, did = now.isoformat(timespec="seconds"), f"published version {what.version} for {what.share}"
    new = Version(what.version, message, author, at, digest_of(what.texts), len(what.texts)) if what.is_new else None
    publications.change(what.was, Change(at, author, did, what.becomes), new, what.texts)


def rolled_back(was: Live, changes: Sequence[Change], versions: Sequence[Version], to: int | None) -> Live:
    """What a rollback makes live: `to`, or without it the version before. Raises DialtoneError."""
    revision = was.revision + 1
    if to is None and was.trial:
        return was._replace(revision=revision, trial=None)
    if to is None:
        _, *earlier = _replaced(changes)
        if not earlier:
            raise DialtoneError("the flows deployed with the code take every call: no version was live before them")
        to = earlier[0]
    if to != WITH_THE_CODE and to not in {each.number for each in versions}:
        raise DialtoneError(f"there is no version {to}: `dialtone versions` lists them")
    if to == was.version and not was.trial:
        raise DialtoneError(f"version {to} takes every new call already")
    return Live(revision, to)


def _replaced(changes: Sequence[Change]) -> list[int]:
    """The live version and those that it replaced one after the other; going back takes the newer ones away.

    So a second rollback goes further back, and never forth to the version that the first one left.
    """
    versions = [WITH_THE_CODE]
    for change in reversed(changes):
        version = change.live.version
        if change.goes_back and version in versions:
            del versions[: versions.index(version)]
        elif version != versions[0]:
            versions.insert(0, version)
    return versions


def roll_back(publications: FlowVersionsTable, was: Live, becomes: Live, author: str, now: datetime) -> None:
    """Make an earlier version live again. Raises PublishedMeanwhile; then nothing has changed."""
    did = f"went back to {named(becomes.version)}"
    publications.change(was, Change(now.isoformat(timespec="seconds"), author, did, becomes, goes_back=True))


def named(version: int) -> str:
    """A version, for people."""
    return "the flows deployed with the code" if version == WITH_THE_CODE else f"version {version}"
