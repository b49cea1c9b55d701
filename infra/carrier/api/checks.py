"""What Telnyx documents of parameters beyond their types: ranges, formats, conflicts."""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from infra.carrier import errors
from infra.carrier.api import specification

#: int32, where the description gives a type and a minimum only.
LARGEST = 2**31 - 1
#: Longest a call may last and a recording may run, in seconds.
LONGEST_CALL_SECONDS = 14_400
LONGEST_RECORDING_SECONDS = 14_400
LONGEST_RECORDING_FROM_ANSWER_SECONDS = 43_200
#: Longest text that one speak command reads out.
LONGEST_SPEECH_CHARACTERS = 3_000
LONGEST_NAME_CHARACTERS = 40
LONGEST_DIGITS_CHARACTERS = 64
MOST_LOOPS = 100
MOST_RETRIES = 5
LONGEST_RETRIES_MS = 60_000

_FROM_ANSWER = {
    "record_max_length": (0, LONGEST_RECORDING_FROM_ANSWER_SECONDS),
    "record_timeout_secs": (0, LARGEST),
}
_DIALLING = {"timeout_secs": (5, 600), "time_limit_secs": (30, LONGEST_CALL_SECONDS), **_FROM_ANSWER}
_DIGITS = {
    "minimum_digits": (1, 128),
    "maximum_digits": (1, 128),
    "timeout_millis": (0, LARGEST),
    "inter_digit_timeout_millis": (0, LARGEST),
}
_PROMPTED = {**_DIGITS, "maximum_tries": (1, LARGEST)}

#: Action → parameter → least and greatest.
RANGES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "answer": _FROM_ANSWER,
    "bridge": _FROM_ANSWER,
    "conference_create": {"duration_minutes": (1, LARGEST), "max_participants": (2, 800)},
    "dial": _DIALLING,
    "enqueue": {"max_size": (1, LARGEST), "max_wait_time_secs": (1, LARGEST)},
    "transfer": _DIALLING,
    "gather": {**_DIGITS, "initial_timeout_millis": (0, LARGEST)},
    "gather_using_ai": {"user_response_timeout_ms": (0, LARGEST)},
    "gather_using_speak": _PROMPTED,
    "gather_using_audio": _PROMPTED,
    "record_start": {
        "max_length": (0, LONGEST_RECORDING_SECONDS),
        "timeout_secs": (0, LARGEST),
        "transcription_min_speaker_count": (1, LARGEST),
        "transcription_max_speaker_count": (1, LARGEST),
    },
    "send_dtmf": {"duration_millis": (100, 500)},
}

#: Parameter → least and greatest number of characters, whatever the action.
LENGTHS = {
    "payload": (1, LONGEST_SPEECH_CHARACTERS),
    "invalid_payload": (1, LONGEST_SPEECH_CHARACTERS),
    "custom_file_name": (1, LONGEST_NAME_CHARACTERS),
    "record_custom_file_name": (1, LONGEST_NAME_CHARACTERS),
    "gather_id": (1, LONGEST_NAME_CHARACTERS),
    "send_digits_on_answer": (1, LONGEST_DIGITS_CHARACTERS),
}

#: Parameters that the SDK types as plain text, with what Telnyx documents that they may be.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "stop": ("current", "all"),
    "target_legs": ("self", "opposite", "both"),
    "park_after_unbridge": ("self",),
}

_E164 = re.compile(r"\+[1-9]\d{1,14}")
_DIALLED = re.compile(r"(\+[1-9]\d{1,14}|sips?:[^\s,]+)(,[0-9A-DwW*#]{1,64})?")
_SENT_DIGITS = re.compile(r"[0-9A-DwW*#]+")
_PRESSED_DIGITS = re.compile(r"[0-9A-D*#]+")
_URL = re.compile(r"https?://\S+")
_VOICES = re.compile(
    r"(male|female|(Polly|AWS|Azure|ElevenLabs|Telnyx|Minimax|Resemble|Inworld|FishAudio|Soniox|xAI|Rime|Humain)"
    r"(\.[\w.:\-]+)?)",
    re.IGNORECASE,
)
#: Base64 parameters: they come back as they are in every webhook, so they have to be readable there.
_BASE64 = ("client_state", "target_leg_client_state", "playback_content")
_URLS = ("audio_url", "hold_audio_url", "invalid_audio_url", "webhook_url")


def check(action: str, parameters: object) -> None:
    """Check a command's parameters as Telnyx documents them; raises RefusalError for the first that is wrong."""
    specification.command(action).check(parameters)
    _check_values(action, parameters)


def check_request(kind: str, parameters: object) -> None:
    """Check a command to a conference in the same way."""
    specification.request(kind).check(parameters)
    _check_values(kind, parameters)


def _check_values(action: str, parameters: object) -> None:
    assert isinstance(parameters, dict)  # noqa: S101 - the description has just checked it
    ranges = RANGES.get(action, {})
    for name, value in parameters.items():
        if name in ranges and not ranges[name][0] <= value <= ranges[name][1]:
            raise errors.out_of_range(f"/{name}", *ranges[name])
        if name in LENGTHS and not LENGTHS[name][0] <= len(value) <= LENGTHS[name][1]:
            raise errors.out_of_range(f"/{name}", *LENGTHS[name])
        if name in CHOICES and value not in CHOICES[name]:
            raise errors.not_one_of(f"/{name}", CHOICES[name])
        if name in _FORMATS:
            _FORMATS[name](value, f"/{name}")
    for conflict in _CONFLICTS:
        conflict(action, parameters)


def _base64(value: str, pointer: str) -> None:
    try:
        b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.invalid(pointer, "The value must be a Base64 encoded string.") from error


def _matches(pattern: re.Pattern[str], detail: str) -> Callable[[Any, str], None]:
    def check_format(value: str, pointer: str) -> None:
        if not pattern.fullmatch(value):
            raise errors.invalid(pointer, detail)

    return check_format


def _loop(value: str | int, pointer: str) -> None:
    if value == "infinity":
        return
    if isinstance(value, str) and not value.isdecimal():
        raise errors.invalid(pointer, "The value must be 'infinity' or an integer from 1 to 100.")
    if not 1 <= int(value) <= MOST_LOOPS:
        raise errors.out_of_range(pointer, 1, MOST_LOOPS)


def _dialled(value: str | list[str], pointer: str) -> None:
    for number in value if isinstance(value, list) else [value]:
        if not _DIALLED.fullmatch(number) or ("," in number and isinstance(value, list)):
            raise errors.not_e164(pointer)
    if not value:
        raise errors.missing(pointer)


def _caller_id(value: str, pointer: str) -> None:
    if not _E164.fullmatch(value):
        raise errors.not_e164(pointer)


def _retries(value: Mapping[str, Mapping[str, list[int]]], pointer: str) -> None:
    for event_type, policy in value.items():
        at, delays = f"{pointer}/{event_type}/retries_ms", policy.get("retries_ms", [])
        if len(delays) > MOST_RETRIES:
            raise errors.invalid(at, f"At most {MOST_RETRIES} retries are allowed.")
        if min(delays, default=0) < 0 or sum(delays) > LONGEST_RETRIES_MS:
            raise errors.out_of_range(at, 0, LONGEST_RETRIES_MS)


_FORMATS: Mapping[str, Callable[[Any, str], None]] = {
    **dict.fromkeys(_BASE64, _base64),
    **dict.fromkeys(_URLS, _matches(_URL, "The value must be an http or https URL.")),
    "digits": _matches(_SENT_DIGITS, "Valid digits are 0-9, A-D, *, #, w and W."),
    "send_digits_on_answer": _matches(_SENT_DIGITS, "Valid digits are 0-9, A-D, *, #, w and W."),
    "valid_digits": _matches(_PRESSED_DIGITS, "Valid digits are 0-9, A-D, * and #."),
    "terminating_digit": _matches(re.compile(r"[0-9A-D*#]?"), "The value must be one digit."),
    "voice": _matches(_VOICES, "The voice is not one of a supported provider."),
    "loop": _loop,
    "to": _dialled,
    "from": _caller_id,
    "webhook_retries_policies": _retries,
}


def _one_audio(action: str, given: Mapping[str, Any]) -> None:
    """playback_start needs exactly one source; elsewhere at most one may be named."""
    sources = [name for name in ("audio_url", "media_name", "playback_content") if name in given]
    if len(sources) > 1:
        raise errors.conflicting(f"/{sources[1]}", f"{' and '.join(sources)} cannot be used together in one request.")
    if action in ("playback_start", "gather_using_audio", "conference_play") and not sources:
        raise errors.missing("/audio_url")
    if "hold_audio_url" in given and "hold_media_name" in given:
        detail = "hold_media_name and hold_audio_url cannot be used together in one request."
        raise errors.conflicting("/hold_media_name", detail)
    if "invalid_audio_url" in given and "invalid_media_name" in given:
        detail = "invalid_media_name and invalid_audio_url cannot be used together in one request."
        raise errors.conflicting("/invalid_media_name", detail)


def _overlay(action: str, given: Mapping[str, Any]) -> None:
    if action == "playback_start" and given.get("overlay") and given.get("target_legs", "self") != "self":
        raise errors.conflicting("/target_legs", "When overlay is enabled, target_legs is limited to self.")


def _digit_counts(_action: str, given: Mapping[str, Any]) -> None:
    if given.get("minimum_digits", 1) > given.get("maximum_digits", 128):
        raise errors.out_of_range("/minimum_digits", 1, given["maximum_digits"])


def _basic_speech(_action: str, given: Mapping[str, Any]) -> None:
    basic = given.get("service_level") == "basic"
    if basic and given.get("payload_type", "text") != "text":
        raise errors.conflicting("/payload_type", "The basic service level reads text only.")
    if basic and given.get("language", "en-US") != "en-US":
        raise errors.invalid("/language", "The basic service level speaks en-US only.")
    polly = str(given.get("voice", "")).lower().startswith(("polly.", "aws.", "azure.", "elevenlabs.", "telnyx."))
    if basic and polly:
        raise errors.invalid("/voice", "The basic service level has the voices male and female only.")


def _linked(action: str, given: Mapping[str, Any]) -> None:
    if action == "dial" and "link_to" not in given:
        for name in ("bridge_intent", "bridge_on_answer", "park_after_unbridge"):
            if given.get(name):
                raise errors.missing("/link_to")


def _transcribed(action: str, given: Mapping[str, Any]) -> None:
    """Speaker diarisation is engine A's alone; deepgram/nova-3 transcribes English only."""
    if action != "record_start":
        return
    engine = given.get("transcription_engine", "A")
    if engine != "A" and given.get("transcription_speaker_diarization"):
        detail = "Speaker diarization is available with transcription engine A only."
        raise errors.conflicting("/transcription_speaker_diarization", detail)
    if engine == "deepgram/nova-3" and not str(given.get("transcription_language", "en")).startswith("en"):
        raise errors.conflicting("/transcription_language", "deepgram/nova-3 transcribes English only.")
    low, high = given.get("transcription_min_speaker_count", 2), given.get("transcription_max_speaker_count", 6)
    if low > high:
        raise errors.out_of_range("/transcription_min_speaker_count", 1, high)


def _bridged_with(action: str, given: Mapping[str, Any]) -> None:
    if action != "bridge":
        return
    named = [name for name in ("call_control_id", "queue", "video_room_id") if name in given]
    if not named:
        raise errors.missing("/call_control_id")
    if len(named) > 1:
        raise errors.conflicting(f"/{named[1]}", f"{' and '.join(named)} cannot be used together in one request.")


_CONFLICTS = (_one_audio, _bridged_with, _overlay, _digit_counts, _basic_speech, _linked, _transcribed)
