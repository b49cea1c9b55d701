"""What Telnyx says of queues, over the SDK, and what becomes of answers that say nothing."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from dialtone.adapters.calls_table import CallsTable, ClaimLost
from dialtone.adapters.telnyx_api import QueueInfo, TelnyxApi
from dialtone.domain.calls import Call
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision
from dialtone.domain.queues import CALLBACK_SECONDS, Callback, QueueAnswer, QueueQuestion
from infra.carrier.wire import Request
from infra.flowkit.memory_table import MemoryTable
from tests.carrier.desk import Desk
from tests.integration.deliveries import event
from tests.integration.dependencies import Line
from webhook.queue_answers import QueueAnswers

PLACE = QueueQuestion(("support line",), "v3:call", average=True)
STORE: Any = CallsTable(MemoryTable(), "calls")  # type: ignore[arg-type] # in memory
NOW = "2026-11-20T14:00:00.000000Z"
NOW_MILLIS = 1_795_183_200_000


def over(answer: Callable[[httpx.Request], tuple[int, Mapping[str, Any]]]) -> TelnyxApi:
    return TelnyxApi("KEY-simulated-carrier", "https://telnyx.invalid/v2").over(answer)


def at_the_carrier(desk: Desk) -> TelnyxApi:
    def answer(asked: httpx.Request) -> tuple[int, Mapping[str, Any]]:
        path = asked.url.raw_path.decode().removeprefix("/v2").partition("?")[0]
        headers = {name.lower(): value for name, value in asked.headers.items()}
        response = desk.carrier.handle(Request(asked.method, f"/v2{path}", {}, headers, asked.content))
        return response.status, response.json()

    return over(answer)


def test_the_place_and_the_size_are_those_of_the_queue() -> None:
    desk = Desk()
    first, second = desk.answered_call(), desk.answered_call()
    for call in (first, second):
        desk.obeyed(call, "enqueue", queue_name="support line")
    telnyx = at_the_carrier(desk)

    assert telnyx.queue_position("support line", second) == 2
    assert telnyx.find_queue("support line") == QueueInfo(2, 0)
    assert (telnyx.queue_position("support line", "v3:other"), telnyx.find_queue("sales")) == (0, None)
    deadline = time.monotonic() + 10
    asked = QueueQuestion(("sales", "support line"), asked_at=NOW)
    assert QueueAnswers(telnyx, STORE).ask(asked, deadline) == QueueAnswer("support line")
    assert QueueAnswers(telnyx, STORE).ask(QueueQuestion(("sales",), asked_at=NOW), deadline) == QueueAnswer()


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}),
        (401, {}),
        (500, {}),
        (200, {}),
        (200, {"data": []}),
        (200, {"data": {"queue_position": "2"}}),
        (200, {"data": {"queue_position": True}}),
        (200, {"data": {"queue_position": -1}}),
    ],
    ids=str,
)
def test_an_answer_that_says_nothing_is_no_error(answer: tuple[int, Mapping[str, Any]]) -> None:
    said = QueueAnswers(over(lambda _: answer), STORE).ask(PLACE, time.monotonic() + 0.4)

    assert said.position == 0


def test_a_place_without_an_average_is_a_place() -> None:
    def answer(asked: httpx.Request) -> tuple[int, Mapping[str, Any]]:
        return (200, {"data": {"queue_position": 3}}) if "/calls/" in str(asked.url) else (404, {})

    assert QueueAnswers(over(answer), STORE).ask(PLACE, time.monotonic() + 5) == QueueAnswer("support line", 3)


# Places that are kept


def kept(leg: str, since_millis: int = NOW_MILLIS) -> Callback:
    return Callback("support", "session", leg, since_millis)


def commit(
    store: CallsTable, number: int, *, promised: Callback | None = None, claimed: Callback | None = None
) -> None:
    happened = event("call.dequeued", number)
    call = Call(happened.call_session_id, happened.call_leg_id)
    store.commit(happened, call, Decision(call, promised=promised, claimed=claimed), at_seconds=0)


@pytest.fixture(params=["in memory", "by moto"])
def store(request: pytest.FixtureRequest) -> CallsTable:
    if request.param == "in memory":
        return CallsTable(MemoryTable(), "calls")  # type: ignore[arg-type] # in memory
    line: Line = request.getfixturevalue("line")
    return line.store


def test_a_place_is_kept_and_claimed_once(store: CallsTable) -> None:
    commit(store, 1, promised=kept("late", NOW_MILLIS + 5))
    commit(store, 2, promised=kept("early"))
    assert store.callbacks("support") == (kept("early"), kept("late", NOW_MILLIS + 5))

    commit(store, 3, claimed=kept("early"))

    with pytest.raises(ClaimLost):
        commit(store, 4, claimed=kept("early"))
    assert store.callbacks("support") == (kept("late", NOW_MILLIS + 5),)
    assert store.callbacks("sales") == ()


def test_who_has_waited_longest_is_the_first_on_the_line_or_not() -> None:
    table = CallsTable(MemoryTable(), "calls")  # type: ignore[arg-type] # in memory
    leg = Call("session", "early", from_number="+15550142", to_number="+15550100")
    reported = event("call.dequeued", 1)
    table.commit(reported, Call("session", "early"), Decision(leg, promised=kept("early")), at_seconds=0)
    commit(table, 2, promised=kept("erased", NOW_MILLIS - 1))
    commit(table, 3, promised=kept("old", NOW_MILLIS - CALLBACK_SECONDS * 1_000))
    asked = QueueQuestion(("sales", "support"), asked_at=NOW)

    def waits_since(moment: str) -> Callable[[httpx.Request], tuple[int, Mapping[str, Any]]]:
        listed = {"data": [{"queue_position": 1, "enqueued_at": moment}]}
        return lambda request: (200, listed) if "support" in str(request.url) else (404, {})

    earlier = QueueAnswers(over(waits_since("2026-11-20T13:59:59Z")), table).ask(asked, time.monotonic() + 10)
    later = QueueAnswers(over(waits_since("2026-11-20T14:00:01Z")), table).ask(asked, time.monotonic() + 10)

    assert earlier == QueueAnswer("support")
    assert later == QueueAnswer("support", callback=kept("early"), number="+15550142", shown="+15550100")


def test_commands_to_a_conference_go_where_it_is_and_name_the_call_that_they_are_about() -> None:
    desk = Desk()
    first, second = desk.answered_call(), desk.answered_call()
    telnyx, deadline = at_the_carrier(desk), time.monotonic() + 10

    def send(action: str, call: str, key: str, **given: object) -> tuple[str, int, str]:
        outcome = telnyx.send(command(action, call, **given), key, deadline)
        return outcome.kind, outcome.status, outcome.code

    assert send("conference_join", first, "a", conference="board room") == ("refused", 404, "10005")
    assert telnyx.conference_status("board room") == ""
    assert send("conference_create", first, "b", name="board room", start_conference_on_create=False)[0] == "accepted"
    assert send("conference_create", second, "c", name="board room") == ("refused", 422, "90033")
    assert QueueAnswers(telnyx, STORE).ask(QueueQuestion((), conference="board room"), deadline) == QueueAnswer(
        conference_status="init"
    )
    assert (
        send("conference_join", second, "d", conference="board room", start_conference_on_enter=True)[0] == "accepted"
    )
    assert telnyx.conference_status("board room") == "in_progress"
    for action in ("conference_mute", "conference_unmute"):
        assert send(action, first, "e", conference="board room", call_control_ids=[first])[0] == "accepted"
    assert send("conference_speak", first, "f", conference="board room", payload="Hi", voice="female")[0] == "accepted"
    assert send("conference_leave", second, "g", conference="board room")[0] == "accepted"
    assert send("conference_end", first, "h", conference="board room")[0] == "accepted"
    assert send("conference_join", second, "i", conference="board room")[1] == 404
