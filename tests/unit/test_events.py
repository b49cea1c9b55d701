"""A webhook's body: an Event, or MalformedEvent that names the place; never anything else."""

import base64
import copy
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialtone.domain.client_state import ClientState
from dialtone.domain.errors import ApiVersion1, MalformedEvent
from dialtone.domain.events import (
    MAX_ID_CHARACTERS,
    MAX_NESTING,
    MAX_TEXT_CHARACTERS,
    Event,
    mask,
    parse_event,
    recorded_payload,
)
from dialtone.domain.live_transcription import report as words_report
from dialtone.domain.payments import OF_PAYMENTS, report
from dialtone.domain.spoken_choices import report as spoken_report

SAMPLES = {file.stem: json.loads(file.read_text()) for file in sorted(Path("tests/events").glob("*.json"))}
KNOWN_SAMPLES = sorted(name for name in SAMPLES if not name.startswith("unknown-"))
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def body(document: object) -> bytes:
    return json.dumps(document).encode()


def speak_ended(**changes: object) -> dict[str, Any]:
    """A sample whose payload has these fields instead."""
    document: dict[str, Any] = copy.deepcopy(SAMPLES["call_speak_ended"])
    document["data"]["payload"] |= changes
    return document


def with_data(**changes: object) -> dict[str, Any]:
    """A sample whose data has these fields instead."""
    document: dict[str, Any] = copy.deepcopy(SAMPLES["call_speak_ended"])
    document["data"] |= changes
    return document


def without(*path: str) -> dict[str, Any]:
    """A sample in which the field at the path is missing."""
    document: dict[str, Any] = copy.deepcopy(SAMPLES["call_speak_ended"])
    around = document
    for name in path[:-1]:
        around = around[name]
    del around[path[-1]]
    return document


def place_of_fault(document: object) -> str:
    with pytest.raises(MalformedEvent) as caught:
        parse_event(document if isinstance(document, bytes) else body(document))
    assert str(caught.value) == f"{caught.value.where} {caught.value.reason}"
    return caught.value.where


# What Telnyx sends


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_is_read_as_it_was_sent(name: str) -> None:
    sent = SAMPLES[name]["data"]

    event = parse_event(body(SAMPLES[name]))

    assert (event.id, event.type) == (sent["id"], sent["event_type"])
    # Of what it shows of a card, or holds of what was said, nothing is read.
    kept = {"call.ai_gather.ended": spoken_report, "call.transcription": words_report}.get(
        event.type, report if event.type.startswith(OF_PAYMENTS) else dict
    )
    assert event.payload == kept(sent["payload"])
    assert event.call_session_id == sent["payload"]["call_session_id"]
    assert event.call_leg_id == sent["payload"]["call_leg_id"]


@pytest.mark.parametrize("name", [name for name in KNOWN_SAMPLES if not name.endswith("-with_more")])
def test_every_sample_has_only_fields_that_the_sdk_knows(name: str) -> None:
    sent = SAMPLES[name]["data"]
    called_otherwise = {"call.dequeued": "call.left_queue", "call.transcription": "transcription"}
    named = called_otherwise.get(sent["event_type"], sent["event_type"])
    module = importlib.import_module(f"telnyx.types.{named.replace('.', '_')}_webhook_event")
    name_of_model = "".join(word.capitalize() for word in named.replace("_", ".").split(".")).replace("Ai", "AI")
    model = getattr(module, f"{name_of_model}WebhookEvent")

    read = model.model_validate(SAMPLES[name])

    assert not read.data.model_extra
    assert not read.data.payload.model_extra
    assert read.data.event_type == sent["event_type"]


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse_event(b"\xef\xbb\xbf" + body(SAMPLES["call_answered"])).type == "call.answered"


def test_the_delivery_note_is_optional() -> None:
    document = copy.deepcopy(SAMPLES["call_answered"])
    del document["meta"]

    assert parse_event(body(document)) == parse_event(body(SAMPLES["call_answered"]))


def test_an_unknown_value_of_an_enumeration_is_data() -> None:
    assert parse_event(body(speak_ended(status="interrupted_by_aliens"))).text("status") == "interrupted_by_aliens"


def test_null_reads_as_absent() -> None:
    event = parse_event(body(speak_ended(status=None, client_state=None)))

    assert event.text("status") == ""
    assert event.client_state == ClientState()


def test_an_event_of_the_far_leg_concerns_the_leg_that_asked_for_it() -> None:
    far = parse_event(body(SAMPLES["call_answered-far_leg"]))
    near = parse_event(body(SAMPLES["call_bridged"]))

    assert far.about_callee
    assert not near.about_callee
    assert far.owner_leg_id == near.owner_leg_id == near.call_leg_id != far.call_leg_id


def test_an_event_that_belongs_to_no_call_has_a_place_of_its_own() -> None:
    document = with_data(event_type="number_order.complete", payload={})

    event = parse_event(body(document))

    assert event.call_session_id == f"no-session-{event.id}"
    assert event.call_leg_id == event.owner_leg_id == ""


# What nobody handles


HANDLED = frozenset({"call.answered", "call.speak.ended"})


@pytest.mark.parametrize("event_type", ["call.ai_gather.ended", "call.conversation_insights.generated", "fax.queued"])
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"result": {"name": "Ada"}, "status": 7},
        {"from": {"phone_number": "+15550100"}, "to": [{"phone_number": "+15550123"}]},
        {"call_session_id": ["s"], "call_leg_id": 7, "call_control_id": "a b", "client_state": {}},
        {"text": "half \ud800 of a pair", "client_state": "half \ud800"},
    ],
)
def test_an_event_that_nobody_handles_is_kept_as_it_came(event_type: str, payload: dict[str, object]) -> None:
    document = with_data(event_type=event_type, payload=payload)

    event = parse_event(body(document), HANDLED)

    assert (event.type, event.payload, event.ignored) == (event_type, payload, ())
    assert (event.call_session_id, event.call_leg_id) == (f"no-session-{event.id}", "")
    assert event.client_state == ClientState()
    assert json.dumps(recorded_payload(event)).isascii()


@pytest.mark.parametrize(
    ("document", "event_type", "occurred_at"),
    [
        ({"data": {"record_type": "link_clicked", "url": "https://x"}}, "link_clicked", "received"),
        ({"event": "artifact.completed", "id": "a", "data": {"type": "summary"}}, "artifact.completed", "received"),
        ({"type": "TELNYX_REVIEW", "campaignId": "c"}, "TELNYX_REVIEW", "received"),
        (
            {"event_type": "conference.floor.changed", "payload": {"occurred_at": "2026-11-20T14:03:05Z"}},
            "conference.floor.changed",
            "2026-11-20T14:03:05.000000Z",
        ),
        ({"data": {"event_type": "fax.queued", "id": [], "payload": []}}, "fax.queued", "received"),
    ],
)
def test_one_without_id_or_time_is_distinguished_from_others_all_the_same(
    document: dict[str, Any], event_type: str, occurred_at: str
) -> None:
    first = parse_event(body(document | {"meta": {"attempt": 1}}), HANDLED, 1_790_000_000)
    again = parse_event(body(document | {"meta": {"attempt": 2}}), HANDLED, 1_790_000_000)
    other = parse_event(body({**document, "data": {**document.get("data", {}), "x": 1}}), HANDLED, 1_790_000_000)

    assert first.type == event_type
    assert first.occurred_at == occurred_at.replace("received", "2026-09-21T14:13:20.000000Z")
    assert first.id == again.id
    assert document.get("id") or first.id != other.id


def test_what_is_handled_must_be_where_telnyx_puts_it() -> None:
    flat = {"event_type": "call.answered", "id": "1", "occurred_at": "2026-11-20T14:03:05Z", "payload": {}}

    with pytest.raises(MalformedEvent, match=r"^data must be an object, is missing$"):
        parse_event(body(flat), HANDLED)


@pytest.mark.parametrize("event_type", ["call_initiated", "call_answered", "message_received"])
def test_a_webhook_of_api_version_1_names_the_setting_to_change(event_type: str) -> None:
    flat = {"event_type": event_type, "id": "1", "record_type": "event", "payload": {"call_control_id": "v3:x"}}

    with pytest.raises(ApiVersion1, match='set the application\'s webhook_api_version to "2"'):
        parse_event(body(flat), HANDLED)


# When it happened


@pytest.mark.parametrize(
    ("reported", "kept"),
    [
        ("2026-11-20T14:03:05.071204Z", "2026-11-20T14:03:05.071204Z"),
        ("2026-11-20T14:03:05Z", "2026-11-20T14:03:05.000000Z"),
        ("2026-11-20T14:03:05.07Z", "2026-11-20T14:03:05.070000Z"),
        ("2026-11-20T14:03:05.071204999Z", "2026-11-20T14:03:05.071204Z"),
        ("2026-11-20 14:03:05", "2026-11-20T14:03:05.000000Z"),
        ("2026-11-20T14:03:05", "2026-11-20T14:03:05.000000Z"),
        ("2026-11-20T15:03:05+01:00", "2026-11-20T14:03:05.000000Z"),
        ("2026-11-19T22:03:05-1600", "2026-11-20T14:03:05.000000Z"),
        ("2026-11-20", "2026-11-20T00:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_are_kept_in_utc_and_in_one_width_so_that_they_sort(reported: str, kept: str) -> None:
    assert parse_event(body(with_data(occurred_at=reported))).occurred_at == kept


@pytest.mark.parametrize(
    "reported",
    [
        None,
        0,
        1_763_647_385.07,
        True,
        [],
        {},
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-11-20T25:00:00Z",
        "2026-11-20T14:03:05+99:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-11-20T14:03:05Z",
        "\ud800",
        "2026-11-20\ud80014:03:05\udfff",
    ],
)
def test_a_time_that_is_none_is_named(reported: object) -> None:
    assert place_of_fault(with_data(occurred_at=reported)) == "data.occurred_at"


@given(st.datetimes(timezones=st.timezones() | st.none()), st.datetimes(timezones=st.timezones() | st.none()))
def test_the_order_of_two_times_as_text_is_their_order_in_time(first: Any, second: Any) -> None:  # noqa: ANN401 -- datetimes with and without zones
    def kept(reported: Any) -> str | None:  # noqa: ANN401 -- as above
        try:
            return parse_event(body(with_data(occurred_at=reported.isoformat()))).occurred_at
        except MalformedEvent:
            return None  # UTC has no such year

    one, other = kept(first), kept(second)

    for moment in filter(None, (one, other)):
        assert MOMENT.fullmatch(moment)
    if one and other and first.tzinfo and second.tzinfo:
        assert (one <= other) == (first <= second)


@pytest.mark.parametrize("name", ["recording_started_at", "recording_ended_at"])
@pytest.mark.parametrize("reported", ["yesterday", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-01:00"])
def test_a_recordings_time_that_is_not_a_time_reads_as_absent(name: str, reported: str) -> None:
    document = copy.deepcopy(SAMPLES["call_recording_saved"])
    document["data"]["payload"][name] = reported

    event = parse_event(body(document))

    assert (event.time(name), event.ignored) == ("", (name,))


def test_a_recordings_times_are_given_in_utc_as_the_events_own_is() -> None:
    document = copy.deepcopy(SAMPLES["call_recording_saved"])
    document["data"]["payload"] |= {"recording_started_at": "2026-11-20T15:03:57+01:00", "recording_ended_at": None}

    event = parse_event(body(document))

    assert event.time("recording_started_at") == "2026-11-20T14:03:57.000000Z"
    assert event.time("recording_ended_at") == ""


# Garbage


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b" ",
        b"{",
        b"hello",
        b"\xff\xfe\x00garbage",
        b'{"data": "\xc3"}',
        b"\x00" * 1_000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 10_000,
    ],
)
def test_what_is_not_json_is_named_as_such(garbage: bytes) -> None:
    assert place_of_fault(garbage) == "body"


@pytest.mark.parametrize("document", [None, True, 7, 1.5, "event", [], [{"data": {}}]])
def test_json_that_is_no_object_is_no_event(document: object) -> None:
    assert place_of_fault(document) == "body"


@pytest.mark.parametrize("data", [None, False, 0, "x", []])
def test_data_that_is_no_object_is_named(data: object) -> None:
    assert place_of_fault({"data": data}) == "data"
    assert place_of_fault({}) == "data"


@pytest.mark.parametrize("payload", [None, False, 0, "x", []])
def test_a_payload_that_is_no_object_is_named(payload: object) -> None:
    assert place_of_fault(with_data(payload=payload)) == "data.payload"


@pytest.mark.parametrize("name", ["id", "event_type"])
@pytest.mark.parametrize(
    "value", [None, "", 7, True, [], {}, "x" * (MAX_ID_CHARACTERS + 1), "new\nline", "é", "\ud800"]
)
def test_an_id_or_type_that_is_none_is_named(name: str, value: object) -> None:
    assert place_of_fault(with_data(**{name: value})) == f"data.{name}"


@pytest.mark.parametrize("event_type", ["dialtone.command.refused", "dialtone.anything"])
def test_nobody_outside_can_tell_an_event_of_our_own(event_type: str) -> None:
    assert place_of_fault(with_data(event_type=event_type)) == "data.event_type"


@pytest.mark.parametrize("name", ["id", "event_type", "occurred_at", "payload"])
def test_a_field_of_the_envelope_that_is_missing_is_named(name: str) -> None:
    assert place_of_fault(without("data", name)) == f"data.{name}"


@pytest.mark.parametrize("name", ["call_session_id", "call_leg_id"])
def test_a_call_event_that_names_no_call_is_malformed(name: str) -> None:
    assert place_of_fault(without("data", "payload", name)) == f"data.payload.{name}"
    assert place_of_fault(speak_ended(**{name: ""})) == f"data.payload.{name}"


@pytest.mark.parametrize("name", ["call_initiated", "call_answered"])
def test_a_call_that_could_not_be_commanded_is_malformed(name: str) -> None:
    document = copy.deepcopy(SAMPLES[name])
    del document["data"]["payload"]["call_control_id"]

    assert place_of_fault(document) == "data.payload.call_control_id"


@pytest.mark.parametrize("name", ["call_session_id", "call_leg_id"])
@pytest.mark.parametrize("value", ["x" * (MAX_ID_CHARACTERS + 1), "a\x00b", "a\tb", "é", "\u2028", "\ud800", 7, {}])
def test_an_id_that_could_be_no_key_is_named(name: str, value: object) -> None:
    assert place_of_fault(speak_ended(**{name: value})) == f"data.payload.{name}"


NO_CONTROL_IDS = ["v3:a/../b", "v3:a?b", "v3:a#b", "v3:a b", "x" * (MAX_ID_CHARACTERS + 1), "é", "\ud800", 7]


@pytest.mark.parametrize("value", NO_CONTROL_IDS)
def test_a_control_id_that_could_be_no_part_of_an_address_is_named_where_commands_go_out(value: object) -> None:
    ringing = copy.deepcopy(SAMPLES["call_initiated"])
    ringing["data"]["payload"]["call_control_id"] = value

    assert place_of_fault(ringing) == "data.payload.call_control_id"


@pytest.mark.parametrize("value", NO_CONTROL_IDS)
def test_a_control_id_that_nobody_needs_reads_as_absent(value: object) -> None:
    event = parse_event(body(speak_ended(call_control_id=value)))

    assert (event.text("call_control_id"), event.ignored) == ("", ("call_control_id",))


@pytest.mark.parametrize("parent", ["x" * (MAX_ID_CHARACTERS + 1), "leg\n", "läg"])
def test_a_mark_whose_parent_could_be_no_leg_is_not_ours(parent: str) -> None:
    mark = ClientState(parent_leg=parent).encode()

    assert parse_event(body(speak_ended(client_state=mark))).client_state == ClientState()


TEXT_FIELDS = (
    "call_control_id",
    "call_leg_id",
    "call_session_id",
    "channels",
    "client_state",
    "connection_id",
    "digit",
    "digits",
    "direction",
    "format",
    "from",
    "hangup_cause",
    "hangup_source",
    "media_name",
    "media_url",
    "reason",
    "recording_ended_at",
    "recording_id",
    "recording_started_at",
    "recording_transcription_id",
    "result",
    "start_time",
    "state",
    "status",
    "status_detail",
    "to",
    "transcription_text",
)


@pytest.mark.parametrize("name", [name for name in TEXT_FIELDS if name not in {"call_leg_id", "call_session_id"}])
@pytest.mark.parametrize("value", [1.5, True, [], {}, "half of \ud800 a pair"])
def test_a_field_that_is_not_the_text_it_should_be_reads_as_absent_and_is_named(name: str, value: object) -> None:
    event = parse_event(body(speak_ended(**{name: value})))

    assert (event.text(name), name in event.payload, event.ignored) == ("", False, (name,))


@pytest.mark.parametrize("name", ["connection_id", "recording_id", "recording_transcription_id"])
def test_an_id_written_as_a_number_is_read_as_that_id(name: str) -> None:
    event = parse_event(body(speak_ended(**{name: 2811212257810187875})))

    assert (event.text(name), event.ignored) == ("2811212257810187875", ())


def test_a_number_where_text_might_have_begun_with_a_nought_is_no_text() -> None:
    event = parse_event(body(speak_ended(digits=123, **{"from": 15_550_123})))

    assert (event.text("digits"), event.text("from")) == ("", "")
    assert {*event.ignored} == {"from", "digits"}


def test_of_download_addresses_those_that_can_be_used_are_read() -> None:
    urls = {"mp3": "https://x/1.mp3", "wav": 7, "ogg": "https://x/\ud800", "\udfff": "https://x", "m4a": "x" * 20_001}

    event = parse_event(body(speak_ended(recording_urls=urls)))

    assert (event.payload["recording_urls"], event.ignored) == ({"mp3": "https://x/1.mp3"}, ("recording_urls",))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("overlay", [0, 1, "true", [], {}]),
        ("cost_parts", [0, "x", True, {}]),
        ("recording_urls", [0, "x", True, []]),
        ("public_recording_urls", [0, "x", True, []]),
    ],
)
def test_a_field_of_another_type_than_telnyx_describes_reads_as_absent(name: str, values: list[object]) -> None:
    for value in values:
        event = parse_event(body(speak_ended(**{name: value})))

        assert (name in event.payload, event.ignored) == (False, (name,))


def test_the_reason_says_what_was_wanted_and_what_came() -> None:
    with pytest.raises(MalformedEvent, match=r"^data\.payload\.call_leg_id must be text, is a number$"):
        parse_event(body(speak_ended(call_leg_id=1234)))
    with pytest.raises(MalformedEvent, match=r"^data must be an object, is missing$"):
        parse_event(b"{}")


def test_a_fault_never_repeats_what_the_caller_keyed_in() -> None:
    with pytest.raises(MalformedEvent) as caught:
        parse_event(body(speak_ended(call_leg_id=4111111111111111)))

    assert "4111" not in str(caught.value)


def test_fields_that_nobody_reads_may_be_anything() -> None:
    odd = {"tags": 7, "later": {"deep": [None, 1.5]}, "": "", "half \ud800": "pair \udfff"}

    assert parse_event(body(speak_ended(**odd))).payload.items() >= odd.items()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-0", "9" * 4_000])
def test_odd_numbers_are_data(number: str) -> None:
    text = body(speak_ended(score="@")).replace(b'"@"', number.encode())

    assert "score" in parse_event(text).payload


@pytest.mark.parametrize("name", ["digits", "from", "reason", "recording_id", "status", "to"])
def test_a_text_that_would_not_fit_into_a_calls_state_reads_as_absent(name: str) -> None:
    longest = "x" * MAX_TEXT_CHARACTERS

    too_long = parse_event(body(speak_ended(**{name: longest + "x"})))

    assert parse_event(body(speak_ended(**{name: longest}))).text(name) == longest
    assert (too_long.text(name), too_long.ignored) == ("", (name,))


def test_a_megabyte_is_read() -> None:
    event = parse_event(body(speak_ended(transcription_text="word " * 200_000)))

    assert len(event.text("transcription_text")) == 1_000_000


def nested(levels: int) -> object:
    inside: object = "innermost"
    for level in range(levels):
        inside = [inside] if level % 2 else {"deeper": inside}
    return inside


def test_nesting_that_telnyx_never_sends_reads_as_absent() -> None:
    deepest = nested(MAX_NESTING - 1)

    too_deep = parse_event(body(speak_ended(later=nested(MAX_NESTING + 1), from_=deepest)))

    assert parse_event(body(speak_ended(later=deepest))).payload["later"] == deepest
    assert ("later" in too_deep.payload, too_deep.ignored) == (False, ("another",))


@pytest.mark.parametrize("levels", range(840, 1_000, 20))
def test_what_was_read_can_be_written_again_from_deeper_in_the_program(levels: int) -> None:
    try:
        event = parse_event(body(speak_ended(later=[])).replace(b"[]", b"[" * levels + b"]" * levels))
    except MalformedEvent:
        return

    def written(calls_below: int) -> str:
        return written(calls_below - 1) if calls_below else json.dumps(recorded_payload(event))

    assert written(30)


# What is kept


def test_sensitive_digits_are_masked_in_what_is_kept() -> None:
    gathered = recorded_payload(parse_event(body(SAMPLES["call_gather_ended-sensitive"])))
    pressed = recorded_payload(parse_event(body(SAMPLES["call_dtmf_received-sensitive"])))

    assert gathered["digits"] == "*" * 16
    assert pressed["digit"] == "*"
    assert "4111" not in json.dumps(gathered)


def test_sensitive_digits_are_masked_even_where_others_may_be_kept() -> None:
    gathered = recorded_payload(parse_event(body(SAMPLES["call_gather_ended-sensitive"])), keep_digits=True)

    assert gathered["digits"] == "*" * 16


def test_other_digits_are_kept_only_where_they_may_be() -> None:
    gathered, pressed = (parse_event(body(SAMPLES[name])) for name in ("call_gather_ended", "call_dtmf_received"))

    assert recorded_payload(gathered, keep_digits=True)["digits"] == "2"
    assert recorded_payload(pressed, keep_digits=True)["digit"] == "#"
    assert (recorded_payload(gathered)["digits"], recorded_payload(pressed)["digit"]) == ("*", "*")


@pytest.mark.parametrize("digits", [None, ""])
def test_a_sensitive_turn_without_digits_shows_none(digits: str | None) -> None:
    document = copy.deepcopy(SAMPLES["call_gather_ended-sensitive"])
    document["data"]["payload"]["digits"] = digits

    assert recorded_payload(parse_event(body(document)))["digits"] == digits


def test_addresses_that_let_anyone_fetch_a_recording_are_not_kept() -> None:
    event = parse_event(body(SAMPLES["call_recording_saved-with_more"]))

    kept = recorded_payload(event)

    assert "X-Amz-Signature" not in json.dumps(kept)
    assert kept.keys() == event.payload.keys() - {"recording_urls", "public_recording_urls", "client_state"}
    assert "recording_urls" in event.payload


def test_a_mask_tells_how_many_digits_there_were_and_nothing_else() -> None:
    assert mask("") == ""
    assert mask("90210") == "*****"


# Anything at all


def read(given_body: bytes) -> Event | None:
    """Parse; None where it is malformed. What is read holds what the rest relies on."""
    try:
        event = parse_event(given_body)
    except MalformedEvent as error:
        fault = error
    else:
        assert MOMENT.fullmatch(event.occurred_at)
        for key in (event.id, event.type, event.call_session_id, event.owner_leg_id):
            assert len(key) <= len("no-session-") + MAX_ID_CHARACTERS
            assert key.isascii()
        for name in TEXT_FIELDS:
            assert event.text(name).encode() is not None
        assert json.dumps(recorded_payload(event)).isascii()
        return event
    assert re.match(r"body|data", fault.where)
    assert len(str(fault)) < 400, "it has to fit into a line of a log"
    return None


@given(st.binary(max_size=200))
@example(b'{"data":{}}')
def test_any_bytes_are_an_event_or_malformed(content: bytes) -> None:
    read(content)


@given(JSON)
def test_any_json_is_an_event_or_malformed(document: object) -> None:
    read(body(document))


@given(
    data=st.fixed_dictionaries(
        {},
        optional={
            "id": JSON | st.uuids().map(str),
            "event_type": JSON | st.sampled_from(["call.answered", "call.x", "other"]),
            "occurred_at": JSON | st.datetimes().map(str),
            "payload": JSON | st.dictionaries(st.sampled_from(TEXT_FIELDS), JSON | st.text(min_size=1)),
        },
    )
)
def test_anything_in_an_events_envelope_is_an_event_or_malformed(data: dict[str, object]) -> None:
    read(body({"data": data}))


@settings(max_examples=300)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    field=st.data(),
    value=JSON | st.text(),
)
def test_any_sample_with_one_field_replaced_is_an_event_or_malformed(
    name: str, field: st.DataObject, value: object
) -> None:
    document = copy.deepcopy(SAMPLES[name])
    around = field.draw(st.sampled_from([document["data"], document["data"]["payload"]]))
    around[field.draw(st.sampled_from(sorted(around)))] = value

    read(body(document))


@given(name=st.sampled_from(sorted(SAMPLES)), cut=st.data())
def test_any_sample_damaged_on_the_way_is_an_event_or_malformed(name: str, cut: st.DataObject) -> None:
    content = bytearray(body(SAMPLES[name]))
    place = cut.draw(st.integers(0, len(content) - 1))
    content[place : place + cut.draw(st.integers(0, 40))] = cut.draw(st.binary(max_size=8))

    read(bytes(content))


@given(JSON)
def test_any_client_state_leaves_the_event_readable(left: object) -> None:
    event = read(body(speak_ended(client_state=base64.b64encode(body(left)).decode())))

    assert event is None or isinstance(event.client_state, ClientState)


def test_what_happens_in_a_conference_that_a_conversation_became_is_of_the_leg_that_led_it() -> None:
    mark = ClientState(turn=4, flow="desk", talks=True, room_of="caller").encode()

    def of(leg: str, state: str = mark) -> Event:
        about = {"call_session_id": "s", "call_leg_id": leg, "call_control_id": "v3:x", "client_state": state}
        data = {
            "id": "e",
            "event_type": "conference.participant.joined",
            "payload": {**about, "occurred_at": "2026-11-30T12:00:00Z"},
        }
        return parse_event(json.dumps({"data": data}).encode())

    caller, agent = of("caller"), of("agent")
    assert [(each.owner_leg_id, each.about_callee, each.client_state.turn) for each in (caller, agent)] == [
        ("caller", False, 4),
        ("caller", True, 4),
    ]
    assert of("member", ClientState(turn=4, flow="meeting").encode()).owner_leg_id == "member"


@pytest.mark.parametrize(
    ("meta", "known"),
    [
        ({"attempt": 1, "delivered_to": "https://a.example.com/webhooks/telnyx"}, (0, "")),
        ({"attempt": 3, "delivered_to": "https://u:p@a.example.com:8443/hooks?k=v#f"}, (3, "a.example.com/hooks")),
        ({"attempt": 2}, (2, "")),
        ({"attempt": 2, "delivered_to": "https://[::1/"}, (2, "")),
        ({"attempt": 2, "delivered_to": "https://a.example.com/" + "x" * 255}, (2, "")),
        ({"attempt": 2, "delivered_to": "https://a.example.com/\u202e"}, (2, "")),
        ({"attempt": 2, "delivered_to": 7}, (2, "")),
        *(({"attempt": odd}, (0, "")) for odd in (0, -1, 1_001, 10**400, True, 2.0, "2", None, [2])),
        ([], (0, "")),
        (None, (0, "")),
    ],
)
def test_which_delivery_it_is_comes_from_beside_the_event_and_is_never_relied_on(
    meta: object, known: tuple[int, str]
) -> None:
    document = speak_ended()
    once = parse_event(body({**document, "meta": None}))

    event = parse_event(body({**document, "meta": meta}))

    assert (event.attempt, event.delivered_to) == known
    assert event._replace(attempt=0, delivered_to="") == once
