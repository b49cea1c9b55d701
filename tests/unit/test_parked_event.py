"""Parked events: named by their call and id, whatever the body, and without what callers keyed in."""

import json

import pytest

from dialtone.domain.parked_event import ParkedEvent
from tests.integration.deliveries import CARD, SESSION, SIGNED_URL, body

AT = "2026-09-21T12:00:00+00:00"


def parked(body: bytes, headers: dict[str, str] | None = None) -> ParkedEvent:
    return ParkedEvent.of(body, headers or {}, "KeyError", AT)


def test_an_event_without_digits_is_kept_letter_for_letter() -> None:
    whole = b"\n" + body("call.recording.saved", recording_urls={"mp3": SIGNED_URL}).replace(b"+1555", b"\\u002b1555")

    event = parked(whole, {"telnyx-timestamp": "1", "telnyx-signature-ed25519": "s", "x-forwarded-for": "192.0.2.1"})

    assert event.body.encode() == whole
    assert event.headers == {"telnyx-timestamp": "1", "telnyx-signature-ed25519": "s"}
    assert (event.call_session_id, event.attempt, event.parked_at) == (SESSION, 1, AT)
    assert ParkedEvent.from_json(event.to_json()) == event


@pytest.mark.parametrize(
    "payload",
    [{"digits": CARD}, {"digit": "4", "digits": CARD}, {"more": [{"digits": CARD}]}, {"digits": int(CARD)}],
)
def test_digits_are_masked_wherever_they_stand(payload: dict[str, object]) -> None:
    event = parked(body("call.gather.ended", **payload))

    assert CARD not in event.to_json()
    assert json.loads(event.body)["data"]["payload"].keys() >= payload.keys()


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"data": {"id": "e-1", "payload": {}}}, "no-call/e-1"),
        ({"data": {"id": "e-1", "payload": {"call_session_id": "../x y"}}}, None),
        ({"data": {"id": "x" * 300, "payload": 7}, "meta": 7}, None),
        ({"data": 7, "meta": {"attempt": True}}, None),
        ([1], None),
    ],
)
def test_an_event_of_any_form_has_a_name_that_is_its_own(document: object, named: str | None) -> None:
    whole = json.dumps(document).encode()

    event = parked(whole)

    assert (event.name, event.attempt) == (parked(whole).name, 0)
    assert named in {None, event.name}
    assert len(event.name) < 300
    assert event.name.count("/") == 1
    assert all(part.isascii() and " " not in part for part in event.name.split("/"))


def test_two_events_that_have_no_id_do_not_replace_each_other() -> None:
    assert parked(b'{"data": 1}').name != parked(b'{"data": 2}').name
