"""What holds of a call however late and often its webhooks come, also if people hang up meanwhile."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from dialtone.domain.calls import Call
from dialtone.domain.recordings import SAVED
from infra.carrier.delivery import LATE_SECONDS, Event
from infra.carrier.legs import Leg
from infra.flowkit.stage import Stage
from tests.drills.call_checkers import doubled, lost, sessions_of, unended
from tests.drills.report import LOST, STUCK, WRONG, Violation
from tests.simulation.plays import CONNECTED_ENDS


def broken_promises(stage: Stage, undisturbed_seconds: float) -> list[Violation]:
    """Every promise that is broken at the end of a play, which lasts so long if nothing is late."""
    return [
        *unended(stage.carrier, stage.store),
        *doubled(stage.carrier, stage.store),
        *lost(stage.carrier, stage.store),
        *_answered_otherwise(stage),
        *_stuck(stage, undisturbed_seconds),
        *_recordings_lost(stage),
        *_untrue(stage),
    ]


def lasted(stage: Stage) -> float:
    """When the last leg ended, in seconds."""
    return max(leg.ended or 0.0 for leg in stage.carrier.legs)


def _answered_otherwise(stage: Stage) -> Iterator[Violation]:
    """Every webhook is answered 200, unless a fault loses the answer."""
    for given_up in stage.carrier.given_up:
        yield Violation(LOST, f"{given_up.event_type} was never accepted: {given_up.reason}")
    for delivery in stage.carrier._deliveries.settled:  # noqa: SLF001 -- the carrier's own account
        for attempt in delivery.attempts:
            if attempt.status not in {HTTPStatus.OK, None}:
                yield Violation(WRONG, f"{delivery.event.event_type} was answered {attempt.status}")


def _stuck(stage: Stage, undisturbed_seconds: float) -> Iterator[Violation]:
    """No event holds a call up for longer than it is late itself."""
    longest = undisturbed_seconds + len(stage.received) * LATE_SECONDS[1]
    if (took := lasted(stage)) > longest:
        yield Violation(STUCK, f"it took {took:.0f} s, and {undisturbed_seconds:.0f} s if nothing is late")


def _recordings_lost(stage: Stage) -> Iterator[Violation]:
    """Every recording that Telnyx has made is in the ledger, and the archive has the job to copy it."""
    entries = [entry for session in sessions_of(stage.carrier) for entry in stage.store.recordings(session)]
    saved = {entry.name for entry in entries if entry.status == SAVED}
    jobs = [job for job in stage.jobs.put_jobs if job.kind == "audio" and job.recording in saved]
    addresses = [address for job in jobs for address in (job.urls or {}).values()]
    for made in stage.carrier.recordings.saved():
        if not any(made.id in address for address in addresses):
            yield Violation(LOST, f"recording {made.id} of {made.leg.name.call_leg_id} is not archived")


def _untrue(stage: Stage) -> Iterator[Violation]:
    """What is stored of a call is what became of it at Telnyx, in whatever order events came."""
    legs = {leg.name.call_leg_id: leg for leg in stage.carrier.legs}
    for session in sessions_of(stage.carrier):
        for call in stage.store.legs(session):
            real = _real(legs[call.leg_id])
            if (stored := _stored(call)) != real:
                yield Violation(WRONG, f"the table has {stored} of {call.leg_id}, Telnyx {real}")
            if call.outcome in CONNECTED_ENDS and not (real["bridged"] or _in_conference(legs[call.leg_id])):
                yield Violation(WRONG, f"{call.leg_id} is {call.outcome} and was never connected")


def _stored(call: Call) -> Mapping[str, Any]:
    return {
        "answered": bool(call.answered_at),
        "bridged": bool(call.bridged_at),
        "cause": call.hangup_cause,
        "source": call.hangup_source,
    }


def _real(leg: Leg) -> Mapping[str, Any]:
    reported = _reported(leg)
    hangup = next(each.payload for each in reported if each.event_type == "call.hangup")
    return {
        "answered": leg.answered is not None,
        "bridged": any(each.event_type == "call.bridged" for each in reported),
        "cause": hangup["hangup_cause"],
        "source": hangup["hangup_source"],
    }


def _in_conference(leg: Leg) -> bool:
    return any(each.event_type == "conference.participant.joined" for each in _reported(leg))


def _reported(leg: Leg) -> list[Event]:
    return [each for each in leg.session.reported if each.payload.get("call_leg_id") == leg.name.call_leg_id]
