"""What is printed of calls while they go on, and what waits for what."""

import io
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from dialtone.adapters.calls_table import CallsTable
from infra.carrier import Application, Caller, Carrier
from infra.local.call_names import CallNames
from infra.local.narrator import Narrator
from infra.output.terminal import Console
from tests.carrier.desk import CALLER, CONNECTION, NUMBER, URL

NOWHERE = "http://127.0.0.1:9"


def _table_nobody_serves() -> CallsTable:
    client = boto3.client(
        "dynamodb",
        endpoint_url=NOWHERE,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return CallsTable(client, "calls")


def _ring(carrier: Carrier, narrator: Narrator) -> None:
    carrier.add_application(Application(CONNECTION, URL), [NUMBER])
    carrier.observe(narrator.tell)
    carrier.call(CALLER, NUMBER, Caller(gives_up_after=1))
    carrier.run()


def _ring_until_ctrl_c(carrier: Carrier, narrator: Narrator) -> None:
    with narrator:
        _ring(carrier, narrator)
        raise KeyboardInterrupt


def _ring_to_the_end(carrier: Carrier, narrator: Narrator) -> None:
    with narrator:
        _ring(carrier, narrator)


def test_the_carrier_does_not_wait_for_what_is_reported_it_and_ctrl_c_neither() -> None:
    reading = threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            reading.wait()  # as long as a table that is gone is asked again and again
            return super().write(text)

    carrier = Carrier(lambda _request, _seconds: 200)

    with pytest.raises(KeyboardInterrupt):
        _ring_until_ctrl_c(carrier, Narrator(Console(Slow()), _table_nobody_serves()))

    assert carrier.quiet
    reading.set()


def test_what_goes_wrong_with_telling_is_not_swallowed() -> None:
    carrier = Carrier(lambda _request, _seconds: 200)

    with pytest.raises(EndpointConnectionError):
        _ring_to_the_end(carrier, Narrator(Console(io.StringIO()), _table_nobody_serves()))


def test_calls_that_overlap_are_distinguished() -> None:
    carrier = Carrier(lambda _request, _seconds: 200)
    carrier.add_application(Application(CONNECTION, URL), [NUMBER])
    out = io.StringIO()
    narrator = Narrator(Console(out), _table_nobody_serves(), names=CallNames())

    with narrator:
        carrier.observe(narrator.tell)
        with carrier.acting():
            carrier.call(CALLER, NUMBER, Caller(gives_up_after=1))
            carrier.call("+15550142", NUMBER, Caller(gives_up_after=1))
            carrier.run(until=0.01)

    lines = out.getvalue().splitlines()
    assert ["call 1" in lines[0], "call 2" in lines[1]] == [True, True], lines
