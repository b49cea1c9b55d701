"""What events and refusals say about the recordings of a call, and what has to be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import RECORDING_ERROR, UNIDENTIFIED, Decision, stay
from dialtone.domain.delivery_targets import DeliveryAsked
from dialtone.domain.recording_identity import SavedFile, identify, names_in, number_named
from dialtone.domain.recordings import (
    CERTAIN,
    EXPECTED,
    FAILED,
    LIKELY,
    SAVED,
    UNASKED,
    UNCERTAIN,
    ArchiveJob,
    Pause,
    Recording,
    Report,
    Review,
    download_addresses,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialtone.domain.calls import Call
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event

NO_TURN = -1
"""For a recording that no step asked for."""

MAX_REPORTED = 16
"""Recordings that a call remembers after they have arrived; ours can also be recognised by file name."""


def reviewed(call: Call, number: int, verdict: str) -> Decision:
    """The caller decided about a message: the ledger notes it, and the archive rewrites the metadata."""
    review = Review(f"{call.leg_id}-{number:02d}", verdict)
    job = ArchiveJob("metadata", call.session_id, call.leg_id, recording=review.recording)
    # The metadata of a recording still to come will be written with this decision in it.
    noted = (each._replace(review=verdict) if each.number == number else each for each in call.recordings)
    return Decision(call._replace(recordings=tuple(noted)), reviews=(review,), archive=(job,))


def to_be_delivered(call: Call, targets: tuple[DeliveryTarget, ...]) -> Decision:
    """Have the call's last recording delivered to these targets: the ledger notes them, even before it has arrived."""
    asked = DeliveryAsked(f"{call.leg_id}-{call.recordings_asked:02d}", targets)
    # The metadata of a recording still to come will be written with these targets in it.
    noted = (
        each._replace(deliver=targets) if each.number == call.recordings_asked else each for each in call.recordings
    )
    return Decision(call._replace(recordings=tuple(noted)), deliveries=(asked,))


def with_metadata_jobs(before: Call, decision: Decision) -> Decision:
    """The decision with jobs that add the call's outcome to the metadata of the recordings that have arrived.

    Later recordings are written with it. A call is over when its flow is: steps may follow the hang-up.
    """
    after = decision.call
    if not _is_over(after) or (_is_over(before) and _result(before) == _result(after)):
        return decision
    jobs = (
        ArchiveJob("metadata", after.session_id, after.leg_id, recording=f"{after.leg_id}-{each.number:02d}")
        for each in after.reported
    )
    return decision._replace(archive=(*decision.archive, *jobs))


def _is_over(call: Call) -> bool:
    return bool(call.ended_at) and not call.goes_on


def _result(call: Call) -> tuple[str, dict[str, str]]:
    return call.outcome, dict(call.variables)


def recording_saved(call: Call, event: Event) -> Decision:
    """A recording is ready: its ledger entry says so, and the archive is asked to copy it.

    If it is doubtful whether the call asked for it, it gets an entry of its own, and the recording that was asked for
    stays expected.
    """
    addresses = download_addresses(event)
    began = event.time("recording_started_at")
    formats = frozenset(filter(None, (event.text("format"), *addresses)))
    file = SavedFile(began, event.text("channels"), formats, names_in(addresses.values()))
    report = _report(event, file)
    if number := next((each.number for each in call.reported if each.is_of(report)), 0):
        return _come_again(call, event, number)
    match = identify(call.recordings, call.leg_id, file)
    asked = match.recording
    if asked is None and (number := number_named(call.leg_id, call.recordings_asked, file.names)):
        return _come_again(call, event, number)
    recording = (asked or _unsolicited_recording(call, event, match.may_be))._replace(
        status=SAVED,
        reason="",
        pauses=_pauses_within(asked, began, event.time("recording_ended_at")),
        identity=match.identity,
        identity_reason=match.reason,
        channels=event.text("channels") or (asked.channels if asked else ""),
        format=event.text("format") or (asked.format if asked else ""),
        recording_id=event.text("recording_id"),
        started_at=began or event.occurred_at,
        ended_at=event.time("recording_ended_at"),
    )
    call = _without(call, asked) if asked else call._replace(recordings_asked=call.recordings_asked + 1)
    reported = (*call.reported, report._replace(number=recording.number))[-MAX_REPORTED:]
    call, failed = _by_elimination(call._replace(reported=reported), asked)
    decision = Decision(
        _clear_recorder_if_idle(call),
        recordings=(recording, *failed),
        archive=(_audio_job(call, event, recording.name),),
    )
    if match.identity != UNCERTAIN:
        return decision
    return decision._replace(reason=f"{recording.name} is doubtful: {match.reason}", incidents=(UNIDENTIFIED,))


def _come_again(call: Call, event: Event, number: int) -> Decision:
    """A recording whose file name belongs to an entry that is closed: the archive goes by what the ledger says."""
    name = f"{call.leg_id}-{number:02d}"
    return Decision(call, archive=(_audio_job(call, event, name),), reason=f"{name} has come before, or was given up")


def _audio_job(call: Call, event: Event, recording: str) -> ArchiveJob:
    return ArchiveJob(
        kind="audio",
        call_session_id=call.session_id,
        call_leg_id=call.leg_id,
        recording=recording,
        recording_id=event.text("recording_id"),
    )


def recording_error(call: Call, event: Event) -> Decision:
    """Telnyx could not store a recording, and does not say which one: the ledger says why.

    If only one is expected, it has failed, but its entry stays in case its audio arrives after all. If several are
    expected, each becomes doubtful and stays expected: the others' arrival may settle it, else Telnyx has to be asked.
    """
    reason = f"Telnyx: {event.text('reason')}"
    expected = call.expected_recordings
    if not expected:
        return stay(call, f"a recording failed, none is expected: {reason}")._replace(incidents=(RECORDING_ERROR,))
    if len(expected) == 1:
        status, identity, why = FAILED, LIKELY, "it was the only one expected when Telnyx reported an error"
    else:
        names = ", ".join(each.name for each in expected)
        status, identity, why = EXPECTED, UNCERTAIN, f"Telnyx reported an error for one of {names}"
    noted = tuple(
        each._replace(status=status, reason=reason, identity=identity, identity_reason=why) for each in expected
    )
    named = {each.number: each for each in noted}
    call = call._replace(recordings=tuple(named.get(each.number, each) for each in call.recordings))
    return Decision(_clear_recorder_if_idle(call), recordings=noted, reason=reason, incidents=(RECORDING_ERROR,))


def pause_refused(call: Call, event: Event) -> Call:
    """The call whose pause was refused: its recordings contain what was to be left out."""
    recordings = (
        each._replace(
            pauses=each.pauses and tuple(pause for pause in each.pauses if pause.began != event.occurred_at),
        )
        for each in call.recordings
    )
    return call._replace(recorder="on" if call.recorder else "", recordings=tuple(recordings))


def recording_refused(
    call: Call, reason: str, *, names: Sequence[str], turns: Sequence[int], call_ended: bool
) -> Decision:
    """Commands that promised recordings were not obeyed: those will not come, and the ledger says why.

    They are identified by file name, or by step sequence number if they were requested without one.
    """
    refused = [each for each in call.recordings if (each.file_name in names if each.file_name else each.turn in turns)]
    if not refused:
        return stay(call, reason)
    failed = tuple(each._replace(status=FAILED, reason=reason, identity=CERTAIN) for each in refused)
    left = call._replace(recordings=tuple(each for each in call.recordings if each not in refused))
    incidents = () if call_ended else (RECORDING_ERROR,) * len(failed)
    return Decision(_clear_recorder_if_idle(left), recordings=failed, reason=reason, incidents=incidents)


def transcript_saved(call: Call, event: Event) -> Decision:
    """A transcript is ready: the archive is asked to store it beside its recording."""
    job = ArchiveJob(
        kind="transcript",
        call_session_id=call.session_id,
        call_leg_id=call.leg_id,
        recording_id=event.text("recording_id"),
        transcription_id=event.text("recording_transcription_id"),
        transcription_status=event.text("status"),
    )
    return Decision(call, archive=(job,))


def _pauses_within(recording: Recording | None, began: str, ended: str) -> tuple[Pause, ...] | None:
    """The recording's pauses within its own time: the others belong to other recordings of the leg, or to none."""
    if recording is None or recording.pauses is None:
        return None
    within = [
        each._replace(ended=min(each.ended or ended, ended or each.ended))
        for each in recording.pauses
        if (not ended or each.began < ended) and (not each.ended or each.ended > began)
    ]
    return tuple(within)


def _unsolicited_recording(call: Call, event: Event, may_be: Recording | None) -> Recording:
    """A new entry. If it may be the recording that a step waits for, it counts as that: the caller was recorded."""
    return Recording(
        call_session_id=call.session_id,
        call_leg_id=call.leg_id,
        number=call.recordings_asked + 1,
        turn=may_be.turn if may_be else NO_TURN,
        requested_at=event.occurred_at,
        source=UNASKED,
        from_number=call.from_number,
        to_number=call.to_number,
        direction=call.direction,
        flow=call.flow,
        flow_version=call.flow_version,
        retention_days=call.retention_days,
    )


def _report(event: Event, file: SavedFile) -> Report:
    return Report.of(file.started_at or event.occurred_at, file.channels, event.text("recording_id"), file.names)


def _by_elimination(call: Call, come: Recording | None) -> tuple[Call, tuple[Recording, ...]]:
    """After an error for one of several recordings, once all but one have arrived, the last one is the failed one."""
    doubtful = [each for each in call.expected_recordings if each.identity == UNCERTAIN]
    if come is None or come.identity != UNCERTAIN or len(doubtful) != 1:
        return call, ()
    why = "Telnyx reported an error for one of several, and the others have come"
    failed = doubtful[0]._replace(status=FAILED, identity=LIKELY, identity_reason=why)
    left = (failed if each.number == failed.number else each for each in call.recordings)
    return call._replace(recordings=tuple(left)), (failed,)


def _without(call: Call, recording: Recording) -> Call:
    return call._replace(recordings=tuple(each for each in call.recordings if each != recording))


def _clear_recorder_if_idle(call: Call) -> Call:
    """Once the last requested recording has arrived, no recorder runs."""
    return call if call.expected_recordings else call._replace(recorder="")
