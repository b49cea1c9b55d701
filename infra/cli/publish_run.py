"""Runs `dialtone publish`: checks, shows, asks, publishes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.errors import DialtoneError
from infra import aws
from infra.cli.asking import confirmed
from infra.cli.flow_test_reports import REPORTS
from infra.cli.flows_option import name_project
from infra.cli.publications_access import author, publications
from infra.flowkit.conversations import SUFFIX, read_conversations
from infra.flowkit.lint import lint
from infra.flowkit.linting.finding import Severity
from infra.flowkit.linting.formats import as_text
from infra.flowkit.linting.rule import rules
from infra.flowkit.runner import play
from infra.publishing.audio import ChangedAudio
from infra.publishing.files import files_of
from infra.publishing.publishing import Share, publication, publish

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from infra.publishing.publishing import Publication


def run(given: argparse.Namespace) -> int:
    """Publish; 1 where the answer is no."""
    name_project(given)
    now = datetime.now(UTC)
    texts = files_of(given.flows)
    _check(given.flows)
    with aws.explained():
        table = publications(given)
        what = publication(table, texts, Share(given.percent, _numbers(given, texts)), now)
        audio = ChangedAudio.of(given.stack, given.flows, now)
        _show(what, audio)
        if what.changes_nothing and not audio.steps:
            return 0
        if given.dry_run:
            return 0
        if not given.yes and not confirmed("Publish?", "--yes"):
            print("Nothing was changed.")
            return 1
        audio.store()
        if not what.changes_nothing:
            publish(table, what, given.message, author(), now)
            _say_done(given, what)
    return 0


def _check(flows: Path) -> None:
    """Raises DialtoneError where the linter finds an error or a conversation fails; what is wrong is printed."""
    errors = [each for each in lint(flows) if each.severity is Severity.ERROR and not each.silenced]
    if errors:
        print(as_text(errors, rules()))
        raise DialtoneError("nothing was published: the menus have errors")
    scripts = [each for file in sorted(flows.glob(f"*{SUFFIX}")) for each in read_conversations(file)]
    sdk.load()  # the simulated carrier checks commands by the SDK's descriptions
    failed = [each for each in play(scripts, 1) if not each.passed]
    for each in failed:
        REPORTS["text"][0](each)
    if failed:
        raise DialtoneError(f"nothing was published: {len(failed)} of {len(scripts)} conversations failed")
    print(f"checked: no errors, {len(scripts)} conversations pass")


def _numbers(given: argparse.Namespace, texts: dict[str, str]) -> tuple[str, ...]:
    """The numbers that it is tried on. Raises DialtoneError for one that the menus do not answer."""
    for number in given.number:
        if f"{number}" not in texts["numbers.yaml"]:
            raise DialtoneError(f"{number} stands in no line of numbers.yaml: write it as it stands there")
    return tuple(given.number)


def _show(what: Publication, audio: ChangedAudio) -> None:
    if what.changes_nothing:
        print(f"Nothing to publish: version {what.version} has these files and takes the calls.")
    for line in (*what.changes, *audio.lines):
        print(line)
    if not what.changes_nothing:
        again = "" if what.is_new else ", which is in the table already"
        print(f"Version {what.version}{again}, for {what.share}.")


def _say_done(given: argparse.Namespace, what: Publication) -> None:
    stack = f" --stack {given.stack}" if given.stack else ""
    print(f"Version {what.version} takes {what.share} from now on, within 5 seconds; calls in progress end on theirs.")
    print(f"To go back: dialtone rollback{stack}")
