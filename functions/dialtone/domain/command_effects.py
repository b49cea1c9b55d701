"""What a command changes about its call when it is issued: recorder, expected recordings, bridged legs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import command
from dialtone.domain.decisions import Decision
from dialtone.domain.recording_identity import file_name
from dialtone.domain.recordings import (
    ASKED_FOR,
    FROM_ANSWER,
    RECORD_START,
    SENSITIVE,
    Pause,
    Recording,
    Transcription,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.callee_legs import CalleeLeg
    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event

DEFAULT_ENGINE = "A"
"""The transcription engine that Telnyx uses if a command names none (its API description)."""


def with_commands(
    call: Call,
    commands: tuple[Command, ...],
    event: Event,
    *,
    pausing: str = SENSITIVE,
    deliver: tuple[DeliveryTarget, ...] = (),
) -> Decision:
    """The call after these commands were issued, with the recordings that they promise, each under its name.

    `pausing` is why a recording is paused, if one is; `deliver` says who gets a recording that is started.
    """
    sent: list[Command] = []
    promised: list[Recording] = []
    if call.outside:
        call, commands = _as_held_from_outside(call, commands)
    for asked in commands:
        call = call._replace(
            recorder=_recorder_after(asked, call),
            far_legs=_far_legs_after(asked, call),
            recordings=_recordings_after(asked, call, event.occurred_at, pausing),
        )
        recording = _promised(call, asked, event)
        if recording is None:
            sent.append(asked)
            continue
        if recording.source == RECORD_START:
            recording = recording._replace(deliver=deliver)
        sent.append(_named(asked, recording))
        promised.append(recording)
        call = call._replace(recordings=(*call.recordings, recording), recordings_asked=recording.number)
    return Decision(call, tuple(sent), tuple(promised))


def _as_held_from_outside(call: Call, commands: tuple[Command, ...]) -> tuple[Call, tuple[Command, ...]]:
    """The call and its flow's commands. A recording paused by the control API is not resumed by the flow."""
    outside = call.outside
    assert outside is not None  # noqa: S101 -- as it was asked
    outside = outside.stopped_by_flow(commands)
    left: list[Command] = []
    for asked in commands:
        own = outside.paused and asked.call_control_id == call.control_id
        if own and asked.action in {"record_pause", "record_resume"}:
            outside = outside._replace(flow_paused=asked.action == "record_pause")
            continue
        left.append(asked)
        if own and asked.action == "record_start":
            left.append(command("record_pause", call.control_id))
    return call._replace(outside=outside.or_none), tuple(left)


def _promised(call: Call, asked: Command, event: Event) -> Recording | None:
    from_answer = asked.action == "answer" and "record" in asked.parameters
    if not from_answer and asked.action != "record_start":
        return None
    prefix = "record_" if from_answer else ""
    number = call.recordings_asked + 1
    return Recording(
        call_session_id=call.session_id,
        call_leg_id=call.leg_id,
        number=number,
        turn=call.turn,
        requested_at=event.occurred_at,
        source=FROM_ANSWER if from_answer else RECORD_START,
        channels=str(asked.parameters.get(f"{prefix}channels", "")),
        format=str(asked.parameters.get(f"{prefix}format", "")),
        from_number=call.from_number,
        to_number=call.to_number,
        consent=call.consent,
        direction=call.direction,
        flow=call.flow,
        flow_version=call.flow_version,
        retention_days=call.retention_days,
        step=call.step,
        pauses=(),
        transcription=_transcription(asked),
        trimmed=bool(asked.parameters.get(f"{prefix}trim")),
        silence_seconds=_count(asked.parameters.get(f"{prefix}timeout_secs")),
        max_seconds=_count(asked.parameters.get(f"{prefix}max_length")),
        file_name=file_name(call.leg_id, number, str(asked.parameters.get(f"{prefix}custom_file_name", ""))),
    )


def _transcription(asked: Command) -> Transcription:
    if not asked.parameters.get("transcription"):
        return Transcription()
    engine = str(asked.parameters.get("transcription_engine", DEFAULT_ENGINE))
    return Transcription(ASKED_FOR, engine, str(asked.parameters.get("transcription_language", "")))


def _recordings_after(asked: Command, call: Call, now: str, why: str) -> tuple[Recording, ...]:
    """The recordings with the pause that a command begins or ends: it affects all that run on the leg."""
    if asked.action not in {"record_pause", "record_resume"} or asked.call_control_id != call.control_id:
        return call.recordings
    paused = asked.action == "record_pause"
    return tuple(
        each
        if each.pauses is None
        else each._replace(pauses=_begun(each.pauses, now, why) if paused else _over(each.pauses, now))
        for each in call.recordings
    )


def _begun(pauses: tuple[Pause, ...], now: str, why: str) -> tuple[Pause, ...]:
    return pauses if pauses and not pauses[-1].ended else (*pauses, Pause(now, why=why))


def _over(pauses: tuple[Pause, ...], now: str) -> tuple[Pause, ...]:
    if not pauses or pauses[-1].ended:
        return pauses
    *before, last = pauses
    return tuple(before) if last.began == now else (*before, last._replace(ended=now))


def _count(parameter: object) -> int:
    return parameter if isinstance(parameter, int) else 0


def _named(asked: Command, recording: Recording) -> Command:
    name = "record_custom_file_name" if asked.action == "answer" else "custom_file_name"
    return asked._replace(parameters={**asked.parameters, name: recording.file_name})


_RECORDER_AFTER = {"record_start": "on", "record_pause": "paused", "record_resume": "on", "record_stop": ""}


def _recorder_after(asked: Command, call: Call) -> str:
    if asked.action == "answer" and asked.parameters.get("record"):
        return "on"
    if asked.action == "record_stop" and len(call.expected_recordings) > 1:
        # Telnyx does not say which recording it stops, so one may still run, and must be paused for a card number.
        return call.recorder
    return _RECORDER_AFTER.get(asked.action, call.recorder)


def _far_legs_after(asked: Command, call: Call) -> Mapping[str, CalleeLeg]:
    if asked.action != "bridge" or (asked.call_control_id != call.control_id and "queue" not in asked.parameters):
        return call.far_legs  # two others are connected with one another
    # With a queue, the leg itself is connected: with the queue's first caller.
    bridged = asked.call_control_id if "queue" in asked.parameters else asked.parameters.get("call_control_id")
    return {
        leg_id: leg._replace(connected=True, bridged=False) if leg.control_id == bridged else leg
        for leg_id, leg in call.far_legs.items()
    }


def callee_state(call: Call, *, dialled: bool, role: str = "") -> ClientState:
    """The client state of a callee's leg, which assigns its events to the call."""
    return ClientState(turn=call.turn, flow=call.flow, parent_leg=call.leg_id, dialled=dialled, role=role)
