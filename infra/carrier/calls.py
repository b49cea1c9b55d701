"""What happens to legs: ringing, answering, bridging, keys, speech, hanging up."""

from typing import Any

from dialtone.domain.hangup_causes import CALL_REJECTED, NORMAL_CLEARING, NOT_FOUND, ORIGINATOR_CANCEL, USER_BUSY
from dialtone.domain.units import MILLIS_PER_SECOND
from infra.carrier import conferences, cost, queues, recordings, supervision
from infra.carrier.ai_assistant import AiAssistant
from infra.carrier.ai_gather import AiGather
from infra.carrier.applications import Application
from infra.carrier.audio import Player, brief
from infra.carrier.delivery import Route, Session
from infra.carrier.exchange import Exchange
from infra.carrier.legs import LONGEST_CALL_SECONDS, Leg, LegState, Order, Party, Sound
from infra.carrier.rendering import Voice
from infra.carrier.trace import Answered, Bridged, DigitsSent, Heard, HungUp, LegName, Pressed, Rang, Spoke, Unbridged

#: How long one key sounds.
KEY_SECONDS = 0.1
#: SIP's status code for each of Telnyx's hangup causes.
SIP_CODES = {
    NORMAL_CLEARING: "200",
    USER_BUSY: "486",
    CALL_REJECTED: "603",
    "timeout": "487",
    "no_answer": "480",
    NOT_FOUND: "404",
    ORIGINATOR_CANCEL: "487",
}
#: Of what was written down, as an engine judges it.
CONFIDENCE = 0.95
#: 20 ms of audio in a packet.
PACKETS_PER_SECOND = 50


def route_of(application: Application, given: dict[str, Any], before: Route | None = None) -> Route:
    """Return the URLs of a leg's webhooks: the application's, with a command's overrides for this call."""
    base = before or Route(
        application.webhook_event_url,
        application.webhook_event_failover_url,
        application.webhook_timeout_secs,
        api_version=application.webhook_api_version,
    )
    urls = {name: url if isinstance(url, str) else url[0] for name, url in given.get("webhook_urls", {}).items()}
    policies = given.get("webhook_retries_policies", {})
    retries = {
        name: tuple(ms / MILLIS_PER_SECOND for ms in policy.get("retries_ms", ())) for name, policy in policies.items()
    }
    return Route(
        given.get("webhook_url", base.url),
        base.failover_url,
        base.timeout_seconds,
        {**base.urls, **urls},
        {**base.retries_seconds, **retries},
        base.api_version,
    )


def new_leg(  # noqa: PLR0913 - a leg is made of these
    exchange: Exchange,
    application: Application,
    session: Session,
    party: Party,
    *,
    direction: str,
    from_: str,
    to: str,
    route: Route | None = None,
) -> Leg:
    """Make a leg and register it; nothing rings yet."""
    control_id = f"v3:{exchange.chance.getrandbits(240):060x}"
    name = LegName(control_id, exchange.new_id(), session.id, direction, from_, to)
    leg = Leg(
        name=name,
        session=session,
        application=application,
        party=party,
        route=route or route_of(application, {}),
        started=exchange.clock.now,
        audio=Player(exchange),
        overlay=Player(exchange),
    )
    exchange.legs[control_id] = leg
    return leg


def ring(exchange: Exchange, leg: Leg) -> None:
    """Let a leg ring: call.initiated."""
    exchange.tell(Rang(at=exchange.clock.now, leg=leg.name))
    payload: dict[str, Any] = {
        "direction": leg.name.direction,
        "state": "parked" if leg.incoming else "bridging",
        "start_time": exchange.timestamp(leg, leg.started),
        **leg.identity.payload(leg.name.from_, tells_attestation=leg.application.tells_attestation),
        "connection_codecs": "G722,PCMU,PCMA",
        "offered_codecs": "G722,PCMU,PCMA",
        "custom_headers": leg.custom_headers,
        "sip_headers": [],
        "tags": [],
    }
    exchange.emit(leg, "call.initiated", **payload)
    leg.party.rings(leg)


def answer(exchange: Exchange, leg: Leg) -> None:
    """Answer a ringing leg: call.answered; audio flows from here on."""
    leg.state = LegState.ANSWERED
    leg.answered = exchange.clock.now
    _cancel_timers(leg)
    limit = LONGEST_CALL_SECONDS if leg.options is None else leg.options.time_limit_seconds
    leg.timers.append(exchange.clock.after(limit, lambda: hang_up(exchange, leg, "time_limit", "unknown")))
    exchange.tell(Answered(at=exchange.clock.now, leg=leg.name))
    exchange.emit(
        leg,
        "call.answered",
        custom_headers=leg.custom_headers,
        sip_headers=[],
        start_time=exchange.timestamp(leg, leg.started),
        state="answered",
        tags=[],
    )
    if leg.application.records_incoming_calls and leg.name.direction == "incoming":
        recordings.start(exchange, leg, Order(initiated_by="Trunking"))
    leg.party.answered(leg)


def bridge(exchange: Exchange, first: Leg, second: Leg) -> None:
    """Bridge two legs; audio and gathers on them end."""
    for leg, peer in ((first, second), (second, first)):
        if leg.gather is not None:
            leg.gather.end("cancelled")
        leg.audio.stop(leg, "all")
        leg.peer, leg.state, leg.meant_for = peer, LegState.BRIDGED, None
    for leg, peer in ((first, second), (second, first)):
        exchange.tell(Bridged(at=exchange.clock.now, leg=leg.name, with_leg=peer.name))
        exchange.emit(leg, "call.bridged")


def unbridge(exchange: Exchange, leg: Leg) -> None:
    """Part a leg from its peer and keep it, parked."""
    leg.peer, leg.state = None, LegState.ANSWERED
    leg.parks_after_unbridge = False
    exchange.tell(Unbridged(at=exchange.clock.now, leg=leg.name))


def press(exchange: Exchange, leg: Leg, digit: str) -> None:
    """Let the party on a leg press a key."""
    if not leg.talking:
        return
    now = exchange.clock.now
    _sound(leg, Voice.KEY, now, now + KEY_SECONDS)
    exchange.tell(Pressed(at=now, leg=leg.name, digit=digit))
    if leg.gather is None or leg.gather.reports_keys:
        exchange.emit(leg, "call.dtmf.received", digit=digit)
    if leg.gather is not None:
        leg.gather.press(digit)


def say(exchange: Exchange, leg: Leg, seconds: float, words: str) -> None:
    """Let the party on a leg speak, for a recording and for the party on a bridged leg to hear."""
    if not leg.talking:
        return
    now = exchange.clock.now
    _sound(leg, Voice.SPEECH, now, now + seconds)
    exchange.tell(Spoke(at=now, leg=leg.name, seconds=seconds, words=words))
    listeners = supervision.listeners(leg)
    heard_by = (leg, *listeners)
    for ear in heard_by:
        recordings.speech_began(ear, words)
    if isinstance(leg.gather, (AiGather, AiAssistant)):
        leg.gather.hears()
    leg.timers.append(exchange.clock.after(seconds, lambda: _said(exchange, leg, heard_by, words)))
    for ear in listeners:
        exchange.tell(Heard(at=now, leg=ear.name, kind="voice", what=words, seconds=seconds))
        ear.party.hears(ear, brief("voice", words, seconds, now, ear))


def _said(exchange: Exchange, leg: Leg, heard_by: tuple[Leg, ...], words: str) -> None:
    for ear in heard_by:
        recordings.speech_ended(exchange, ear)
        _write_down(exchange, ear, "inbound" if ear is leg else "outbound", words)
    if isinstance(leg.gather, (AiGather, AiAssistant)):
        leg.gather.heard(words)


def _write_down(exchange: Exchange, leg: Leg, track: str, words: str) -> None:
    """Report a sentence to live transcription; only one engine reports the track."""
    if leg.transcription is None or not words:
        return
    engine, tracks = leg.transcription
    if tracks in {track, "both"}:
        named = {"transcription_track": track} if engine == "Telnyx" else {}
        data = {"confidence": CONFIDENCE, "is_final": True, "transcript": words, **named}
        exchange.emit(leg, "call.transcription", transcription_data=data)


def send_digits(exchange: Exchange, leg: Leg, digits: str) -> None:
    """Send keys down the line to the party on a leg."""
    now = exchange.clock.now
    leg.sounds.append(Sound(Voice.KEY, inbound=False, start=now, end=now + KEY_SECONDS * len(digits)))
    exchange.tell(DigitsSent(at=now, leg=leg.name, digits=digits))
    leg.party.hears(leg, brief("keys", digits, KEY_SECONDS * len(digits), now, leg))


def _sound(leg: Leg, voice: Voice, start: float, end: float) -> None:
    leg.sounds.append(Sound(voice, inbound=True, start=start, end=end))
    for ear in supervision.listeners(leg):
        ear.sounds.append(Sound(voice, inbound=False, start=start, end=end))


def party_hangs_up(exchange: Exchange, leg: Leg) -> None:
    """Let the party on a leg put the receiver down."""
    if leg.incoming:
        hang_up(exchange, leg, NORMAL_CLEARING if leg.talking else ORIGINATOR_CANCEL, "caller")
    else:
        hang_up(exchange, leg, NORMAL_CLEARING if leg.talking else CALL_REJECTED, "callee")


def hang_up(exchange: Exchange, leg: Leg, cause: str, source: str) -> None:
    """End a leg: what plays and gathers ends, call.hangup, recordings are saved, and the peer ends unless it parks."""
    if not leg.alive:
        return
    now = exchange.clock.now
    peer, leg.peer = leg.peer, None
    if peer is not None:
        peer.peer = None  # who ends with this leg must not park it in turn
    leg.state, leg.ended, leg.hangup_cause = LegState.ENDED, now, cause
    _cancel_timers(leg)
    _end_sounds(leg, now)
    leg.audio.hang_up(leg)
    leg.overlay.hang_up(leg)
    if leg.gather is not None:
        leg.gather.end("call_hangup")
    exchange.tell(HungUp(at=now, leg=leg.name, cause=cause, source=source))
    queues.hung_up(exchange, leg)
    ends_too = conferences.leave(exchange, leg)
    exchange.emit(leg, "call.hangup", **_hangup_payload(exchange, leg, cause, source))
    for recording in recordings.active(leg):
        recordings.stop(exchange, recording)
    if leg.application.call_cost_in_webhooks and leg.answered is not None:
        cost.announce(exchange, leg)
    leg.party.ended(leg)
    _let_go(exchange, leg, peer)
    for other in ends_too:
        hang_up(exchange, other, NORMAL_CLEARING, "callee" if other.incoming else "caller")


def _let_go(exchange: Exchange, leg: Leg, peer: Leg | None) -> None:
    """End or park the leg that was bridged with a leg, and stop ringing the legs dialled for it."""
    if peer is not None and peer.parks_after_unbridge:
        unbridge(exchange, peer)
    elif peer is not None:
        hang_up(exchange, peer, NORMAL_CLEARING, "callee" if peer.incoming else "caller")
    for other in leg.called:
        if other.meant_for is leg and other.state is LegState.RINGING:
            hang_up(exchange, other, ORIGINATOR_CANCEL, "caller")


def _hangup_payload(exchange: Exchange, leg: Leg, cause: str, source: str) -> dict[str, Any]:
    stats = None
    if leg.answered is not None:
        packets = str(round((exchange.clock.now - leg.answered) * PACKETS_PER_SECOND))
        stats = {
            "inbound": {
                "jitter_max_variance": "2.74",
                "jitter_packet_count": "0",
                "mos": "4.50",
                "packet_count": packets,
                "skip_packet_count": "0",
            },
            "outbound": {"packet_count": packets, "skip_packet_count": "0"},
        }
    return {
        "call_quality_stats": stats,
        "custom_headers": leg.custom_headers,
        "hangup_cause": cause,
        "hangup_source": source,
        "sip_hangup_cause": "unspecified" if leg.incoming else SIP_CODES.get(cause, "unspecified"),
        "sip_headers": [],
        "start_time": exchange.timestamp(leg, leg.started),
        "state": "hangup",
        "tags": [],
    }


def _end_sounds(leg: Leg, now: float) -> None:
    for sound in leg.sounds:
        if sound.end is None or sound.end > now:
            sound.end = now


def _cancel_timers(leg: Leg) -> None:
    for timer in leg.timers:
        timer.cancel()
    leg.timers.clear()
