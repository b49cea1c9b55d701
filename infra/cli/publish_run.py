"""Runs `dialtone publish`: checks, shows, asks, publishes."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.errors import DialtoneError
from infra.cli.asking import confirmed
from infra.cli.flow_test_reports import REPORTS
from infra.cli.flow_versions_access import author, publications, stack
from infra.cli.options import name_project
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations
from infra.flowkit.conversations.runner import play
from infra.flowkit.lint import lint
from infra.flowkit.linting.finding import Severity
from infra.flowkit.linting.formats import as_text
from infra.flowkit.linting.rule import rules
from infra.operations import aws
from infra.operations.publishing.audio import ChangedAudio
from infra.operations.publishing.files import files_of
from infra.operations.publishing.pictures import keep_pictures
from infra.operations.publishing.publishing import Publication, Share, publication, publish


def run(given: argparse.Namespace) -> int:
    """Publish; 1 where the answer is no."""
    name_project(given)
    now = datetime.now(UTC)
    texts = files_of(given.flows)
    _check(given.flows)
    with aws.explained():
        meant = stack(given)
        table = publications(meant)
        what = publication(table, texts, Share(given.percent, _numbers(given.number, texts)), now)
        audio = ChangedAudio.of(meant.name, given.flows, now)
        _show(what, audio)
        if given.dry_run or (what.changes_nothing and not audio.steps):
            return 0
        if not given.yes and not confirmed("Publish?", "--yes"):
            print("Nothing was changed.")
            return 1
        audio.store()
        if left_out := keep_pictures(table, given.flows):
            print(left_out)
        if not what.changes_nothing:
            publish(table, what, given.message, author(), now)
            _say_done(what, meant.name)
    return 0


def _check(flows: Path) -> None:
    """Raises DialtoneError if the linter finds an error or a conversation fails; what is wrong is printed."""
    errors = [each for each in lint(flows) if each.severity is Severity.ERROR and not each.silenced]
    if errors:
        print(as_text(errors, rules()))
        raise DialtoneError("the flows have errors, so nothing was published: correct them, and run this again")
    scripts = [each for file in sorted(flows.glob(f"*{SUFFIX}")) for each in read_conversations(file)]
    sdk.load()  # the simulated carrier checks commands by the SDK's descriptions
    failed = [each for each in play(scripts, 1) if not each.passed]
    show, _ = REPORTS["text"]
    for each in failed:
        show(each)
    if failed:
        raise DialtoneError(
            f"{len(failed)} of {len(scripts)} conversations failed, so nothing was published: see `dialtone flow test`"
        )
    print(f"checked: no errors, {len(scripts)} conversations pass")


def _numbers(numbers: Sequence[str], texts: Mapping[str, str]) -> tuple[str, ...]:
    """The numbers that it is tried on. Raises DialtoneError for one that no flow answers."""
    answered = FlowLibrary.of_texts(texts).flows_by_number
    for number in numbers:
        if number not in answered:
            raise DialtoneError(f"{number} is not in numbers.yaml: name a number that is written whole there, as it is")
    return tuple(numbers)


def _show(what: Publication, audio: ChangedAudio) -> None:
    if what.changes_nothing:
        print(f"Nothing to publish: version {what.version} has these files and takes the calls.")
    for line in (*what.changes, *audio.lines):
        print(line)
    if not what.changes_nothing:
        again = "" if what.is_new else ", which is in the table already"
        print(f"Version {what.version}{again}, for {what.share}.")
        if what.was.trial and what.was.trial.version != what.version:
            print(f"The trial of version {what.was.trial.version} ends.")


def _say_done(what: Publication, name: str) -> None:
    print(f"Version {what.version} takes {what.share} from now on, within 5 seconds; calls in progress end on theirs.")
    print("To go back: dialtone rollback" + (f" --stack {name}" if name else ""))
