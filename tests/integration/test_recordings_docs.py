"""Every `dialtone recordings` command in the docs does what the page says, on a stack by moto."""

import re
import shlex
from pathlib import Path

import pytest

from infra.cli.recordings import ACTIONS
from tests.integration.custody import Operator
from tests.runbooks import commands

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recordings.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
OF_OPERATIONS = [line for line in commands("dialtone") if line.startswith("dialtone recordings ")]


ACTION_OF = {
    "DeleteObjects": "DeleteObjectVersion",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
}
"""S3's operations whose permission has another name."""

OTHERWISE = {
    "AbortMultipartUpload",  # of an upload that died
    "BatchGetItem",  # of a recording that differs from its entry
    "ChangeMessageVisibility",  # of a message that stays
    "DeleteItem",  # of what flows remember of a caller
    "DeleteMessage",  # of one that goes
    "DescribeStacks",  # asked of a client that is not on the wire
    "GetObjectVersion",  # of an object that differs
    "GetSecretValue",  # where no key is in the environment
    "SendMessage",  # of what is stuck
}
"""What no example needs on a stack on which all is well."""


@pytest.fixture
def at_work(at_work: Operator) -> Operator:
    at_work.deploy()
    return at_work


@pytest.mark.parametrize("examples", [COMMANDS, OF_OPERATIONS], ids=["recordings", "operations"])
def test_every_example_runs(
    at_work: Operator, examples: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    at_work.lock()
    at_work.archive(transcript=True)
    at_work.end_call()

    for command in examples:
        program, recordings, *arguments = shlex.split(command)
        assert (program, recordings) == ("dialtone", "recordings"), command
        agreed = ("--yes",) if arguments[0] == "erase" and "--dry-run" not in arguments else ()
        assert at_work.run(*arguments, *agreed)[::2] == (0, ""), command


def test_an_operator_needs_the_permissions_that_the_page_lists_and_no_others(
    at_work: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    at_work.lock()
    at_work.archive(transcript=True)
    at_work.end_call()
    requests, used = at_work.house.wire.requests, set[str]()

    for command in COMMANDS:
        action, *arguments = shlex.split(command)[2:]
        before = len(requests)
        at_work.run(action, *arguments, *(("--yes",) if action == "erase" else ()))
        needed = {ACTION_OF.get(each, each) for each in requests[before:]}
        used |= needed
        assert sorted(needed - permitted(action)) == [], command

    assert sorted(permitted("") - used - OTHERWISE) == []


def permitted(action: str) -> set[str]:
    """What the page's table lets an action do, without the service's name; '' for all of them."""
    table = PAGE.read_text(encoding="utf-8").partition("### What it needs\n")[2].partition("\n## ")[0]
    rows = [row.split("|")[1:4] for row in table.splitlines() if row.startswith("| ")]
    return {
        found
        for whose, _, actions in rows
        if not action or f"`{action}`" in whose or whose.strip().startswith("all")
        for found in re.findall(r"`\w+:(\w+)`", actions)
    }


def test_every_action_has_an_example() -> None:
    assert {shlex.split(command)[2] for command in COMMANDS} == set(ACTIONS)
