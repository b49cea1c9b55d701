"""The failover at its URL, with a real HTTP server for Telnyx: what it answers, how soon, and what it writes."""

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Observer
from dialtone.domain.client_state import ClientState
from dialtone.domain.failover import FailoverState
from failover.api_key import ApiKey
from failover.decision import Sentence
from failover.endpoint import Endpoint
from failover.telnyx_client import TelnyxClient
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import CALLED, CALLER, CONTROL, Signer, body, request
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx, error
from tests.webhook_types import WEBHOOK_TYPES

SENTENCE = Sentence("We are sorry.", "en-US", "AWS.Polly.Joanna-Neural", "+15550199")
TELNYX_WAITS_SECONDS = 2.0
SIGNER = Signer()
KEY = "KEY0123456789"

NEW = body("call.initiated", direction="incoming", state="parked")
ANSWERED = body("call.answered", client_state=FailoverState("answered").encode())
IN_PROGRESS = body(
    "call.gather.ended", status="timeout", client_state=ClientState(turn=2, flow="main-menu", decision=3).encode()
)


class Door:
    """The endpoint, and what it writes."""

    def __init__(self, url: str, key: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        verifier = Verifier.from_text(SIGNER.public_key)
        self.endpoint = Endpoint(verifier, SENTENCE, ApiKey(key), TelnyxClient(url), Observer("failover"))

    def take(self, asked: object) -> tuple[int, Output]:
        """Give the answer and what was written about it."""
        follow_stdout("failover")
        answer = self.endpoint.respond(asked)
        written = self._capsys.readouterr()
        assert written.err == ""
        return int(answer["statusCode"]), Output.read(written.out)

    def signed(self, whole: bytes) -> tuple[int, Output]:
        """The same of a webhook that Telnyx has signed."""
        return self.take(SIGNER.request(whole, as_base64=True))


@pytest.fixture
def telnyx() -> Iterator[ScriptedTelnyx]:
    with ScriptedTelnyx() as server:
        yield server


@pytest.fixture
def door(telnyx: ScriptedTelnyx, capsys: pytest.CaptureFixture[str]) -> Door:
    return Door(telnyx.url, lambda: KEY, capsys)


def sent(telnyx: ScriptedTelnyx) -> list[str]:
    return [each.path.rpartition("/")[2] for each in telnyx.requests if each.method == "POST"]


def leg(state: str | None, *, alive: bool = True) -> Answer:
    return Answer(body=json.dumps({"data": {"is_alive": alive, "client_state": state}}).encode())


def test_a_new_call_is_answered_with_the_key_and_an_id(door: Door, telnyx: ScriptedTelnyx) -> None:
    status, output = door.signed(NEW)

    [asked] = telnyx.requests
    assert status == 200
    assert asked.path == f"/v2/calls/{CONTROL}/actions/answer"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert isinstance(asked.json, dict)
    assert asked.json["command_id"]
    assert output.line["level"] == "WARNING"
    assert [*output.measured().values()] == [1]
    assert not [each for each in (CALLER, CALLED, KEY) if each in output.text]


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"headers": None, "body": None},
        {"headers": {"telnyx-timestamp": 7}, "body": {"a": 1}},
        {"headers": {}, "body": "\ud800"},
        {"headers": {}, "body": "x", "isBase64Encoded": True},
        {"headers": {}, "body": "x" * 6_000_000},
        request(NEW, SIGNER.headers(b"another body")),
        request(NEW, Signer().headers(NEW)),
        SIGNER.request(NEW, str(int(time.time()) - 400)),
    ],
)
def test_what_telnyx_has_not_signed_is_refused_and_nothing_is_asked(
    door: Door, telnyx: ScriptedTelnyx, asked: object
) -> None:
    status, output = door.take(asked)

    assert status == 401
    assert telnyx.requests == []
    assert output.measured() == {}, "forging rings no alarm that says that we are down"


def test_of_a_flood_that_telnyx_has_not_signed_a_sample_is_logged(door: Door, telnyx: ScriptedTelnyx) -> None:
    door.endpoint.now_seconds = lambda: 1_800_000_000.0
    lines = [line for _ in range(300) for line in door.take({"body": "{}"})[1].lines]

    assert sum(line.get("stands_for", 1) for line in lines) == 300
    assert len(lines) == 10 + 3
    assert telnyx.requests == []


@pytest.mark.parametrize(
    "whole", [b"", b"null", b"[1]", b'{"data": []}', b"\xff\xfe", b"[" * 200_000, b'{"event_type": "call_initiated"}']
)
def test_what_is_signed_and_no_event_is_malformed(door: Door, telnyx: ScriptedTelnyx, whole: bytes) -> None:
    status, _ = door.signed(whole)

    assert status == 400
    assert telnyx.requests == []


def test_what_is_left_to_the_webhook_function_is_answered_503_and_is_no_fault(
    door: Door, telnyx: ScriptedTelnyx
) -> None:
    """So that Telnyx delivers it again, or lists it as failed: a sweep reads it back then."""
    status, output = door.signed(body("call.hangup", hangup_cause="normal_clearing"))

    assert (status, telnyx.requests) == (503, [])
    assert output.line["level"] == "INFO"
    assert [name for name, _ in output.counted().items()] == ["FailoverWebhooks"]


def test_a_huge_event_is_read(door: Door, telnyx: ScriptedTelnyx) -> None:
    status, _ = door.signed(body("call.initiated", direction="incoming", more="x" * 5_000_000))

    assert status == 200
    assert sent(telnyx) == ["answer"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=6,
)


@given(
    event_type=st.sampled_from(sorted(WEBHOOK_TYPES)),
    fields=st.dictionaries(st.sampled_from(["call_control_id", "client_state", "direction", "status"]), JSON),
    flips=st.integers(0, 3),
    seed=st.integers(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_signed_garbage_is_never_a_traceback(
    door: Door, event_type: str, fields: dict[str, Any], flips: int, seed: int
) -> None:
    whole, chance = bytearray(body(event_type, **fields)), random.Random(seed)
    for _ in range(flips):
        whole[chance.randrange(len(whole))] = chance.randrange(256)

    status, output = door.signed(bytes(whole))

    assert status in {200, 400}
    assert "Traceback" not in output.text


SLOW = {
    "silent": Answer(silent=True),
    "dripping its head": Answer(drips="head"),
    "dripping its body": Answer(drips="body"),
    "answering 500": Answer(500, b"no"),
    "throttling": Answer(429, b"{}"),
    "redirecting": Answer(302, b"", {"location": "http://127.0.0.1:1/"}),
    "cutting the connection": Answer(cut=True),
}


@pytest.mark.parametrize("how", SLOW)
@pytest.mark.parametrize("whole", [NEW, IN_PROGRESS])
def test_a_telnyx_that_fails_is_answered_503_in_time(
    door: Door, telnyx: ScriptedTelnyx, how: str, whole: bytes
) -> None:
    telnyx.answering = lambda _: SLOW[how]
    began = time.monotonic()

    status, output = door.signed(whole)

    assert status == 503
    assert time.monotonic() - began < TELNYX_WAITS_SECONDS
    assert "FailoverFaults" in {name for name, *_ in output.measured()}


@pytest.mark.parametrize("how", ["silent", "answering 500", "throttling", "cutting the connection"])
def test_a_command_whose_answer_is_lost_is_sent_once_more_under_its_id(
    door: Door, telnyx: ScriptedTelnyx, how: str
) -> None:
    telnyx.answers.append(SLOW[how])

    status, _ = door.signed(NEW)

    assert status == 200
    assert sent(telnyx) == ["answer", "answer"]
    assert telnyx.requests[0].json == telnyx.requests[1].json


def test_the_sentence_is_said_where_telnyx_does_not_say_what_the_leg_is(door: Door, telnyx: ScriptedTelnyx) -> None:
    telnyx.answers.append(Answer(503, b""))

    status, _ = door.signed(IN_PROGRESS)

    assert status == 200
    assert sent(telnyx) == ["speak"]


@pytest.mark.parametrize(
    "found", [leg(FailoverState("spoken").encode()), leg(FailoverState("ended").encode()), leg(None, alive=False)]
)
@pytest.mark.parametrize("whole", [IN_PROGRESS, ANSWERED])
def test_what_telnyx_forgets_after_a_minute_the_leg_remembers(
    door: Door, telnyx: ScriptedTelnyx, found: Answer, whole: bytes
) -> None:
    """A webhook that is delivered again, or replayed, later than Telnyx remembers a command's id."""
    telnyx.answers.append(found)

    status, _ = door.signed(whole)

    assert status == 200
    assert sent(telnyx) == []


def test_a_voice_that_telnyx_refuses_leads_to_the_transfer_and_a_number_to_the_hang_up(
    door: Door, telnyx: ScriptedTelnyx
) -> None:
    telnyx.answers.extend([leg(None), error(422, "90012"), error(422, "10016")])

    status, _ = door.signed(IN_PROGRESS)

    assert status == 200
    assert sent(telnyx) == ["speak", "transfer", "hangup"]


def test_a_destination_that_the_account_may_not_ring_leads_to_the_hang_up(door: Door, telnyx: ScriptedTelnyx) -> None:
    telnyx.answers.extend([leg(None), error(403, "10010")])

    status, _ = door.signed(body("call.speak.ended", client_state=FailoverState("spoken", 0, "+1900").encode()))

    assert status == 200
    assert sent(telnyx) == ["transfer", "hangup"]


def test_a_call_that_has_ended_is_let_be(door: Door, telnyx: ScriptedTelnyx) -> None:
    telnyx.answers.extend([leg(None), error(422, "90018")])

    status, _ = door.signed(IN_PROGRESS)

    assert status == 200
    assert sent(telnyx) == ["speak"]


def test_a_key_that_telnyx_refuses_is_fetched_again(telnyx: ScriptedTelnyx, capsys: pytest.CaptureFixture[str]) -> None:
    keys = iter(["old", "new"])
    door = Door(telnyx.url, lambda: next(keys), capsys)
    telnyx.answers.append(error(401, "10009"))

    first, _ = door.signed(NEW)
    second, _ = door.signed(NEW)

    assert (first, second) == (503, 200)
    assert [each.headers["authorization"] for each in telnyx.requests] == ["Bearer old", "Bearer new"]


def test_without_a_key_telnyx_is_asked_to_deliver_again(
    telnyx: ScriptedTelnyx, capsys: pytest.CaptureFixture[str]
) -> None:
    def down() -> str:
        raise ConnectionError("Secrets Manager is down")

    status, output = Door(telnyx.url, down, capsys).signed(NEW)

    assert status == 503
    assert output.line["unavailable"] == "API key"
    assert telnyx.requests == []


@pytest.mark.parametrize("text", ["", "  ", "{}", "{", '{"api_key": 7}', '{"api_key": ""}', "a\nb", "ключ"])
def test_a_secret_that_holds_no_key_is_none(
    telnyx: ScriptedTelnyx, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    status, output = Door(telnyx.url, lambda: text, capsys).signed(NEW)

    assert status == 503
    assert output.line["unavailable"] == "API key"


def test_a_secrets_manager_that_hangs_does_not_hold_the_answer_up(
    telnyx: ScriptedTelnyx, capsys: pytest.CaptureFixture[str]
) -> None:
    def hang() -> str:
        time.sleep(TELNYX_WAITS_SECONDS + 0.5)
        return KEY

    door, began = Door(telnyx.url, hang, capsys), time.monotonic()

    status, _ = door.signed(NEW)

    assert status == 503
    assert time.monotonic() - began < TELNYX_WAITS_SECONDS
    door.endpoint.threads.shutdown()


def test_a_line_that_cannot_be_written_changes_no_answer(
    door: Door, telnyx: ScriptedTelnyx, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(door.endpoint.observer, "log", fail)

    assert door.endpoint.respond(SIGNER.request(NEW))["statusCode"] == 200
    assert sent(telnyx) == ["answer"]


def test_an_old_key_is_used_on_while_secrets_manager_fails() -> None:
    now, texts = [0.0], iter([KEY])
    key = ApiKey(lambda: next(texts), clock=lambda: now[0])

    assert key() == KEY
    now[0] = 1_000.0
    assert key() == KEY
