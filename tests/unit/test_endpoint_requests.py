"""Requests of any shape at the webhook's address, and logs and metrics that fail: there is always an answer."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Measure, Observer
from tests.function_output import Output, follow_stdout
from tests.integration.deliveries import Signer, body
from webhook.endpoint import Endpoint

SIGNER = Signer()
NOW = time.time()
SIGNED = SIGNER.request(body("call.initiated", direction="incoming", state="parked"))

TEXTS = st.text(st.characters(), max_size=20)  # half surrogate pairs among them
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.dictionaries(
    st.sampled_from(["telnyx-timestamp", "Telnyx-Signature-Ed25519", "x"]) | TEXTS, VALUES, max_size=4
)
REQUESTS = VALUES | st.fixed_dictionaries(
    {}, optional={"headers": HEADERS | VALUES, "body": VALUES, "isBase64Encoded": VALUES, "version": VALUES}
)


class Untouched:
    """Where only signed events come."""

    def handle(self, event: object, deadline: float) -> None:
        raise AssertionError(event, deadline)


class Mute(Observer):
    """A log and metrics of which some fail, as where the disk is full."""

    def __init__(self, *, log: bool, measure: bool) -> None:
        super().__init__("webhook")
        self._fails = (log, measure)

    def log(self, level: Any, message: str, fields: Mapping[str, Any], **more: Any) -> None:  # noqa: ANN401 -- passed on
        if self._fails[0]:
            raise OSError("no space left on device")
        super().log(level, message, fields, **more)

    def measure(self, *measures: Measure) -> None:
        if self._fails[1]:
            raise ValueError("measured twice")
        super().measure(*measures)


def endpoint(observer: Observer | None = None) -> Endpoint:
    verifier = Verifier.from_text(SIGNER.public_key)
    follow_stdout("webhook")
    return Endpoint(verifier, Untouched(), observer or Observer("webhook"), lambda: NOW)  # type: ignore[arg-type]


def answered(request: Any, observer: Observer | None = None) -> int:  # noqa: ANN401 -- that is the point
    response = endpoint(observer).respond(request)
    assert set(response) == {"statusCode", "headers", "body"}
    json.dumps(response)
    return int(response["statusCode"])


@given(request=REQUESTS)
def test_a_request_of_any_shape_is_an_unsigned_webhook(request: Any) -> None:  # noqa: ANN401 -- that is the point
    assert answered(request) == 401


@given(
    key=st.sampled_from(["headers", "body", "isBase64Encoded"]),
    value=VALUES.filter(lambda each: each != SIGNED["body"]),
)
def test_a_signed_request_with_another_value_in_it_has_an_answer(key: str, value: Any) -> None:  # noqa: ANN401 -- that is the point
    expected = (
        {401, 500} if key == "isBase64Encoded" else {401}
    )  # 500: it is signed all the same, and comes to Untouched

    assert answered(SIGNED | {key: value}) in expected


@pytest.mark.parametrize(
    "headers",
    [None, [], ["telnyx-timestamp: 1"], "telnyx-timestamp: 1", 5, True, {"telnyx-timestamp": ["1"]}, {"x": {"y": 1}}],
)
def test_headers_that_are_no_object_are_those_of_an_unsigned_webhook(
    headers: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answered({"body": "{}", "headers": headers}) == 401
    assert '"SignatureFailures":[1.0]' in capsys.readouterr().out


def test_a_flood_of_forged_webhooks_is_counted_to_the_last_hundred_and_logged_as_a_sample(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flooded, now = endpoint(), [NOW]
    flooded = replace(flooded, now_seconds=lambda: now[0])

    answers = {flooded.respond({"body": "{}"})["statusCode"] for _ in range(2_000)}
    first = Output.read(capsys.readouterr().out)
    now[0] += 60
    for _ in range(3):
        flooded.respond({"body": "{}"})
    second = Output.read(capsys.readouterr().out)

    assert answers == {401}
    assert first.counted()["SignatureFailures"] == first.counted()["Webhooks"] == 2_000
    assert len(first.lines) == 10 + 20, "ten one by one, then one a hundred"
    assert [line.get("stands_for", 1) for line in first.lines[:12]] == [1] * 10 + [90, 100]
    assert len(second.lines) == second.counted()["SignatureFailures"] == 3, "a new minute shows the first of them again"


@pytest.mark.parametrize("request_", [None, [], "POST", 5, {}])
def test_a_request_that_is_no_object_is_an_unsigned_webhook(request_: object) -> None:
    assert answered(request_) == 401


@pytest.mark.parametrize("encoded", ["true", "false", 0, 1, None, "", []])
def test_only_true_says_that_a_body_is_base64(encoded: object) -> None:
    text = answered(SIGNED | {"isBase64Encoded": encoded})
    as_base64 = {"body": base64.b64encode(SIGNED["body"].encode()).decode(), "isBase64Encoded": encoded}

    assert (text, answered(SIGNED | as_base64)) == (500, 401)


@given(reported=VALUES)
def test_an_internal_event_of_any_shape_has_an_answer(reported: Any) -> None:  # noqa: ANN401 -- that is the point
    assert endpoint().handle_internal_event(reported)["statusCode"] in {400, 500}


@pytest.mark.parametrize(("log", "measure"), [(True, False), (False, True), (True, True)])
def test_a_report_that_fails_changes_no_answer_and_is_not_silent(
    capsys: pytest.CaptureFixture[str], *, log: bool, measure: bool
) -> None:
    assert answered({}, Mute(log=log, measure=measure)) == 401

    written = capsys.readouterr()
    assert ("no space left on device" in written.err) == log
    assert ("measured twice" in written.err) == measure
    assert ('"SignatureFailures":[1.0]' in written.out) == (not measure)


def test_a_report_that_fails_where_even_that_cannot_be_said_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, _: str) -> int:
            raise ValueError("I/O operation on closed file")

    monkeypatch.setattr("sys.stderr", Closed())

    assert answered({}, Mute(log=True, measure=True)) == 401
