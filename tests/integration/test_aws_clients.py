"""boto3's clients as the functions use them: in time where somebody waits, and with plain values."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from dialtone.adapters import aws_clients
from dialtone.adapters.aws_clients import DeadlineClient, budget, session
from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.domain.deadline import DeadlinePassed, request_until
from tests.integration.scripted_telnyx import Answer, Request, ScriptedTelnyx

READ = {"calls": {"Keys": [{"item": {"S": "a"}}]}}
FOUND = Answer(200, json.dumps({"Responses": {"calls": []}}).encode(), {"content-type": "application/x-amz-json-1.0"})
THROTTLED = Answer(400, json.dumps({"__type": "com.amazonaws#ThrottlingException", "message": "slow down"}).encode())
BUSY_SECONDS = 4.0
"""For a busy machine. What is held to it would go on for as long as the test lets it."""


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as scripted:
        scripted.answering = lambda _: FOUND
        for name, value in {
            "AWS_ENDPOINT_URL": scripted.url.removesuffix("/v2"),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }.items():
            monkeypatch.setenv(name, value)
        yield scripted


def opened(attempts: int = 2) -> Any:  # noqa: ANN401 -- boto3's own
    client = DeadlineClient("dynamodb", budget(connect_seconds=0.5, read_seconds=30.0, attempts=attempts))
    client.open()
    return client


@pytest.mark.parametrize("trouble", [Answer(silent=True), Answer(drips="head"), Answer(drips="body")])
def test_whatever_dynamodb_does_the_caller_goes_on_at_the_deadline(dynamodb: ScriptedTelnyx, trouble: Answer) -> None:
    dynamodb.answering = lambda _: trouble
    client = opened()
    began = time.monotonic()

    with pytest.raises(ReadTimeoutError, match="batch_get_item"), request_until(began + 0.3, "BatchGetItem"):
        client.batch_get_item(RequestItems=READ)

    assert time.monotonic() - began < 0.3 + BUSY_SECONDS


def test_no_try_begins_after_the_deadline(dynamodb: ScriptedTelnyx) -> None:
    def throttled(_: object) -> Answer:
        time.sleep(0.3)
        return THROTTLED

    dynamodb.answering = throttled
    client = opened(attempts=5)

    with pytest.raises((ReadTimeoutError, DeadlinePassed)), request_until(time.monotonic() + 0.2, "BatchGetItem"):
        client.batch_get_item(RequestItems=READ)
    time.sleep(1.0)  # the thread that is not waited for would have tried again by now

    assert len(dynamodb.requests) == 1


def aws_threads() -> int:
    return sum(each.name == "aws" for each in threading.enumerate())


def test_requests_one_after_another_share_a_thread(dynamodb: ScriptedTelnyx) -> None:
    del dynamodb
    client, before = opened(), aws_threads()

    for _ in range(20):
        with request_until(time.monotonic() + BUSY_SECONDS, "BatchGetItem"):
            client.batch_get_item(RequestItems=READ)

    assert aws_threads() - before <= 1


def test_requests_at_once_have_a_thread_each_and_each_gets_its_own_answer(dynamodb: ScriptedTelnyx) -> None:
    def echo(request: Request) -> Answer:
        [asked] = json.loads(request.body)["RequestItems"]
        time.sleep(0.05)
        return Answer(200, json.dumps({"Responses": {asked: []}}).encode(), FOUND.headers)

    dynamodb.answering = echo
    client = opened()

    def ask(number: int) -> list[str]:
        with request_until(time.monotonic() + BUSY_SECONDS, "BatchGetItem"):
            return list(client.batch_get_item(RequestItems={f"table-{number}": READ["calls"]})["Responses"])

    with ThreadPoolExecutor(8) as callers:
        assert list(callers.map(ask, range(40))) == [[f"table-{number}"] for number in range(40)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_child_process_begins_threads_of_its_own(dynamodb: ScriptedTelnyx) -> None:
    del dynamodb

    def ask() -> None:
        with request_until(time.monotonic() + BUSY_SECONDS, "BatchGetItem"):
            client.batch_get_item(RequestItems=READ)

    client = opened()
    ask()
    child = os.fork()
    if not child:
        try:
            client = opened()
            ask()
        finally:
            os._exit(sys.exc_info()[0] is not None)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def the_only_thread_hangs(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let the request of the only thread hang until the event is set."""
    released = threading.Event()
    threads = aws_clients.RequestThreads(1)
    monkeypatch.setattr(aws_clients, "threads", lambda: threads)
    with pytest.raises(Empty):
        threads.answer(released.wait, 0.01)
    return released


def test_a_request_that_finds_all_threads_hanging_ends_in_time_and_is_never_sent(
    dynamodb: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = the_only_thread_hangs(monkeypatch)
    client = opened()
    began = time.monotonic()

    with pytest.raises(ReadTimeoutError), request_until(began + 0.2, "BatchGetItem"):
        client.batch_get_item(RequestItems=READ)

    assert time.monotonic() - began < 0.2 + BUSY_SECONDS
    assert dynamodb.requests == []
    released.set()


def test_a_thread_that_hung_takes_the_next_request_and_its_late_answer_goes_to_no_other(
    dynamodb: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = the_only_thread_hangs(monkeypatch)
    released.set()

    with request_until(time.monotonic() + BUSY_SECONDS, "BatchGetItem"):
        answer = opened().batch_get_item(RequestItems=READ)

    assert answer["Responses"] == {"calls": []}
    assert len(dynamodb.requests) == 1


def test_requests_say_who_sends_them(dynamodb: ScriptedTelnyx) -> None:
    opened().batch_get_item(RequestItems=READ)

    assert dynamodb.requests[0].headers["user-agent"].startswith(f"dialtone Boto3/{boto3.__version__}")


def test_a_passing_fault_is_tried_again_within_the_deadline(dynamodb: ScriptedTelnyx) -> None:
    answers = iter([THROTTLED, FOUND])
    dynamodb.answering = lambda _: next(answers)

    with request_until(time.monotonic() + BUSY_SECONDS, "BatchGetItem"):
        answer = opened().batch_get_item(RequestItems=READ)

    assert answer["Responses"] == {"calls": []}
    assert len(dynamodb.requests) == 2


def test_an_error_of_the_service_is_raised_to_who_asked(dynamodb: ScriptedTelnyx) -> None:
    refusal = {"__type": "com.amazonaws#ResourceNotFoundException", "message": "no such table"}
    dynamodb.answering = lambda _: Answer(400, json.dumps(refusal).encode())

    for deadline in (time.monotonic() + BUSY_SECONDS, float("inf")):
        with pytest.raises(ClientError, match="no such table"), request_until(deadline, "BatchGetItem"):
            opened().batch_get_item(RequestItems=READ)


def test_clients_share_one_session(dynamodb: ScriptedTelnyx) -> None:
    del dynamodb
    before = session()
    opened()

    assert session() is before


Plain = st.recursive(
    st.text() | st.integers(-(10**18), 10**18) | st.booleans() | st.none(),
    lambda each: st.lists(each) | st.dictionaries(st.text(min_size=1), each),
)


@given(item=st.dictionaries(st.text(min_size=1), Plain))
def test_an_item_comes_back_as_it_was_with_whole_numbers_as_such(item: dict[str, Any]) -> None:
    assert plain(attributes(item)) == item


def test_what_dynamodb_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        attributes({"ratio": 0.5})
    with pytest.raises(TypeError):
        attributes({"anything": object()})


def test_numbers_of_other_programs_are_read() -> None:
    assert plain({"n": {"N": "1.5"}, "e": {"N": "1E+2"}}) == {"n": 1.5, "e": 100.0}
