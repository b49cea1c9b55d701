"""The table of actions against the SDK's own parameter types, and every check both ways."""

import importlib
import json
import typing
import uuid

import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st

from dialtone.domain.commands import WITHOUT_CALL, Command, command, command_id
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.parameter_checks import Check, ListOf, MapOf, Parameter, Shape
from dialtone.domain.telnyx_actions import ACTIONS, OF_CONFERENCES, WITH_CALL_IN_BODY
from tests.command_examples import refused, taken

CALL = "v3:u5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO"

PARAMETER_TYPES = {
    "answer": "calls.action_answer_params.ActionAnswerParams",
    "reject": "calls.action_reject_params.ActionRejectParams",
    "hangup": "calls.action_hangup_params.ActionHangupParams",
    "speak": "calls.action_speak_params.ActionSpeakParams",
    "playback_start": "calls.action_start_playback_params.ActionStartPlaybackParams",
    "playback_stop": "calls.action_stop_playback_params.ActionStopPlaybackParams",
    "record_start": "calls.action_start_recording_params.ActionStartRecordingParams",
    "record_stop": "calls.action_stop_recording_params.ActionStopRecordingParams",
    "record_pause": "calls.action_pause_recording_params.ActionPauseRecordingParams",
    "record_resume": "calls.action_resume_recording_params.ActionResumeRecordingParams",
    "enqueue": "calls.action_enqueue_params.ActionEnqueueParams",
    "leave_queue": "calls.action_leave_queue_params.ActionLeaveQueueParams",
    "gather": "calls.action_gather_params.ActionGatherParams",
    "gather_stop": "calls.action_stop_gather_params.ActionStopGatherParams",
    "gather_using_ai": "calls.action_gather_using_ai_params.ActionGatherUsingAIParams",
    "transcription_start": "calls.action_start_transcription_params.ActionStartTranscriptionParams",
    "transcription_stop": "calls.action_stop_transcription_params.ActionStopTranscriptionParams",
    "ai_assistant_start": "calls.action_start_ai_assistant_params.ActionStartAIAssistantParams",
    "ai_assistant_stop": "calls.action_stop_ai_assistant_params.ActionStopAIAssistantParams",
    "gather_using_speak": "calls.action_gather_using_speak_params.ActionGatherUsingSpeakParams",
    "gather_using_audio": "calls.action_gather_using_audio_params.ActionGatherUsingAudioParams",
    "transfer": "calls.action_transfer_params.ActionTransferParams",
    "bridge": "calls.action_bridge_params.ActionBridgeParams",
    "send_dtmf": "calls.action_send_dtmf_params.ActionSendDtmfParams",
    "client_state_update": "calls.action_update_client_state_params.ActionUpdateClientStateParams",
    "conference_create": "conference_create_params.ConferenceCreateParams",
    "conference_end": "conferences.action_end_conference_params.ActionEndConferenceParams",
    "conference_join": "conferences.action_join_params.ActionJoinParams",
    "conference_leave": "conferences.action_leave_params.ActionLeaveParams",
    "conference_mute": "conferences.action_mute_params.ActionMuteParams",
    "conference_speak": "conferences.action_speak_params.ActionSpeakParams",
    "conference_unmute": "conferences.action_unmute_params.ActionUnmuteParams",
    "switch_supervisor_role": "calls.action_switch_supervisor_role_params.ActionSwitchSupervisorRoleParams",
    "dial": "call_dial_params.CallDialParams",
    "pay": "calls.action_pay_params.ActionPayParams",
    "send_message": "message_send_params.MessageSendParams",
}
# The SDK's type wants it always, while Telnyx says that it excludes `queue` and `video_room_id`: one of the three.
# It requires a list of whom to unmute and says beside it that all are where the list is empty: we always name one.
REQUIRED_IN_THE_SDK_ONLY = {("bridge", "call_control_id"), ("conference_unmute", "call_control_ids")}
# Telnyx adds languages between releases of its SDK; the SDK's one value for the codecs of an answer is an example.
CHOICES_IN_THE_SDK_ONLY = {"language", "transcription_language", "preferred_codecs"}
# Enumerations that the SDK's types give as plain text, and its documentation spells out.
CHOICES_IN_OUR_TABLE_ONLY = {"stop", "target_legs", "park_after_unbridge", "track", "transcription_tracks"}

EVERY_PARAMETER = [(action, name) for action, takes in ACTIONS.items() for name in takes.parameters]


def sdk_type(action: str) -> typing.Any:  # noqa: ANN401 -- a TypedDict class, for which typing has no type
    module, _, name = PARAMETER_TYPES[action].rpartition(".")
    return getattr(importlib.import_module(f"telnyx.types.{module}"), name)


def sdk_fields(typed_dict: typing.Any) -> dict[str, typing.Any]:  # noqa: ANN401 -- as above
    """Give the fields of a TypedDict of the SDK under Telnyx's names."""
    hints = typing_extensions.get_type_hints(typed_dict, include_extras=True)
    return {alias(hint) or name: hint for name, hint in hints.items() if name not in {"command_id", "idempotency_key"}}


def fields_of(action: str) -> dict[str, typing.Any]:
    """Give the fields of an action; of one of a conference without the call that every command names."""
    fields = sdk_fields(sdk_type(action))
    if action in WITH_CALL_IN_BODY:
        del fields["call_control_id"]
    return fields


def ours(action: str) -> dict[str, Parameter]:
    """Give our parameters of an action, without the conference: in Telnyx's API that is a part of the address."""
    return {name: check for name, check in ACTIONS[action].parameters.items() if name != "conference"}


def alias(hint: object) -> str:
    for part in typing.get_args(hint):
        if getattr(part, "alias", None):
            return str(part.alias)
        if nested := alias(part):
            return nested
    return ""


def required(fields: dict[str, typing.Any]) -> set[str]:
    """Give the names of the required fields; `__required_keys__` knows none where annotations are postponed."""
    return {name for name, hint in fields.items() if typing.get_origin(hint) is typing_extensions.Required}


def bare(hint: typing.Any) -> typing.Any:  # noqa: ANN401 -- a type expression
    """Take Required and Annotated away."""
    while typing.get_origin(hint) in {typing.Annotated, typing_extensions.Required, typing.Required}:
        hint = typing.get_args(hint)[0]
    return hint


def literals(hint: typing.Any) -> set[object]:  # noqa: ANN401 -- a type expression
    hint = bare(hint)
    return (
        set(typing.get_args(hint)) if typing.get_origin(hint) in {typing.Literal, typing_extensions.Literal} else set()
    )


def choices(parameter: Parameter) -> set[object]:
    return set(parameter.choices) if isinstance(parameter, Check) else set()


def assert_same_choices(name: str, ours: Parameter, theirs: typing.Any) -> None:  # noqa: ANN401 -- a type expression
    if name in CHOICES_IN_THE_SDK_ONLY:
        assert not choices(ours)
    elif name in CHOICES_IN_OUR_TABLE_ONLY and not literals(theirs):
        assert choices(ours)
    else:
        assert choices(ours) == literals(theirs)


def test_the_table_knows_every_action_that_dialtone_needs() -> None:
    assert set(ACTIONS) == set(PARAMETER_TYPES)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_takes_the_parameters_of_the_sdk_and_no_others(action: str) -> None:
    assert set(ours(action)) == set(fields_of(action))
    assert ("conference" in ACTIONS[action].parameters) == (action in OF_CONFERENCES - {"conference_create"})


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_requires_what_the_sdk_requires(action: str) -> None:
    theirs = {name for name in required(fields_of(action)) if (action, name) not in REQUIRED_IN_THE_SDK_ONLY}

    assert set(ACTIONS[action].required) - {"conference"} == theirs


@pytest.mark.parametrize(("action", "name"), [each for each in EVERY_PARAMETER if each[1] != "conference"])
def test_an_enumeration_has_the_choices_of_the_sdk(action: str, name: str) -> None:
    assert_same_choices(name, ACTIONS[action].parameters[name], sdk_fields(sdk_type(action))[name])


@pytest.mark.parametrize(("action", "name"), [each for each in EVERY_PARAMETER if each[1] != "conference"])
def test_a_closed_mapping_has_the_fields_of_the_sdk(action: str, name: str) -> None:
    ours, theirs = ACTIONS[action].parameters[name], bare(sdk_fields(sdk_type(action))[name])
    while isinstance(ours, (ListOf, MapOf)):
        ours = ours.item if isinstance(ours, ListOf) else ours.value
        theirs = typing.get_args(theirs)[-1]
    if not isinstance(ours, Shape) or ours.open:
        return

    fields = sdk_fields(theirs)

    assert set(ours.fields) == set(fields)
    assert set(ours.required) == required(fields)
    for field, check in ours.fields.items():
        assert_same_choices(field, check, fields[field])


@pytest.mark.parametrize(("action", "name"), EVERY_PARAMETER)
def test_a_parameter_takes_what_telnyx_takes(action: str, name: str) -> None:
    for value in taken(action, name):
        assert list(ACTIONS[action].parameters[name].faults(name, value)) == []


@pytest.mark.parametrize(("action", "name"), EVERY_PARAMETER)
def test_a_parameter_refuses_what_telnyx_refuses_and_says_which_it_is(action: str, name: str) -> None:
    for value in refused(action, name):
        faults = list(ACTIONS[action].parameters[name].faults(name, value))

        assert faults, value
        assert all(fault.parameter.startswith(name) for fault in faults)


REFUSED_TOGETHER: list[tuple[str, dict[str, object], str]] = [
    ("speak", {"voice": "female"}, "speak: payload is missing"),
    (
        "speak",
        {"payload": "Hi", "voice": "female", "speed": 2},
        (
            "speak: speed is not a parameter of it; known are client_state, language, loop, payload, payload_type,"
            " service_level, stop, target_legs, voice, voice_settings"
        ),
    ),
    (
        "speak",
        {"payload": "Hi", "voice": "female", "target_leg": "self"},
        "speak: target_leg is not a parameter of it; did you mean target_legs?",
    ),
    (
        "speak",
        {"payload": "Hi", "voice": "female", "command_id": "x"},
        "speak: command_id must be left out: it is added when the command is sent",
    ),
    (
        "speak",
        {"payload": "x" * 3_001, "voice": "female"},
        f"speak: payload must be text of 1 to 3,000 characters, not '{'x' * 60}'… (3,001 characters)",
    ),
    (
        "speak",
        {"payload": "Hallo", "voice": "female", "service_level": "basic", "language": "de-DE"},
        "speak: language must be 'en-US' where service_level is basic, not 'de-DE'",
    ),
    (
        "gather_using_speak",
        {"payload": "<speak/>", "voice": "female", "service_level": "basic", "payload_type": "ssml"},
        "gather_using_speak: payload_type must be 'text' where service_level is basic, not 'ssml'",
    ),
    (
        "playback_start",
        {},
        "playback_start: audio_url is missing: give one of audio_url, media_name, playback_content",
    ),
    (
        "playback_start",
        {"audio_url": "https://example.com/a.mp3", "media_name": "a"},
        "playback_start: media_name cannot be used together with audio_url",
    ),
    (
        "playback_start",
        {"media_name": "a", "overlay": True, "target_legs": "both"},
        "playback_start: target_legs must be 'self' where overlay is True, not 'both'",
    ),
    (
        "record_start",
        {"format": "mp3", "channels": "dual", "recording_track": "inbound"},
        "record_start: channels must be 'single' where recording_track is inbound, not 'dual'",
    ),
    (
        "record_start",
        {
            "format": "mp3",
            "channels": "dual",
            "transcription_engine": "deepgram/nova-3",
            "transcription_language": "de-DE",
        },
        (
            "record_start: transcription_language must be en or en-REGION where transcription_engine is"
            " deepgram/nova-3, not 'de-DE'"
        ),
    ),
    (
        "record_start",
        {
            "format": "mp3",
            "channels": "dual",
            "transcription_engine": "B",
            "transcription_speaker_diarization": True,
        },
        "record_start: transcription_speaker_diarization must be left out where transcription_engine is B, not True",
    ),
    (
        "record_start",
        {
            "format": "mp3",
            "channels": "dual",
            "transcription_min_speaker_count": 3,
            "transcription_max_speaker_count": 2,
        },
        (
            "record_start: transcription_min_speaker_count must not be greater than transcription_max_speaker_count,"
            " which is 2, but is 3"
        ),
    ),
    (
        "answer",
        {"record_format": "mp3"},
        "answer: record_format needs record beside it",
    ),
    (
        "answer",
        {"record": "record-from-answer", "record_track": "outbound", "record_channels": "dual"},
        "answer: record_channels must be 'single' where record_track is outbound, not 'dual'",
    ),
    (
        "gather",
        {"minimum_digits": 5, "maximum_digits": 4},
        "gather: minimum_digits must not be greater than maximum_digits, which is 4, but is 5",
    ),
    (
        "gather_using_audio",
        {"media_name": "menu", "invalid_media_name": "no", "invalid_audio_url": "https://example.com/no.mp3"},
        "gather_using_audio: invalid_media_name cannot be used together with invalid_audio_url",
    ),
    (
        "gather_using_audio",
        {},
        "gather_using_audio: audio_url is missing: give one of audio_url, media_name",
    ),
    (
        "bridge",
        {"call_control_id": "v3:other", "queue": "support"},
        "bridge: queue cannot be used together with call_control_id",
    ),
    (
        "bridge",
        {"queue": "support", "video_room_context": "{}"},
        "bridge: video_room_context needs video_room_id beside it",
    ),
    (
        "transfer",
        {"to": "+15550100", "audio_url": "https://example.com/a.mp3", "media_name": "a"},
        "transfer: media_name cannot be used together with audio_url",
    ),
    (
        "dial",
        {"connection_id": "7", "from": "+15550101", "to": "+15550100", "bridge_on_answer": True},
        "dial: bridge_on_answer needs link_to beside it",
    ),
    (
        "dial",
        {"connection_id": "7", "from": "+15550101", "to": "+15550100", "bridge_intent": True},
        "dial: bridge_intent needs link_to beside it",
    ),
    (
        "dial",
        {"connection_id": "7", "from": "+15550101", "to": "+15550100", "park_after_unbridge": "self"},
        "dial: park_after_unbridge needs link_to beside it",
    ),
    (
        "answer",
        {"webhook_retries_policies": {"call.answered": {"retries_ms": [60_001]}}},
        (
            "answer: webhook_retries_policies.call.answered.retries_ms must be at most 5 delays in milliseconds, at"
            " most 60,000 in all, not [60001]"
        ),
    ),
    ("answer", {"deepfake_detection": {}}, "answer: deepfake_detection.enabled is missing"),
    (
        "answer",
        {"sip_headers": [{"name": "X-Line", "value": "x"}]},
        "answer: sip_headers[0].name must be 'User-to-User', not 'X-Line'",
    ),
]


@pytest.mark.parametrize(("action", "parameters", "sentence"), REFUSED_TOGETHER)
def test_an_error_names_action_parameter_what_was_given_and_what_is_allowed(
    action: str, parameters: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CommandInvalid) as refusal:
        command(action, "" if action in WITHOUT_CALL else CALL, **parameters)

    assert str(refusal.value) == sentence
    assert refusal.value.action == action
    assert refusal.value.parameter in sentence


TAKEN_TOGETHER: list[tuple[str, dict[str, object]]] = [
    ("speak", {"payload": "Hi", "voice": "female", "service_level": "basic", "language": "en-US"}),
    ("speak", {"payload": "Hallo", "voice": "AWS.Polly.Vicki", "service_level": "premium", "language": "de-DE"}),
    ("playback_start", {"playback_content": "aGVsbG8=", "audio_type": "wav", "overlay": True}),
    ("playback_start", {"media_name": "a", "overlay": True, "target_legs": "self"}),
    ("playback_start", {"media_name": "a", "overlay": False, "target_legs": "both"}),
    ("record_start", {"format": "mp3", "channels": "single", "recording_track": "inbound"}),
    ("record_start", {"format": "mp3", "channels": "dual", "recording_track": "both"}),
    (
        "record_start",
        {
            "format": "wav",
            "channels": "single",
            "transcription_engine": "deepgram/nova-3",
            "transcription_language": "en-GB",
        },
    ),
    ("answer", {"record": "record-from-answer", "record_track": "inbound"}),
    ("gather", {"minimum_digits": 4, "maximum_digits": 4}),
    ("bridge", {"queue": "support"}),
    ("bridge", {"call_control_id": "v3:other"}),
    ("dial", {"connection_id": "7", "from": "+15550101", "to": "+15550100", "bridge_on_answer": False}),
    (
        "dial",
        {"connection_id": "7", "from": "+15550101", "to": ["+15550100"], "bridge_on_answer": True, "link_to": CALL},
    ),
    ("gather_stop", {}),
]


@pytest.mark.parametrize(("action", "parameters"), TAKEN_TOGETHER)
def test_a_right_command_keeps_its_parameters_as_they_are(action: str, parameters: dict[str, object]) -> None:
    made = command(action, "" if action in WITHOUT_CALL else CALL, **parameters)

    assert made == Command(action, "" if action in WITHOUT_CALL else CALL, parameters)


def test_an_unknown_action_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandInvalid, match=r"^sing: is not an action; known are answer, reject, hangup"):
        command("sing", CALL)


@pytest.mark.parametrize("call_control_id", ["", "v3:a/b", "v3:a b", "a?b", "a#b"])
def test_a_command_needs_a_call_control_id_that_can_stand_in_an_address(call_control_id: str) -> None:
    with pytest.raises(CommandInvalid, match=r"^hangup: call_control_id must be the call's own id"):
        command("hangup", call_control_id)


def test_a_dial_has_no_call_control_id_yet() -> None:
    with pytest.raises(CommandInvalid, match=r"^dial: call_control_id must be left out"):
        command("dial", CALL, connection_id="7", to="+15550100", **{"from": "+15550101"})


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("send_dtmf", {"digits": "4111 1111 1111 1111"}),
        ("transfer", {"to": "+15550100", "send_digits_on_answer": "4111 1111 1111 1111"}),
        ("transfer", {"to": "+15550100", "sip_auth_password": 4111}),
    ],
)
def test_an_error_never_repeats_digits_and_passwords(action: str, parameters: dict[str, object]) -> None:
    with pytest.raises(CommandInvalid) as refusal:
        command(action, CALL, **parameters)

    assert "4111" not in str(refusal.value)
    assert "4111" not in refusal.value.reason


def test_a_command_does_not_change_with_what_it_was_made_of() -> None:
    headers = [{"name": "X-Line", "value": "sales"}]
    made = command("answer", CALL, custom_headers=headers)

    headers[0]["value"] = "support"

    assert made.parameters == {"custom_headers": [{"name": "X-Line", "value": "sales"}]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(payload=st.text(min_size=1, max_size=3_000), settings=st.dictionaries(st.text(min_size=1), JSON))
def test_a_command_comes_back_from_json_as_it_went(payload: str, settings: dict[str, object]) -> None:
    made = command("speak", CALL, payload=payload, voice="female", voice_settings=settings | {"type": "new"})

    kept = json.dumps(made.to_json())

    assert Command.from_json(json.loads(kept)) == made
    assert json.dumps(Command.from_json(json.loads(kept)).to_json()) == kept


def test_a_command_once_decided_comes_back_even_if_the_checks_have_become_stricter_since() -> None:
    kept = {"action": "speak", "call_control_id": CALL, "parameters": {"payload": "x" * 9_999, "pace": "slow"}}

    assert Command.from_json(kept).to_json() == kept


@pytest.mark.parametrize("kept", [{}, {"action": "speak"}, {"action": 1, "call_control_id": "", "parameters": {}}])
def test_a_kept_command_of_another_shape_is_an_error(kept: dict[str, object]) -> None:
    with pytest.raises(CommandInvalid, match="a kept command has an unknown shape"):
        Command.from_json(kept)


EVENT_IDS = st.uuids().map(str) | st.text()


@given(event_id=EVENT_IDS, place=st.integers(0, 50))
def test_a_command_id_is_the_same_for_the_same_event_and_place(event_id: str, place: int) -> None:
    assert command_id(event_id, place) == command_id(event_id, place)
    assert uuid.UUID(command_id(event_id, place)).version == 5


def test_a_command_id_stays_the_same_across_releases() -> None:
    # Changed, an event redelivered across a deployment would be obeyed twice.
    assert command_id("0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", 0) == "474c47ab-c753-5139-bf16-34cf05d7adf6"


@given(st.lists(st.tuples(EVENT_IDS, st.integers(0, 50)), unique=True, min_size=2))
def test_command_ids_of_different_events_and_places_differ(decided: list[tuple[str, int]]) -> None:
    assert len({command_id(event_id, place) for event_id, place in decided}) == len(decided)
