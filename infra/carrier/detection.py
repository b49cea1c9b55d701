"""Answering-machine detection on outgoing legs: who answered, and when a machine's greeting is over."""

from typing import Any

from dialtone.domain.units import MILLIS_PER_SECOND
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg, Nature

#: A short hello gives a human away; anything longer is analysed to the end (Telnyx's default: 3,500 ms).
HELLO_SECONDS = 1.2
ANALYSIS_MILLIS = 3_500
#: Modes of detection that wait for the end of a machine's greeting.
_GREETING_MODES = frozenset({"greeting_end", "detect_words"})
#: After a greeting without a beep, the silence that shows its end (Telnyx's default: 1,500 ms).
SILENCE_SECONDS = 1.5
#: Standard detection takes a line on which nobody speaks for a machine's.
_RESULTS = {
    Nature.HUMAN: "human",
    Nature.MACHINE: "machine",
    Nature.NOT_SURE: "not_sure",
    Nature.FAX: "machine",
    Nature.SILENT: "machine",
}
_PREMIUM_RESULTS = {
    Nature.HUMAN: "human_residence",
    Nature.MACHINE: "machine",
    Nature.NOT_SURE: "not_sure",
    Nature.FAX: "fax_detected",
    Nature.SILENT: "silence",
}
_MACHINES = frozenset({"machine", "fax_detected"})


def begin(exchange: Exchange, leg: Leg, mode: str, config: dict[str, Any]) -> None:
    """Analyse an answered leg in a mode of `answering_machine_detection` other than disabled."""
    analysis = config.get("total_analysis_time_millis", ANALYSIS_MILLIS) / MILLIS_PER_SECOND
    seconds = min(HELLO_SECONDS, analysis) if leg.party.nature is Nature.HUMAN else analysis
    leg.timers.append(exchange.clock.after(seconds, lambda: _detected(exchange, leg, mode)))
    greeted = leg.party.greeting_seconds if leg.party.beeps else leg.party.greeting_seconds + SILENCE_SECONDS
    # Premium tells of a beep as it is heard; standard detection of a greeting's end only once it has found a machine.
    over = greeted if _premium(mode) else max(greeted, analysis)
    if _RESULTS[leg.party.nature] == "machine":
        leg.timers.append(exchange.clock.after(over, lambda: _greeted(exchange, leg, mode)))


def _premium(mode: str) -> bool:
    return mode.startswith("premium")


def _detected(exchange: Exchange, leg: Leg, mode: str) -> None:
    result = (_PREMIUM_RESULTS if _premium(mode) else _RESULTS)[leg.party.nature]
    if not _premium(mode):
        exchange.emit(leg, "call.machine.detection.ended", result=result)
    elif not (leg.party.beeps and _greeting_over(exchange, leg)):
        # A beep heard before the analysis is done makes its result superfluous (OpenAPI).
        exchange.emit(leg, "call.machine.premium.detection.ended", result=result)
    if result in _MACHINES and exchange.detection_cancels:
        _cut_off(leg)


def _cut_off(leg: Leg) -> None:
    """End audio and gathers that were started before the result was known."""
    if leg.gather is not None:
        leg.gather.end("cancelled_amd")
    leg.audio.stop(leg, "all", "cancelled_amd")


def _greeting_over(exchange: Exchange, leg: Leg) -> bool:
    return exchange.clock.now >= (leg.answered or 0.0) + leg.party.greeting_seconds


def _greeted(exchange: Exchange, leg: Leg, mode: str) -> None:
    """Report that a greeting is over, in the modes that do: `detect_beep` and premium report beeps only."""
    beeps = leg.party.beeps
    if _premium(mode):
        if beeps:
            exchange.emit(leg, "call.machine.premium.greeting.ended", result="beep_detected")
    elif mode in _GREETING_MODES or (mode == "detect_beep" and beeps):
        result = "beep_detected" if beeps else "ended"
        exchange.emit(leg, "call.machine.greeting.ended", result=result)
