"""Answering-machine detection on outgoing legs: who answered, and when a machine's greeting is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.carrier.legs import Leg, Nature

if TYPE_CHECKING:
    from infra.carrier.exchange import Exchange

#: A short hello gives a human away; anything longer is analysed to the end (Telnyx's default: 3,500 ms).
HELLO_SECONDS = 1.2
ANALYSIS_MILLIS = 3_500
#: Modes of detection that wait for the end of a machine's greeting.
_GREETING_MODES = frozenset({"greeting_end", "detect_words"})
_PREMIUM_RESULTS = {Nature.HUMAN: "human_residence", Nature.MACHINE: "machine", Nature.NOT_SURE: "not_sure"}


def begin(exchange: Exchange, leg: Leg, mode: str, config: dict[str, Any]) -> None:
    """Analyse an answered leg in a mode of `answering_machine_detection` other than disabled."""
    analysis = config.get("total_analysis_time_millis", ANALYSIS_MILLIS) / 1000
    seconds = min(HELLO_SECONDS, analysis) if leg.party.nature is Nature.HUMAN else analysis
    leg.timers.append(exchange.clock.after(seconds, lambda: _detected(exchange, leg, mode)))
    if leg.party.nature is Nature.MACHINE:
        leg.timers.append(exchange.clock.after(leg.party.greeting_seconds, lambda: _greeted(exchange, leg, mode)))


def _premium(mode: str) -> bool:
    return mode.startswith("premium")


def _detected(exchange: Exchange, leg: Leg, mode: str) -> None:
    nature = leg.party.nature
    if not _premium(mode):
        exchange.emit(leg, "call.machine.detection.ended", result=nature.value)
    elif not (leg.party.beeps and _greeting_over(exchange, leg)):
        # A beep heard before the analysis is done makes its result superfluous (OpenAPI).
        exchange.emit(leg, "call.machine.premium.detection.ended", result=_PREMIUM_RESULTS[nature])


def _greeting_over(exchange: Exchange, leg: Leg) -> bool:
    return exchange.clock.now >= (leg.answered or 0.0) + leg.party.greeting_seconds


def _greeted(exchange: Exchange, leg: Leg, mode: str) -> None:
    """Tell that a greeting is over, in the modes that tell it; `detect_beep` and premium tell of beeps only."""
    beeps = leg.party.beeps
    if _premium(mode):
        if beeps:
            exchange.emit(leg, "call.machine.premium.greeting.ended", result="beep_detected")
    elif mode in _GREETING_MODES or (mode == "detect_beep" and beeps):
        result = "beep_detected" if beeps else "ended"
        exchange.emit(leg, "call.machine.greeting.ended", result=result)
