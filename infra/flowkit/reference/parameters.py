"""Which key of a flow sets which parameter of Telnyx's commands: found by entering steps, with the key and without."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dialtone.domain.calls import Call
from dialtone.domain.telnyx_actions import ACTIONS
from dialtone.flow.parser import read_flow

COMMANDS = (
    "speak",
    "playback_start",
    "playback_stop",
    "record_start",
    "record_stop",
    "record_pause",
    "record_resume",
)
"""Those that people and flows give on a live call, of speech, audio and recordings."""

NOT_A_KEYS: Mapping[str, str] = {
    "client_state": "which step the command is of: the engine's own",
    "recording_id": (
        "none: Telnyx reports the id of what `record_start` began only once it has been saved, and lists it no sooner; "
        "let one recording run at a time"
    ),
}
"""Parameters that no key sets, and why."""

_SPOKEN, _PLAYED = {"say": "Hello."}, {"play": {"audio": "https://www.example.com/a.mp3"}}
_RECORDING: Mapping[str, Any] = {"recording": "start", "track": "both"}


class Example(NamedTuple):
    """A step that has the key."""

    key: str
    step: Mapping[str, Any]
    without: Mapping[str, Any] | None
    """The same step without the key; None if there is no such step."""
    top: Mapping[str, Any] = {}
    """What the flow says."""


EXAMPLES = (
    Example("`say`", _SPOKEN, None),
    Example("a prompt's `ssml`", {"say": {"ssml": "<speak>Hello.</speak>"}}, _SPOKEN),
    Example("`voice`", {**_SPOKEN, "voice": "female"}, _SPOKEN),
    Example("`language`", {**_SPOKEN, "language": "en-GB"}, _SPOKEN),
    Example("`voice_settings`", _SPOKEN, _SPOKEN, {"voice_settings": {"volume": 1}}),
    Example("`speed`", {**_SPOKEN, "speed": 1.5}, _SPOKEN),
    Example("`say`: `times`", {**_SPOKEN, "times": 2}, _SPOKEN),
    Example("`say`: `to`", {**_SPOKEN, "to": "both"}, _SPOKEN),
    Example("`say`: `stop`", {**_SPOKEN, "stop": "all"}, _SPOKEN),
    Example("`say`: `service_level`", {**_SPOKEN, "service_level": "premium"}, _SPOKEN),
    Example("a prompt's `audio`", _PLAYED, None),
    Example("a prompt's `media`", {"play": {"media": "tune"}}, None),
    Example("a prompt's `file`", {"play": {"file": "tune.mp3"}}, None),
    Example("a prompt's `content`", {"play": {"content": "UklGRg=="}}, None),
    Example("a prompt's `audio_type`", {"play": {**_PLAYED["play"], "audio_type": "wav"}}, _PLAYED),
    Example("a prompt's `cache_audio`", {"play": {**_PLAYED["play"], "cache_audio": False}}, _PLAYED),
    Example("`play`: `times`", {**_PLAYED, "times": 2}, _PLAYED),
    Example("`play`: `overlay`", {**_PLAYED, "overlay": True}, _PLAYED),
    Example("`play`: `to`", {**_PLAYED, "to": "both"}, _PLAYED),
    Example("`play`: `stop`", {**_PLAYED, "stop": "all"}, _PLAYED),
    Example("`play: null` with `stop`", {"play": None, "stop": "current"}, None),
    Example("`play: null` with `stop: overlay`", {"play": None, "stop": "overlay"}, {"play": None, "stop": "all"}),
    *(
        Example(f"`recording: start`, `record`: `{key}`", {**_RECORDING, key: value}, _RECORDING)
        for key, value in {
            "format": "wav",
            "channels": "single",
            "beep": True,
            "trim": True,
            "max_seconds": 60,
            "silence_seconds": 5,
            "file_name": "orders",
            "transcription": True,
        }.items()
    ),
    Example(
        "`recording: start`, `record`: `track`",
        {**_RECORDING, "track": "inbound", "channels": "single"},
        {**_RECORDING, "channels": "single"},
    ),
    *(
        Example(
            f"`transcription`: `{key}`",
            {**_RECORDING, "transcription": {key: value}},
            {**_RECORDING, "transcription": True},
        )
        for key, value in {
            "engine": "B",
            "language": "en",
            "profanity_filter": True,
            "speakers": True,
            "min_speakers": 2,
            "max_speakers": 3,
        }.items()
    ),
)


def rows() -> Iterator[tuple[str, str, str]]:
    """Every parameter of the commands: (command, parameter, the keys that set it or why none does)."""
    found = {example.key: _set_by(example) for example in EXAMPLES}
    for action in COMMANDS:
        for parameter in sorted(ACTIONS[action].parameters):
            keys = [key for key, sets in found.items() if (action, parameter) in sets]
            yield action, parameter, ", ".join(keys) or NOT_A_KEYS.get(parameter, "")


def _set_by(example: Example) -> set[tuple[str, str]]:
    with_key, without = _parameters(example.step, example.top), _parameters(example.without, {})
    return {named for named, value in with_key.items() if without.get(named) != value}


def _parameters(step: Mapping[str, Any] | None, top: Mapping[str, Any]) -> dict[tuple[str, str], object]:
    """What the commands say that the step gives when a call enters it."""
    if step is None:
        return {}
    flow = read_flow("example.yaml", json.dumps({"flow": "example", **top, "steps": {"step": step}}))
    entered = flow.steps["step"]
    call = Call(session_id="session", leg_id="leg", control_id="control", entered_at="2026-03-02T10:00:00Z")
    move = entered.enter(call, entered.voice_defaults(flow.voice_defaults))
    return {
        (each.action, name): value for each in getattr(move, "commands", ()) for name, value in each.parameters.items()
    }
