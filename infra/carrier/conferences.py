"""Conferences: who is in one, who hears whom, and how it begins and ends."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from infra.carrier import errors
from infra.carrier.audio import brief
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Announcement, Conference, Leg, Participant, Prompt
from infra.carrier.trace import Heard

#: How long a conference lasts at the most (create's description).
LONGEST_SECONDS = 14_400.0
BEEP_SECONDS = 0.5


def found(exchange: Exchange, reference: str) -> Conference:
    """Return a conference by its id, or by its name while it lasts. Raises RefusalError."""
    named = exchange.conferences.get(reference) or active(exchange, reference)
    if named is None:
        raise errors.not_found()
    return named


def active(exchange: Exchange, name: str) -> Conference | None:
    """Return the open conference of that name."""
    return next((each for each in exchange.conferences.values() if each.name == name and each.ended is None), None)


def place_of(leg: Leg) -> tuple[Conference, Participant] | None:
    """Return the conference that a leg is in, and its place there."""
    participant = leg.conference.of(leg) if leg.conference else None
    return (leg.conference, participant) if leg.conference and participant else None


def create(exchange: Exchange, conference: Conference) -> None:
    """Begin a conference with the call that creates it. Raises RefusalError."""
    if active(exchange, conference.name):
        raise errors.cannot("Conference with given name already exists and it's active.")
    _free(conference.owner)
    exchange.conferences[conference.id] = conference
    _tell(
        exchange,
        conference,
        conference.owner,
        "conference.created",
        occurred_at=exchange.timestamp(conference.owner, None),
    )
    join(exchange, conference, Participant(exchange.new_id(), conference.owner, exchange.clock.now))


def join(exchange: Exchange, conference: Conference, participant: Participant, *, starts: bool = False) -> None:
    """Let a call into a conference; what was played to it or gathered of it ends. Raises RefusalError."""
    leg = participant.leg
    if conference.ended is not None:
        raise errors.conference_ended()
    _free(leg)
    if len(conference.participants) >= conference.max_participants:
        raise errors.conference_full(conference.max_participants)
    if leg.gather is not None:
        leg.gather.end("cancelled")
    leg.audio.stop(leg, "all")
    conference.participants.append(participant)
    leg.conference = conference
    _tell(exchange, conference, leg, "conference.participant.joined")
    if starts:
        start(conference)
    attend(conference)
    _beep(exchange, conference, participant, "on_enter")


def start(conference: Conference) -> None:
    """Connect the waiting participants."""
    conference.started = True
    attend(conference)


def attend(conference: Conference) -> None:
    """Let music begin for those on hold and end for the others."""
    for each in conference.participants:
        music = (each.music or conference.hold) if conference.on_hold(each) else None
        if music is not each.leg.hold_music:
            if each.leg.hold_music is not None:
                each.leg.audio.withdraw(each.leg, each.leg.hold_music)
            each.leg.hold_music = music
            if music is not None:
                each.leg.audio.add(each.leg, music)


def leave(exchange: Exchange, leg: Leg) -> list[Leg]:
    """Take a call out of its conference and park it; returns the calls that end, since it ended with this one."""
    place = place_of(leg)
    if place is None:
        return []
    conference, participant = place
    _part(exchange, conference, participant)
    if participant.ends_conference or participant.soft_ends_conference:
        return end(exchange, conference, "host_left", leg, hangs_up=participant.ends_conference)
    if not conference.participants:
        end(exchange, conference, "all_left", leg)
    else:
        _beep(exchange, conference, participant, "on_exit")
    return []


def end(
    exchange: Exchange, conference: Conference, reason: str, by: Leg | None = None, *, hangs_up: bool = True
) -> list[Leg]:
    """End a conference; returns the calls that end with it, unless they are only parked."""
    if conference.ended is not None:
        raise errors.conference_ended()
    legs = [each.leg for each in conference.participants]
    conference.ended, conference.end_reason, conference.ended_by = exchange.clock.now, reason, by
    if conference.timer is not None:
        conference.timer.cancel()
    for announcement in conference.announcements:
        if announcement.timer is not None:
            announcement.timer.cancel()
    for each in list(conference.participants):
        _part(exchange, conference, each)
    about = {"reason": reason, "occurred_at": exchange.timestamp(conference.owner, None)}
    _tell(exchange, conference, conference.owner, "conference.ended", **about)
    return legs if hangs_up else []


def announce(exchange: Exchange, conference: Conference, prompt: Prompt, to: tuple[str, ...]) -> None:
    """Let something be heard in a conference, by these calls or by all."""
    announcement = Announcement(prompt, to)
    conference.announcements.append(announcement)
    _announced(exchange, conference, announcement, "started")
    _sound(exchange, conference, announcement)


def silence(exchange: Exchange, conference: Conference, to: tuple[str, ...]) -> None:
    """Stop speech and audio, for these calls or for all."""
    for each in [each for each in conference.announcements if not to or set(to) & set(each.to)]:
        _over(exchange, conference, each)


def listeners(leg: Leg) -> list[Leg]:
    """Return the legs that hear what is said on a leg: its peer, or the others in its conference."""
    if leg.peer is not None:
        return [leg.peer]
    place = place_of(leg)
    if place is None:
        return []
    conference, speaker = place
    if speaker.muted or conference.on_hold(speaker):
        return []
    return [each.leg for each in conference.participants if each.leg is not leg and _hears(conference, each, speaker)]


def _hears(conference: Conference, each: Participant, speaker: Participant) -> bool:
    if speaker.role == "whisper" and each.leg.name.call_control_id not in speaker.whispers_to:
        return False
    return not conference.on_hold(each)


def _free(leg: Leg) -> None:
    if leg.conference is not None:
        raise errors.cannot("The call is in a conference already.")


def _part(exchange: Exchange, conference: Conference, participant: Participant) -> None:
    leg = participant.leg
    conference.participants.remove(participant)
    leg.conference = None
    if leg.hold_music is not None:
        leg.audio.withdraw(leg, leg.hold_music)
        leg.hold_music = None
    _tell(exchange, conference, leg, "conference.participant.left")


def _meant(conference: Conference, to: tuple[str, ...]) -> Iterator[Participant]:
    return (each for each in conference.participants if not to or each.leg.name.call_control_id in to)


def _sound(exchange: Exchange, conference: Conference, announcement: Announcement) -> None:
    prompt = announcement.prompt
    for each in _meant(conference, announcement.to):
        _heard(exchange, each.leg, prompt.kind, prompt.what, prompt.seconds)
    announcement.timer = exchange.clock.after(
        max(prompt.seconds, 0.001), lambda: _sounded(exchange, conference, announcement)
    )


def _sounded(exchange: Exchange, conference: Conference, announcement: Announcement) -> None:
    loops = announcement.prompt.loops
    if loops is None or loops > 1:
        announcement.prompt = replace(announcement.prompt, loops=loops and loops - 1)
        _sound(exchange, conference, announcement)
        return
    _over(exchange, conference, announcement)


def _over(exchange: Exchange, conference: Conference, announcement: Announcement) -> None:
    conference.announcements.remove(announcement)
    if announcement.timer is not None:
        announcement.timer.cancel()
    _announced(exchange, conference, announcement, "ended")


def _announced(exchange: Exchange, conference: Conference, announcement: Announcement, what: str) -> None:
    """Report it of the conference, or of each of the participants who were named."""
    kind = "speak" if announcement.prompt.kind == "speech" else "playback"
    about = {
        "creator_call_session_id": conference.owner.name.call_session_id,
        "conference_id": conference.id,
        "connection_id": conference.owner.application.connection_id,
        "occurred_at": exchange.timestamp(conference.owner, None),
        **dict(announcement.prompt.media),
    }
    if not announcement.to:
        exchange.post(conference.owner, f"conference.{kind}.{what}", about)
    for each in _meant(conference, announcement.to) if announcement.to else ():
        _tell(exchange, conference, each.leg, f"conference.participant.{kind}.{what}", **about)


def _beep(exchange: Exchange, conference: Conference, participant: Participant, when: str) -> None:
    if (participant.beeps or conference.beeps) not in {"always", when} or not conference.started:
        return
    for each in conference.participants:
        if each is not participant and not conference.on_hold(each):
            _heard(exchange, each.leg, "beep", "beep", BEEP_SECONDS)


def _heard(exchange: Exchange, leg: Leg, kind: str, what: str, seconds: float) -> None:
    now = exchange.clock.now
    exchange.tell(Heard(at=now, leg=leg.name, kind=kind, what=what, seconds=seconds))
    leg.party.hears(leg, brief(kind, what, seconds, now, leg))


def _tell(exchange: Exchange, conference: Conference, leg: Leg, event_type: str, **more: Any) -> None:  # noqa: ANN401 - JSON
    """Send a webhook about a leg in a conference: with the client state of the conference, not of the leg."""
    name = leg.name
    about = {
        "call_control_id": name.call_control_id,
        "call_leg_id": name.call_leg_id,
        "call_session_id": name.call_session_id,
        "client_state": conference.client_state,
        "conference_id": conference.id,
        "connection_id": leg.application.connection_id,
    }
    exchange.post(leg, event_type, {**about, **more})
