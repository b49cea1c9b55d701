"""What each command accepts, taken from the type descriptions that Telnyx publishes with its SDK.

A TypedDict is turned once into a tree of checks, lazily and per action; checking a request then costs microseconds.
"""

import importlib
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NotRequired, Required, get_args, get_origin

from typing_extensions import get_type_hints, is_typeddict

from infra.carrier import errors

#: Checks the value that stands at a JSON pointer; raises RefusalError.
Check = Callable[[object, str], None]

#: Action → module and name of the SDK's description of its parameters.
DESCRIPTIONS = {
    "ai_assistant_start": ("telnyx.types.calls.action_start_ai_assistant_params", "ActionStartAIAssistantParams"),
    "ai_assistant_stop": ("telnyx.types.calls.action_stop_ai_assistant_params", "ActionStopAIAssistantParams"),
    "answer": ("telnyx.types.calls.action_answer_params", "ActionAnswerParams"),
    "bridge": ("telnyx.types.calls.action_bridge_params", "ActionBridgeParams"),
    "client_state_update": ("telnyx.types.calls.action_update_client_state_params", "ActionUpdateClientStateParams"),
    "dial": ("telnyx.types.call_dial_params", "CallDialParams"),
    "enqueue": ("telnyx.types.calls.action_enqueue_params", "ActionEnqueueParams"),
    "gather": ("telnyx.types.calls.action_gather_params", "ActionGatherParams"),
    "gather_stop": ("telnyx.types.calls.action_stop_gather_params", "ActionStopGatherParams"),
    "gather_using_ai": ("telnyx.types.calls.action_gather_using_ai_params", "ActionGatherUsingAIParams"),
    "gather_using_audio": ("telnyx.types.calls.action_gather_using_audio_params", "ActionGatherUsingAudioParams"),
    "gather_using_speak": ("telnyx.types.calls.action_gather_using_speak_params", "ActionGatherUsingSpeakParams"),
    "hangup": ("telnyx.types.calls.action_hangup_params", "ActionHangupParams"),
    "leave_queue": ("telnyx.types.calls.action_leave_queue_params", "ActionLeaveQueueParams"),
    "pay": ("telnyx.types.calls.action_pay_params", "ActionPayParams"),
    "playback_start": ("telnyx.types.calls.action_start_playback_params", "ActionStartPlaybackParams"),
    "playback_stop": ("telnyx.types.calls.action_stop_playback_params", "ActionStopPlaybackParams"),
    "record_pause": ("telnyx.types.calls.action_pause_recording_params", "ActionPauseRecordingParams"),
    "record_resume": ("telnyx.types.calls.action_resume_recording_params", "ActionResumeRecordingParams"),
    "record_start": ("telnyx.types.calls.action_start_recording_params", "ActionStartRecordingParams"),
    "record_stop": ("telnyx.types.calls.action_stop_recording_params", "ActionStopRecordingParams"),
    "reject": ("telnyx.types.calls.action_reject_params", "ActionRejectParams"),
    "send_dtmf": ("telnyx.types.calls.action_send_dtmf_params", "ActionSendDtmfParams"),
    "speak": ("telnyx.types.calls.action_speak_params", "ActionSpeakParams"),
    "switch_supervisor_role": (
        "telnyx.types.calls.action_switch_supervisor_role_params",
        "ActionSwitchSupervisorRoleParams",
    ),
    "transcription_start": (
        "telnyx.types.calls.action_start_transcription_params",
        "ActionStartTranscriptionParams",
    ),
    "transcription_stop": ("telnyx.types.calls.action_stop_transcription_params", "ActionStopTranscriptionParams"),
    "transfer": ("telnyx.types.calls.action_transfer_params", "ActionTransferParams"),
}

#: Requests about the account → module and name of the SDK's description of their bodies.
REQUESTS = {
    "application_create": (
        "telnyx.types.call_control_application_create_params",
        "CallControlApplicationCreateParams",
    ),
    "application_update": (
        "telnyx.types.call_control_application_update_params",
        "CallControlApplicationUpdateParams",
    ),
    "conference_create": ("telnyx.types.conference_create_params", "ConferenceCreateParams"),
    "conference_end": ("telnyx.types.conferences.action_end_conference_params", "ActionEndConferenceParams"),
    "conference_hold": ("telnyx.types.conferences.action_hold_params", "ActionHoldParams"),
    "conference_join": ("telnyx.types.conferences.action_join_params", "ActionJoinParams"),
    "conference_leave": ("telnyx.types.conferences.action_leave_params", "ActionLeaveParams"),
    "conference_mute": ("telnyx.types.conferences.action_mute_params", "ActionMuteParams"),
    "conference_play": ("telnyx.types.conferences.action_play_params", "ActionPlayParams"),
    "conference_speak": ("telnyx.types.conferences.action_speak_params", "ActionSpeakParams"),
    "conference_stop": ("telnyx.types.conferences.action_stop_params", "ActionStopParams"),
    "conference_unhold": ("telnyx.types.conferences.action_unhold_params", "ActionUnholdParams"),
    "conference_unmute": ("telnyx.types.conferences.action_unmute_params", "ActionUnmuteParams"),
    "media_update": ("telnyx.types.media_update_params", "MediaUpdateParams"),
    "media_upload": ("telnyx.types.media_upload_params", "MediaUploadParams"),
    "message_send": ("telnyx.types.message_send_params", "MessageSendParams"),
    "number_update": ("telnyx.types.phone_number_update_params", "PhoneNumberUpdateParams"),
    "profile_create": ("telnyx.types.outbound_voice_profile_create_params", "OutboundVoiceProfileCreateParams"),
    "queue_create": ("telnyx.types.queue_create_params", "QueueCreateParams"),
    "queue_update": ("telnyx.types.queue_update_params", "QueueUpdateParams"),
    "profile_update": ("telnyx.types.outbound_voice_profile_update_params", "OutboundVoiceProfileUpdateParams"),
}

_NAME_OF_TYPE = {str: "a string", int: "an integer", bool: "a boolean", float: "a number"}


def _of_type(kind: type) -> Check:
    accepted: tuple[type, ...] = (int, float) if kind is float else (kind,)

    def check(value: object, pointer: str) -> None:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise errors.invalid(pointer, f"The value must be {_NAME_OF_TYPE[kind]}.")

    return check


def _one_of(allowed: tuple[object, ...]) -> Check:
    kinds = {(type(value), value) for value in allowed}

    def check(value: object, pointer: str) -> None:
        if not isinstance(value, str | int | bool) or (type(value), value) not in kinds:
            raise errors.not_one_of(pointer, allowed)

    return check


def _any_of(checks: tuple[Check, ...]) -> Check:
    def check(value: object, pointer: str) -> None:
        for alternative in checks:
            try:
                alternative(value, pointer)
            except errors.RefusalError:
                continue
            return
        raise errors.invalid(pointer, "The value matches none of the accepted forms.")

    return check


def _list_of(item: Check) -> Check:
    def check(value: object, pointer: str) -> None:
        if not isinstance(value, list):
            raise errors.invalid(pointer, "The value must be an array.")
        for index, element in enumerate(value):
            item(element, f"{pointer}/{index}")

    return check


def _map_of(item: Check) -> Check:
    def check(value: object, pointer: str) -> None:
        if not isinstance(value, dict):
            raise errors.invalid(pointer, "The value must be an object.")
        for name, element in value.items():
            item(element, f"{pointer}/{name}")

    return check


def _null(value: object, pointer: str) -> None:
    if value is not None:
        raise errors.invalid(pointer, "The value must be null.")


def _anything(_value: object, _pointer: str) -> None:
    return


class Description:
    """The parameters of a command, or the fields of an object inside one."""

    def __init__(self, described: type) -> None:
        self._described = described
        self._checks: dict[str, Check] | None = None
        self._required: tuple[str, ...] = ()

    @property
    def parameters(self) -> Mapping[str, Check]:
        """Return the check of each parameter, by the name it has on the wire."""
        if self._checks is None:
            self._checks = {}  # filled below: a description may contain itself
            self._checks.update(self._compiled())
        return self._checks

    def _compiled(self) -> dict[str, Check]:
        compiled: dict[str, Check] = {}
        required = set()
        for name, hint in get_type_hints(self._described, include_extras=True).items():
            alias, needed, plain = _unwrapped(name, hint)
            compiled[alias] = _check_of(plain)
            if needed:
                required.add(alias)
        self._required = tuple(sorted(required - _NOT_REQUIRED.get(self._described.__name__, frozenset())))
        return {**compiled, **{name: check for name, check in _WIDENED.items() if name in compiled}}

    @property
    def required(self) -> tuple[str, ...]:
        """Return the names that must be there."""
        return self._required if self.parameters else ()

    def check(self, value: object, pointer: str = "") -> None:
        """Check an object: unknown parameters, missing ones, then each value."""
        if not isinstance(value, dict):
            raise errors.invalid(pointer, "The value must be an object.")
        checks = self.parameters
        for name in value:
            if name not in checks:
                raise errors.unknown_parameter(f"{pointer}/{name}")
        for name in self._required:
            if name not in value or value[name] == "":
                raise errors.missing(f"{pointer}/{name}")
        for name, element in value.items():
            checks[name](element, f"{pointer}/{name}")


#: Parameters that Telnyx's OpenAPI description types otherwise than its SDK does: both are right.
_WIDENED = {"webhook_urls": _any_of((_map_of(_of_type(str)), _map_of(_list_of(_of_type(str)))))}

#: Parameters that the description requires and says to leave out beside another.
_NOT_REQUIRED = {"ActionBridgeParams": frozenset({"call_control_id"})}


def _unwrapped(name: str, hint: Any) -> tuple[str, bool, Any]:  # noqa: ANN401 - a type hint is of any type
    """Return a field's name on the wire, whether it is required, and its bare type."""
    required = False
    while True:
        origin = get_origin(hint)
        if origin in (Required, typing.Required):
            required, hint = True, get_args(hint)[0]
        elif origin in (NotRequired, typing.NotRequired):
            hint = get_args(hint)[0]
        elif origin is typing.Annotated:
            for extra in get_args(hint)[1:]:
                name = getattr(extra, "alias", None) or name
            hint = get_args(hint)[0]
        else:
            return name, required, hint


def _check_of(hint: Any) -> Check:  # noqa: ANN401, PLR0911 - a type hint is of any type; one return for each kind of it
    _, _, hint = _unwrapped("", hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _NAME_OF_TYPE:
        return _of_type(hint)
    if is_typeddict(hint):
        return description_of(hint).check
    if hint is type(None):
        return _null
    if origin is Literal or str(origin) == "typing.Literal":
        return _one_of(arguments)
    if origin is typing.Union or str(origin) == "<class 'types.UnionType'>":
        return _any_of(tuple(_check_of(argument) for argument in arguments))
    if origin in (dict, Mapping):
        return _map_of(_check_of(arguments[1]))
    if origin is not None and arguments:
        return _list_of(_check_of(arguments[0]))
    return _anything


@cache
def description_of(described: type) -> Description:
    """Return the description made of a TypedDict."""
    return Description(described)


@cache
def command(action: str) -> Description:
    """Return the description of an action's parameters; the SDK's module is imported at its first use."""
    return _read(*DESCRIPTIONS[action])


@cache
def request(kind: str) -> Description:
    """Return the description of a request about the account, imported as above."""
    return _read(*REQUESTS[kind])


def _read(module: str, name: str) -> Description:
    return description_of(getattr(importlib.import_module(module), name))


def preload() -> None:
    """Read all descriptions now: importing the SDK takes longer than a caller of the API would wait."""
    for action in DESCRIPTIONS:
        command(action).parameters  # noqa: B018 - looking at them compiles them
    for kind in REQUESTS:
        if kind.startswith("conference_"):
            request(kind).parameters  # noqa: B018 - as above
