"""The course of steps that `make verify-on-aws` takes: asked for, interrupted, taken up again, put back."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.operations.stack_outputs import Deployed
from infra.verify_on_aws.course import Course, NotShown, Step
from infra.verify_on_aws.steps import STEPS

STACK = Deployed("dialtone-dev", "us-east-1")


def step(name: str, look: Callable[[], str], *, asks: bool = False, undo: Callable[[], object] | None = None) -> Step:
    put_back = (lambda _: undo()) if undo else None
    return Step(name, "does", "expects", "costs", lambda _stack, _ask: look(), asks, put_back)


def course(folder: Path, *, says_yes: bool = True) -> tuple[Course, list[str]]:
    said: list[str] = []
    made = Course(folder / "seen.json", lambda _: says_yes, said.append)
    made.read()
    return made, said


def noted(taken: list[str], name: str) -> str:
    taken.append(name)
    return "seen"


def interrupted() -> str:
    raise KeyboardInterrupt


def missing() -> str:
    raise NotShown("no mail came")


def test_what_was_shown_is_not_done_again_and_what_was_interrupted_is(tmp_path: Path) -> None:
    taken: list[str] = []
    steps = [step("one", lambda: noted(taken, "one")), step("two", interrupted)]
    first, _ = course(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        first.go(steps, STACK)

    second, said = course(tmp_path)
    left = second.go([steps[0], step("two", lambda: noted(taken, "two"))], STACK)

    assert left == 0
    assert taken == ["one", "two"]
    assert said[0] == "= one: shown before (seen)"


def test_what_is_not_shown_or_declined_counts_and_the_next_is_taken_all_the_same(tmp_path: Path) -> None:
    first, said = course(tmp_path, says_yes=False)

    steps = [step("mail", missing), step("call", lambda: "rang", asks=True), step("last", lambda: "seen")]
    left = first.go(steps, STACK)

    assert left == 2
    assert [line for line in said if line[0] in "✓✗-"] == [
        "✗ mail: not shown. no mail came",
        "- call: declined. Run it again to do it.",
        "✓ last: shown. seen",
    ]


@pytest.mark.parametrize("ends", [lambda: "seen", missing, interrupted])
def test_what_a_step_changes_is_put_back_however_it_ends(tmp_path: Path, ends: Callable[[], str]) -> None:
    put_back: list[str] = []
    changing = step("failover", ends, undo=lambda: put_back.append("on"))

    with suppress(KeyboardInterrupt):
        course(tmp_path)[0].go([changing], STACK)

    assert put_back == ["on"]


def test_what_is_declined_changes_nothing(tmp_path: Path) -> None:
    put_back: list[str] = []

    course(tmp_path, says_yes=False)[0].go([step("f", missing, asks=True, undo=lambda: put_back.append("on"))], STACK)

    assert put_back == []


@pytest.mark.parametrize("text", ["{", "[1]", '{"one": 1}'])
def test_a_file_of_another_making_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "seen.json").write_text(text, encoding="utf-8")

    with pytest.raises(DialtoneError, match=r"seen\.json cannot be read: delete it"):
        course(tmp_path)


def test_whatever_disturbs_somebody_asks_and_what_turns_something_off_turns_it_on() -> None:
    asking = {each.name for each in STEPS if each.asks}

    assert {"mail", "call", "failover", "queries"} <= asking
    assert [each.name for each in STEPS if each.undo] == ["failover"]


def test_the_page_names_every_step_and_no_other() -> None:
    page = (ROOT / "docs" / "verify-on-aws.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == [each.name for each in STEPS]
