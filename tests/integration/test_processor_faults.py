"""The central promise, attacked at every request: state changes exactly once, no command is lost or obeyed twice.

Requests to DynamoDB, SQS and Telnyx are counted together. Any of them may be lost, take effect and stay unanswered, or
be the last thing that the process does. Telnyx delivers again until it gets its 200; then nothing may tell the call
from one in which nothing failed.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.events import Event
from tests.integration.deliveries import SESSION, phone_call, team_call, written_flows
from tests.integration.dependencies import FAULTS, Fault, Line, Remains

pytestmark = pytest.mark.no_cover  # plays again and again what other tests take

REQUESTS_OF_THE_CALL = 70
"""What PHONE_CALL costs without faults, and some of what is repeated with them."""

REFUSED = Outcome("refused", 1, 422, code="90012", title="Invalid voice")
GATHER_REFUSED, UNTIL_THE_GATHER = ("gather_using_speak",), 5
REFUSALS: tuple[tuple[str, ...], ...] = (
    (),
    ("answer",),
    ("speak",),
    ("gather_using_speak",),
    ("record_start",),
    ("record_pause", "speak"),
    ("record_stop", "record_resume"),
)


class Lines:
    """Opens line after line, and knows what a call leaves behind where nothing fails."""

    def __init__(self, opened: Callable[[Mapping[int, Fault]], Line]) -> None:
        self._opened = opened
        self._unharmed: dict[object, tuple[list[Event], Remains]] = {}

    def open(self, refused: tuple[str, ...], plan: Mapping[int, Fault] | None = None) -> Line:
        line = self._opened(plan or {})
        line.telnyx.refuses = dict.fromkeys(refused, REFUSED)
        return line

    def unharmed(
        self,
        refused: tuple[str, ...],
        first: int | None = None,
        call: Callable[[Line], Iterator[Event]] = phone_call,
    ) -> tuple[list[Event], Remains]:
        """Give the (first) events of the call, and what is left of it."""
        key = refused, first, call
        if key not in self._unharmed:
            line = self.open(refused)
            events = [(each, line.deliver(each))[0] for each in itertools.islice(call(line), first)]
            self._unharmed[key] = events, line.remains(SESSION)
        return self._unharmed[key]


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_flows(tmp_path_factory.mktemp("flows"))


@pytest.fixture(scope="module")
def lines(flows: Path) -> Lines:
    """Each with a table and a queue of its own in memory: what comes without faults is found out once."""
    return Lines(partial(Line.in_memory, flows))


@pytest.fixture(scope="module")
def moto_lines(flows: Path) -> Iterator[Lines]:
    """The same with boto3 and moto: botocore's own errors, DynamoDB's own conditions."""
    names = (f"line-{number}" for number in itertools.count(1))
    with mock_aws():
        yield Lines(lambda plan: Line.open(flows, plan, next(names)))


def test_the_call_without_faults_is_worth_attacking(lines: Lines) -> None:
    events, remains = lines.unharmed(())

    assert len(events) == len(remains.timeline) == 16
    assert len(remains.obeyed) == 13
    assert len(remains.jobs) == 3
    assert len(remains.recordings) == 2


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_request_of_any_event_leaves_no_trace(moto_lines: Lines, fault: Fault, place: int) -> None:
    """An event costs five requests at most: a read, a commit, three commands."""
    events, expected = moto_lines.unharmed(())
    line = moto_lines.open(())

    for each in events:
        line.faults.plan = {line.faults.place + place: fault}
        line.deliver_until_done(each)

    assert line.remains(SESSION) == expected


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_request_around_a_refused_command_leaves_no_trace(
    lines: Lines, fault: Fault, place: int
) -> None:
    """The event costs nine requests: its own four, then the refusal's read, commit and three commands."""
    events, expected = lines.unharmed(GATHER_REFUSED, UNTIL_THE_GATHER)
    line = lines.open(GATHER_REFUSED)
    for each in events[:-1]:
        line.deliver(each)

    line.faults.plan = {line.faults.place + place: fault}
    line.deliver_until_done(events[-1])

    assert line.faults.place > max(line.faults.plan), "the fault was never met"
    assert line.remains(SESSION) == expected


@settings(deadline=None, print_blob=True)
@given(
    refused=st.sampled_from(REFUSALS),
    plan=st.dictionaries(st.integers(0, REQUESTS_OF_THE_CALL), st.sampled_from(FAULTS), min_size=5, max_size=25),
    duplicates=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=6),
)
def test_whatever_fails_and_whatever_comes_twice_the_call_is_as_if_nothing_had(
    lines: Lines,
    refused: tuple[str, ...],
    plan: dict[int, Fault],
    duplicates: list[tuple[int, int]],
) -> None:
    events, expected = lines.unharmed(refused)
    line = lines.open(refused, plan)

    for place, each in enumerate(events):
        line.deliver_until_done(each)
        for _, earlier in (pair for pair in duplicates if pair[0] == place and pair[1] <= place):
            line.deliver_until_done(events[earlier])

    met = sum(place < line.faults.place for place in plan)
    event(f"{met // 5 * 5} faults or more met")
    ids = [command_id for command_id, _ in line.telnyx.obeyed]
    assert len(ids) == len(set(ids)), "obeyed twice"
    assert line.remains(SESSION) == expected


FAILING_FOR_LONG: tuple[Callable[[int], Fault], ...] = (
    lambda _: "unanswered",
    lambda _: "lost",
    lambda place: FAULTS[place % len(FAULTS)],
)


@pytest.mark.parametrize("failing", FAILING_FOR_LONG)
def test_a_call_goes_on_where_it_stood_after_a_time_in_which_every_request_failed(
    lines: Lines, failing: Callable[[int], Fault]
) -> None:
    events, expected = lines.unharmed(())
    line = lines.open(())

    for each in events:
        line.faults.plan = {line.faults.place + place: failing(place) for place in range(8)}
        line.deliver_until_done(each)

    assert line.remains(SESSION) == expected


# --- Several commands at once ---------------------------------------------------------------------------------

TEAM_REQUESTS = 7
"""What an event of the team's call costs at most: a read, a commit, music and three people rung; one more is spare."""

TEAM_REFUSALS: tuple[tuple[str, ...], ...] = (
    (),
    ("dial",),
    ("dial +15550192",),
    ("dial +15550191", "dial +15550193", "playback_start"),
    ("playback_start",),
    ("bridge",),
)


def as_heard(remains: Remains) -> Remains:
    """Commands that go out together arrive in any order, and a leg ends once.

    A second refusal of such a group comes late and changes nothing: if a process dies before it is reported, the
    commands that were left are not sent again, and are not missed.
    """
    legs = {command.call_control_id: each for each in remains.obeyed if (command := each[1]).action == "hangup"}
    others = (each for each in remains.obeyed if each[1].action != "hangup")
    ended = (("", each[1]._replace(parameters={})) for _, each in sorted(legs.items()))
    obeyed = (*sorted(others, key=lambda each: each[0]), *ended)
    timeline = tuple(
        each
        for each in remains.timeline
        if each.event_type != "dialtone.command.refused" or "; late: " not in each.reason
    )
    return replace(remains, obeyed=obeyed, timeline=timeline)


def test_the_call_with_several_commands_at_once_is_worth_attacking(lines: Lines) -> None:
    events, remains = lines.unharmed((), call=team_call)

    assert len(events) == 14
    actions = [command.action for _, command in remains.obeyed]
    assert (actions[0], sorted(actions[1:5])) == ("answer", ["dial", "dial", "dial", "playback_start"])
    assert actions[5:] == ["bridge", "hangup", "hangup", "playback_stop"]
    assert remains.legs[0].outcome == "completed"


@pytest.mark.parametrize("refused", TEAM_REFUSALS)
@pytest.mark.parametrize("place", range(TEAM_REQUESTS))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_of_several_commands_leaves_no_trace(
    lines: Lines, fault: Fault, place: int, refused: tuple[str, ...]
) -> None:
    events, expected = lines.unharmed(refused, call=team_call)
    line = lines.open(refused)

    for each in events:
        line.faults.plan = {line.faults.place + place: fault}
        line.deliver_until_done(each)

    assert as_heard(line.remains(SESSION)) == as_heard(expected)


@settings(deadline=None, print_blob=True)
@given(
    refused=st.sampled_from(TEAM_REFUSALS),
    plan=st.dictionaries(st.integers(0, REQUESTS_OF_THE_CALL), st.sampled_from(FAULTS), min_size=5, max_size=25),
    duplicates=st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=6),
)
def test_whatever_fails_and_comes_twice_while_several_are_rung_the_call_is_as_if_nothing_had(
    lines: Lines, refused: tuple[str, ...], plan: dict[int, Fault], duplicates: list[tuple[int, int]]
) -> None:
    events, expected = lines.unharmed(refused, call=team_call)
    line = lines.open(refused, plan)

    for place, each in enumerate(events):
        line.deliver_until_done(each)
        for _, earlier in (pair for pair in duplicates if pair[0] == place and pair[1] <= place):
            line.deliver_until_done(events[earlier])

    ids = [command_id for command_id, _ in line.telnyx.obeyed]
    assert len(ids) == len(set(ids)), "obeyed twice"
    assert as_heard(line.remains(SESSION)) == as_heard(expected)
