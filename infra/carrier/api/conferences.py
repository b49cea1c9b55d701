"""The part of the API about conferences, the commands to them, and who is in them. Recordings of one are left out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dialtone.domain.hangup_causes import NORMAL_CLEARING
from infra.carrier import calls, commands, conferences, dialling, errors, queues
from infra.carrier.api import call_events as call_events_api
from infra.carrier.api import checks
from infra.carrier.api.requests import only, page, parameters
from infra.carrier.audio import speech
from infra.carrier.legs import DEFAULT_MAX_PARTICIPANTS, Conference, Participant, Prompt
from infra.carrier.trace import Commanded
from infra.carrier.wire import as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.carrier.exchange import Exchange
    from infra.carrier.legs import Leg
    from infra.carrier.wire import Request, Response

    Given = dict[str, Any]

_PATH = re.compile(r"/v2/conferences(?:/([^/]+)(?:/actions/([a-z_]+)|(/participants))?)?")
#: How long a command_id is remembered, as for calls.
COMMAND_ID_SECONDS = 60.0
SECONDS_A_MINUTE = 60


def routed(exchange: Exchange, request: Request) -> tuple[str, Callable[[], Response]] | None:
    """Return the action and its handler; None for a request about another resource."""
    match = _PATH.fullmatch(request.path)
    if match is None:
        return None
    reference, action, participants = unquote(match[1] or ""), match[2], match[3]
    if not reference:
        only(request, "GET", "POST")
        if request.method == "POST":
            return "conference_create", lambda: _commanded(exchange, request, "create", "")
        return "conferences", lambda: _listed(exchange, request)
    if action:
        if action not in ACTIONS:
            raise errors.not_found()
        only(request, "POST")
        return f"conference_{action}", lambda: _commanded(exchange, request, action, reference)
    only(request, "GET")
    if participants:
        return "conference_participants", lambda: _participants(exchange, request, reference)
    return "conferences", lambda: as_json(200, {"data": _of(exchange, conferences.found(exchange, reference))})


def _listed(exchange: Exchange, request: Request) -> Response:
    resources = [_of(exchange, each) for each in exchange.conferences.values()]
    by = {f"filter[{name}]": (lambda each, wanted, name=name: each[name] == wanted) for name in ("name", "status")}
    return page(request, resources, by)


def _participants(exchange: Exchange, request: Request, reference: str) -> Response:
    conference = conferences.found(exchange, reference)
    resources = [_of_participant(exchange, conference, each) for each in conference.participants]
    by = {
        f"filter[{name}]": (lambda each, wanted, name=name: each[name] == (wanted == "true"))
        for name in ("muted", "on_hold")
    }
    return page(request, resources, by)


def _commanded(exchange: Exchange, request: Request, action: str, reference: str) -> Response:
    """Obey a command, once for each of its ids, and let observers know."""
    given: Given = {}
    named = f"conference_{action}"
    exchange.trace.hold()
    leg: Leg | None = None
    try:
        given = parameters(request)
        checks.check_request(named, given)
        leg = _leg(exchange, given["call_control_id"]) if "call_control_id" in given else None
        answer, ignored = _obeyed(exchange, action, reference, leg, given)
    except errors.RefusalError as refusal:
        _tell(exchange, leg, named, given, result="refused", status=refusal.status, code=refusal.code)
        raise
    if leg is not None and not ignored:
        call_events_api.note(exchange, leg, named, given)
    _tell(exchange, leg, named, given, result="ignored" if ignored else "accepted", status=200)
    return as_json(200, {"data": answer})


def _obeyed(exchange: Exchange, action: str, reference: str, leg: Leg | None, given: Given) -> tuple[Given, bool]:
    """Return the answer, and whether the command had come before."""
    command_id, now = given.get("command_id"), exchange.clock.now
    if action == "create":
        assert leg is not None  # noqa: S101 - the description demands it
        seen = exchange.conferences_seen.get(command_id or "")
        if seen is not None and now - seen[0] <= COMMAND_ID_SECONDS:
            return _of(exchange, exchange.conferences[seen[1]]), True
        conference = _create(exchange, leg, given)
        if command_id is not None:
            exchange.conferences_seen[command_id] = (now, conference.id)
        return _of(exchange, conference), False
    conference = conferences.found(exchange, reference)
    before = conference.commands_seen.get(command_id or "")
    if before is not None and now - before <= COMMAND_ID_SECONDS:
        return {"result": "ok"}, True
    if conference.ended is not None:
        raise errors.conference_ended()
    ACTIONS[action](exchange, conference, leg, given)
    if command_id is not None:
        conference.commands_seen[command_id] = now
    return {"result": "ok"}, False


def _leg(exchange: Exchange, control_id: str) -> Leg:
    leg = exchange.legs.get(control_id)
    if leg is None:
        raise errors.invalid_call_control_id()
    if not leg.alive:
        raise errors.call_ended()
    if not leg.talking:
        raise errors.not_answered()
    return leg


def _free(exchange: Exchange, leg: Leg) -> None:
    """A call is in one place only."""
    if leg.peer is not None:
        dialling.part(exchange, leg)
        calls.unbridge(exchange, leg)
    queues.leave(exchange, leg, "leave")


def _create(exchange: Exchange, leg: Leg, given: Given) -> Conference:
    now = exchange.clock.now
    lasts = min(
        given.get("duration_minutes", conferences.LONGEST_SECONDS) * SECONDS_A_MINUTE, conferences.LONGEST_SECONDS
    )
    conference = Conference(
        exchange.new_id(),
        given["name"],
        leg,
        given.get("client_state", leg.client_state),
        created=now,
        expires=now + lasts,
        max_participants=given.get("max_participants", DEFAULT_MAX_PARTICIPANTS),
        beeps=given.get("beep_enabled", "never"),
        hold=_music(exchange, given, "hold_"),
        started=given.get("start_conference_on_create", True),
    )
    conferences.create(exchange, conference)
    _free(exchange, leg)
    commands.take_client_state(leg, given)
    conference.timer = exchange.clock.after(lasts, lambda: _time_is_over(exchange, conference))
    return conference


def _time_is_over(exchange: Exchange, conference: Conference) -> None:
    _hang_up(exchange, conferences.end(exchange, conference, "time_exceeded"))


def _hang_up(exchange: Exchange, legs: list[Leg]) -> None:
    for leg in legs:
        calls.hang_up(exchange, leg, NORMAL_CLEARING, "callee" if leg.incoming else "caller")


def _music(exchange: Exchange, given: Given, prefix: str) -> Prompt | None:
    prompt = commands.file_prompt(exchange, given, prefix)
    return prompt and replace(prompt, loops=None, announced=False)


def _join(exchange: Exchange, conference: Conference, leg: Leg | None, given: Given) -> None:
    assert leg is not None  # noqa: S101 - the description demands it
    role = given.get("supervisor_role", "none")
    participant = Participant(
        exchange.new_id(),
        leg,
        exchange.clock.now,
        muted=given.get("mute", False) or role == "monitor",
        held=given.get("hold", False),
        ends_conference=given.get("end_conference_on_exit", False),
        soft_ends_conference=given.get("soft_end_conference_on_exit", False),
        role=role,
        whispers_to=tuple(given.get("whisper_call_control_ids", ())),
        beeps=given.get("beep_enabled"),
        music=_music(exchange, given, "hold_") if given.get("hold") else None,
    )
    conferences.join(exchange, conference, participant, starts=given.get("start_conference_on_enter", False))
    _free(exchange, leg)
    commands.take_client_state(leg, given)


def _leave(exchange: Exchange, conference: Conference, leg: Leg | None, given: Given) -> None:
    assert leg is not None  # noqa: S101 - the description demands it
    if leg.conference is not conference:
        raise errors.cannot("The call is not in this conference.")
    del given
    _hang_up(exchange, conferences.leave(exchange, leg))


def _meant(conference: Conference, given: Given) -> list[Participant]:
    """Return the participants that a command names; all where it names none."""
    named = given.get("call_control_ids", [])
    here = {each.leg.name.call_control_id: each for each in conference.participants}
    if unknown := [each for each in named if each not in here]:
        raise errors.invalid_call_control_id(f"/call_control_ids/{named.index(unknown[0])}")
    return [here[each] for each in named] or conference.participants


def _mute(_exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    for each in _meant(conference, given):
        each.muted = True


def _unmute(_exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    for each in _meant(conference, given):
        each.muted = False


def _hold(exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    music = _music(exchange, given, "")
    for each in _meant(conference, given):
        each.held, each.music = True, music
    conferences.attend(conference)


def _unhold(_exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    for each in _meant(conference, given):
        each.held, each.music = False, None
    conferences.attend(conference)


def _speak(exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    _meant(conference, given)
    words, seconds = speech(given["payload"], ssml=given.get("payload_type") == "ssml")
    conferences.announce(
        exchange, conference, Prompt("speech", words, seconds), tuple(given.get("call_control_ids", ()))
    )


def _play(exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    _meant(conference, given)
    loop = given.get("loop", 1)
    prompt = commands.file_prompt(exchange, given, loops=None if loop == "infinity" else int(loop))
    assert prompt is not None  # noqa: S101 - the checks demand a source
    conferences.announce(exchange, conference, prompt, tuple(given.get("call_control_ids", ())))


def _stop(exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    conferences.silence(exchange, conference, tuple(given.get("call_control_ids", ())))


def _end(exchange: Exchange, conference: Conference, _leg: Leg | None, given: Given) -> None:
    del given
    _hang_up(exchange, conferences.end(exchange, conference, "ended_via_api"))


#: Obeys a command to a conference, from a leg or about the legs that it names.
ACTIONS: dict[str, Callable[[Exchange, Conference, Leg | None, Given], None]] = {
    "end": _end,
    "hold": _hold,
    "join": _join,
    "leave": _leave,
    "mute": _mute,
    "play": _play,
    "speak": _speak,
    "stop": _stop,
    "unhold": _unhold,
    "unmute": _unmute,
}


def _tell(exchange: Exchange, leg: Leg | None, action: str, given: Given, **result: Any) -> None:  # noqa: ANN401 - as Commanded
    name = None if leg is None else leg.name
    exchange.trace.release(Commanded(at=exchange.clock.now, leg=name, action=action, parameters=given, **result))


def _of(exchange: Exchange, conference: Conference) -> dict[str, Any]:
    clock, by = exchange.clock, conference.ended_by
    return {
        "id": conference.id,
        "record_type": "conference",
        "name": conference.name,
        "status": conference.status,
        "end_reason": conference.end_reason,
        "ended_by": by and {"call_control_id": by.name.call_control_id, "call_session_id": by.name.call_session_id},
        "connection_id": conference.owner.application.connection_id,
        "region": "US",
        "created_at": clock.timestamp(conference.created),
        "expires_at": clock.timestamp(conference.expires),
        "updated_at": clock.timestamp(conference.created if conference.ended is None else conference.ended),
    }


def _of_participant(exchange: Exchange, conference: Conference, participant: Participant) -> dict[str, Any]:
    joined = exchange.clock.timestamp(participant.joined)
    return {
        "id": participant.id,
        "record_type": "participant",
        "call_control_id": participant.leg.name.call_control_id,
        "call_leg_id": participant.leg.name.call_leg_id,
        "conference": {"id": conference.id, "name": conference.name},
        "muted": participant.muted,
        "on_hold": conference.on_hold(participant),
        "status": "joined",
        "end_conference_on_exit": participant.ends_conference,
        "soft_end_conference_on_exit": participant.soft_ends_conference,
        "whisper_call_control_ids": list(participant.whispers_to),
        "created_at": joined,
        "updated_at": joined,
    }
