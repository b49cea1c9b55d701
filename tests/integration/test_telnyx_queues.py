"""What Telnyx says of queues, over the SDK, and what becomes of answers that say nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from dialtone.adapters.telnyx_api import QueueInfo, TelnyxApi
from dialtone.domain.queues import QueueAnswer, QueueQuestion
from infra.carrier.wire import Request
from tests.carrier.desk import Desk
from webhook.queue_answers import QueueAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

PLACE = QueueQuestion(("support line",), "v3:call", average=True)


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
    asked = QueueQuestion(("sales", "support line"))
    assert QueueAnswers(telnyx).ask(asked, deadline) == QueueAnswer("support line")
    assert QueueAnswers(telnyx).ask(QueueQuestion(("sales",)), deadline) == QueueAnswer()


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
    said = QueueAnswers(over(lambda _: answer)).ask(PLACE, time.monotonic() + 0.4)

    assert said.position == 0


def test_a_place_without_an_average_is_a_place() -> None:
    def answer(asked: httpx.Request) -> tuple[int, Mapping[str, Any]]:
        return (200, {"data": {"queue_position": 3}}) if "/calls/" in str(asked.url) else (404, {})

    assert QueueAnswers(over(answer)).ask(PLACE, time.monotonic() + 5) == QueueAnswer("support line", 3)
