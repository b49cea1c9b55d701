"""boto3's clients as the functions use them: in time where somebody waits, and with plain values."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx

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


def test_requests_one_after_another_share_a_thread(dynamodb: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch) -> None:
    del dynamodb
    with ThreadPoolExecutor(64, thread_name_prefix="shared") as pool:
        monkeypatch.setattr(aws_clients, "threads", lambda: pool)
        client = opened()

        for _ in range(20):
            with request_until(time.monotonic() + BUSY_SECONDS, "BatchGetItem"):
                client.batch_get_item(RequestItems=READ)

        begun = sum(each.name.startswith("shared") for each in threading.enumerate())
    assert begun < 10  # mostly one: the next request may come before a thread has put its answer aside


def test_a_request_that_finds_all_threads_hanging_ends_in_time_and_is_never_sent(
    dynamodb: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(aws_clients, "threads", lambda: pool)
        pool.submit(released.wait)
        client = opened()
        began = time.monotonic()

        with pytest.raises(ReadTimeoutError), request_until(began + 0.2, "BatchGetItem"):
            client.batch_get_item(RequestItems=READ)

        assert time.monotonic() - began < 0.2 + BUSY_SECONDS
        released.set()
    assert dynamodb.requests == []


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
