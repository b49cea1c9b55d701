"""A call whose flow looks something up, with a fault at every request: asked, answered and led on exactly once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.events import Event
from dialtone.domain.lookups import FOUND, Answer
from tests.integration.deliveries import SESSION, event
from tests.integration.dependencies import FAULTS, Fault, Line, Remains

FLOW = """\
flow: desk
last_resort: bye
steps:
  pin: {collect: Your PIN., into: pin, digits: 4, sensitive: true, otherwise: bye, next: check}
  check:
    lookup: pins
    send: {pin: "{digits.pin}"}
    into: customer
    gives: [name]
    sensitive: true
  hello: {say: "Hello {customer.name}."}
  bye: hangup
"""
PIN = "4711"
REFUSED = Outcome("refused", 1, 422, code="90033", title="Unable to execute command")
REQUESTS_OF_AN_EVENT = 5


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flows")
    (folder / "desk.yaml").write_text(FLOW)
    (folder / "numbers.yaml").write_text('"+15550100": desk\n')
    return folder


def events(line: Line) -> Iterator[Event]:
    """The events of the call, one after the other: each carries the `client_state` that the commands before it left."""

    def marked(event_type: str, number: int, **payload: object) -> Event:
        return event(
            event_type, number, **payload, **({"client_state": line.telnyx.client_state} if number > 1 else {})
        )

    yield marked("call.initiated", 1, direction="incoming", state="parked")
    yield marked("call.answered", 2)
    yield marked("call.gather.ended", 3, digits=PIN, status="valid")
    (question,) = line.systems.questions.values()
    yield Answer(FOUND, {"name": "Ada"}).event(question, "2026-09-21T12:00:04.000000Z")
    yield marked("call.speak.ended", 5, status="completed")
    yield marked("call.hangup", 6, hangup_cause="normal_clearing", hangup_source="caller")


def unharmed(flows: Path) -> Remains:
    line = Line.in_memory(flows)
    for each in events(line):
        line.deliver(each)
    return line.remains(SESSION)


def test_the_other_system_receives_the_pin_and_nothing_that_is_kept_has_it(flows: Path) -> None:
    line = Line.in_memory(flows)

    for each in events(line):
        line.deliver(each)

    (question,) = line.systems.questions.values()
    assert question.send == {"pin": PIN}
    assert not [item for item in line.wire.bodies if PIN.encode() in item]
    assert PIN not in str(line.remains(SESSION))
    assert line.store.legs(SESSION)[0].variables["customer.name"] == "Ada"


@pytest.mark.parametrize("place", range(REQUESTS_OF_AN_EVENT))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_request_leaves_no_trace(flows: Path, fault: Fault, place: int) -> None:
    expected = unharmed(flows)
    line = Line.in_memory(flows)

    for each in events(line):
        line.faults.plan = {line.faults.place + place: fault}
        line.deliver_until_done(each)

    assert line.remains(SESSION) == expected
    assert len(line.systems.questions) == 1


def test_a_question_is_not_asked_again_once_it_is_answered(flows: Path) -> None:
    line = Line.in_memory(flows)
    sequence = []
    for each in events(line):
        line.deliver(each)
        sequence.append(each)
    line.spent()

    for each in sequence:
        line.deliver(each)

    assert line.spent()["Lookup"] == 0


def test_an_answer_that_is_given_again_later_and_redelivered_changes_nothing(flows: Path) -> None:
    line = Line.in_memory(flows)
    sequence = events(line)
    for _ in range(3):
        line.deliver(next(sequence))
    (question,) = line.systems.questions.values()
    first, later = (
        Answer(FOUND, {"name": "Ada"}).event(question, f"2026-09-21T12:00:04.{millis}Z")
        for millis in ("000000", "161324")
    )
    line.deliver(first)
    obeyed = list(line.telnyx.obeyed)

    again = [line.deliver(later) for _ in range(2)]

    assert first.id == later.id
    assert [each.duplicate for each in again] == [False, True]
    assert line.telnyx.obeyed == obeyed


def test_a_question_is_not_asked_where_the_wait_for_its_answer_was_refused(flows: Path) -> None:
    line = Line.in_memory(flows)
    sequence = events(line)
    line.deliver(next(sequence))
    line.deliver(next(sequence))
    keyed = next(sequence)
    line.telnyx.refuses["gather"] = REFUSED

    handled = [line.deliver(keyed) for _ in range(2)]

    assert line.systems.asked == []
    assert handled[0].call.step == "bye"


@pytest.mark.parametrize("late", [False, True])
def test_a_question_that_lambda_gives_up_leads_its_caller_on_all_the_same(flows: Path, *, late: bool) -> None:
    """Throttled, or its function crashed: Lambda keeps nothing of it, and the timer that Telnyx holds ends the wait."""
    line = Line.in_memory(flows)
    sequence = events(line)
    for _ in range(3):
        line.deliver(next(sequence))
    (question,) = line.systems.questions.values()
    timer = next(command for _, command in reversed(line.telnyx.obeyed) if command.action == "gather")
    over = {"gather_id": timer.parameters["gather_id"], "status": "timeout", "client_state": line.telnyx.client_state}
    seconds = 3 + int(str(timer.parameters["timeout_millis"])) // 1_000

    ended = line.deliver(event("call.gather.ended", seconds, **over))
    obeyed = list(line.telnyx.obeyed)
    if late:
        line.deliver(Answer(FOUND, {"name": "Ada"}).event(question, "2026-09-21T15:00:00.000000Z"))

    assert (ended.call.step, ended.reason) == ("bye", "no answer within 5 s")
    assert obeyed[-1][1].action == "hangup"
    assert line.telnyx.obeyed == obeyed
    assert len(line.systems.asked) == 1
