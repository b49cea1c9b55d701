"""Outgoing legs: dialled on their own or for a transfer, with everything that is to happen when they are answered."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dialtone.domain.hangup_causes import NORMAL_CLEARING, ORIGINATOR_CANCEL
from dialtone.domain.numbering_plans import countries
from infra.carrier import calls, detection, errors, recordings
from infra.carrier.applications import ANY_PROFILE, DEFAULT_DESTINATIONS, Application
from infra.carrier.delivery import Route, Session
from infra.carrier.exchange import Exchange
from infra.carrier.legs import LONGEST_CALL_SECONDS, RINGING_SECONDS, DialOptions, Leg, LegState, Order, Prompt
from infra.carrier.trace import Heard


def options_of(parameters: dict[str, Any], audio: Prompt | None, recording_id: str | None) -> DialOptions:
    """Read the options out of a dial or transfer command."""
    return DialOptions(
        timeout_seconds=float(parameters.get("timeout_secs", RINGING_SECONDS)),
        time_limit_seconds=float(parameters.get("time_limit_secs", LONGEST_CALL_SECONDS)),
        detection=parameters.get("answering_machine_detection", "disabled"),
        detection_config=tuple(parameters.get("answering_machine_detection_config", {}).items()),
        record=record_order(parameters),
        recording_id=recording_id,
        audio=audio,
        send_digits=parameters.get("send_digits_on_answer"),
        prevent_double_bridge=parameters.get("prevent_double_bridge", False),
    )


def record_order(parameters: dict[str, Any]) -> Order | None:
    """Read record-from-answer out of an answer, dial, transfer or bridge command."""
    if "record" not in parameters:
        return None
    return Order(
        format=parameters.get("record_format", "mp3"),
        channels=parameters.get("record_channels", "dual"),
        track=parameters.get("record_track", "both"),
        max_length_seconds=parameters.get("record_max_length", 0),
        silence_seconds=parameters.get("record_timeout_secs", 0),
        trim="record_trim" in parameters,
        custom_file_name=parameters.get("record_custom_file_name"),
        initiated_by="OutboundAPI",
    )


def check_profile(exchange: Exchange, application: Application, numbers: Iterable[str]) -> None:
    """Refuse a call that the application's outbound voice profile does not allow: there must be one, and enabled.

    The profile of applications that name none lets them call everywhere.
    """
    profile = exchange.profiles.get(application.outbound_voice_profile_id or "")
    if profile is None or not profile.enabled:
        raise errors.no_outbound_profile()
    if profile.id == ANY_PROFILE:
        return
    allowed = profile.settings.get("whitelisted_destinations", DEFAULT_DESTINATIONS)
    if not all(countries(each).intersection(allowed) for each in numbers if each.startswith("+")):
        raise errors.destination_not_whitelisted()


def dial(  # noqa: PLR0913 - a call is made of these
    exchange: Exchange,
    origin: Leg | None,
    session: Session,
    route: Route,
    *,
    application_id: str,
    from_: str,
    to: str,
    options: DialOptions,
    client_state: str | None,
    bridges: bool,
) -> Leg:
    """Let a callee's telephone ring. With an `origin` that `bridges`, both are bridged on answer."""
    number, _, digits = to.partition(",")
    leg = calls.new_leg(
        exchange,
        exchange.applications[application_id],
        session,
        exchange.callees(number),
        direction="outgoing",
        from_=from_,
        to=number,
        route=route,
    )
    leg.options = options
    leg.client_state = client_state
    leg.digits_on_answer = options.send_digits or digits or None
    if bridges and origin is not None:
        leg.meant_for = origin
        origin.called.append(leg)
        exchange.tell(Heard(at=exchange.clock.now, leg=origin.name, kind="ringing", what=number, seconds=0.0))
    calls.ring(exchange, leg)
    give_up = exchange.clock.after(options.timeout_seconds, lambda: calls.hang_up(exchange, leg, "timeout", "caller"))
    if leg.alive:
        leg.timers.append(give_up)
    return leg


def callee_answers(exchange: Exchange, leg: Leg) -> None:
    """Let the callee take up the receiver."""
    if leg.state is not LegState.RINGING:
        return
    options = leg.options or DialOptions()
    for other in leg.alternatives:
        if other is not leg and other.state is LegState.RINGING:
            calls.hang_up(exchange, other, ORIGINATOR_CANCEL, "caller")
    calls.answer(exchange, leg)
    if options.record is not None:
        recordings.start(exchange, leg, options.record, options.recording_id)
    if options.detection != "disabled":
        detection.begin(exchange, leg, options.detection, dict(options.detection_config))
    if leg.digits_on_answer:
        calls.send_digits(exchange, leg, leg.digits_on_answer)
    _play_and_bridge(exchange, leg, options)


def _play_and_bridge(exchange: Exchange, leg: Leg, options: DialOptions) -> None:
    if options.audio is None:
        _bridge(exchange, leg)
    elif options.audio_before_bridge:
        leg.audio.add(leg, replace(options.audio, on_end=lambda _status: _bridge(exchange, leg)))
    else:
        _bridge(exchange, leg)
        leg.audio.add(leg, options.audio)


def _bridge(exchange: Exchange, leg: Leg) -> None:
    """Bridge an answered leg with the one it is meant for, if that is still there."""
    origin = leg.meant_for
    if origin is None:
        return
    if not origin.talking:
        calls.hang_up(exchange, leg, ORIGINATOR_CANCEL, "caller")
    elif origin.peer is not None and (leg.options or DialOptions()).prevent_double_bridge:
        calls.hang_up(exchange, leg, NORMAL_CLEARING, "caller")
    else:
        part(exchange, origin)
        calls.bridge(exchange, origin, leg)


def part(exchange: Exchange, leg: Leg) -> None:
    """Take a leg out of the bridge it is in: its peer parks or ends, as at any end of a bridge."""
    peer = leg.peer
    if peer is None:
        return
    leg.peer = peer.peer = None
    if peer.parks_after_unbridge:
        calls.unbridge(exchange, peer)
    else:
        calls.hang_up(exchange, peer, NORMAL_CLEARING, "callee" if peer.incoming else "caller")
