"""The longest time until an event shows that commands were carried out to their end. Pure.

If a command leaves a parameter out, Telnyx's own limit applies. Speech is estimated slowly, by its characters; the
length of audio is unknown here, so an hour is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dialtone.domain.commands import Command

    Parameters = Mapping[str, Any]

SECONDS_A_CHARACTER = 0.25
"""Four times what a voice needs at normal speed; the slowest speed is half of that."""
SSML_SECONDS_A_CHARACTER = 1.0
"""Slower, since a pause of ten seconds takes only twenty characters of SSML."""

SPEECH_BEGINS_SECONDS = 5.0
"""Until Telnyx has synthesised the first words."""

AUDIO_SECONDS = 3_600.0

AT_ONCE_SECONDS = 5.0
"""For what Telnyx does and reports at once: an answer, a bridge, a hang-up."""

RING_SECONDS = 30
CONNECTING_SECONDS = 60
"""Beyond the ringing: until the network has reported the result, and answering-machine detection is done."""

PAYMENT_STEPS, PAYMENT_DIGITS, PROMPT_SECONDS, PROCESSING_SECONDS = 4, 19, 30, 120
"""For `pay`: how many things are asked for, the digits of the longest, and the time of each; Telnyx names no limits."""

LISTENING_SECONDS, RESPONSE_MILLIS = 60, 10_000
"""For `gather_using_ai`: the caller's words and the model's answer, for which Telnyx names no limit; and Telnyx's own
limit until the caller says something."""

TRIES, DIGITS, DIGIT_MILLIS, ANSWER_MILLIS = 3, 128, 5_000, 60_000


def longest_wait(commands: Iterable[Command]) -> float:
    """Seconds until the last of these has ended; 0 if none ends by itself.

    Prompts queue up, so their times are added.
    """
    return sum(_SECONDS[each.action](each.parameters) for each in commands if each.action in _SECONDS)


def _speech(given: Parameters) -> float:
    each = SSML_SECONDS_A_CHARACTER if given.get("payload_type") == "ssml" else SECONDS_A_CHARACTER
    return SPEECH_BEGINS_SECONDS + each * len(given.get("payload", ""))


def _times(given: Parameters) -> int:
    """How often a prompt plays; 0 if it has no end to wait for."""
    loop = given.get("loop", 1)
    return loop if isinstance(loop, int) else 0


def _gather(given: Parameters) -> float:
    return _seconds(given, "timeout_millis", ANSWER_MILLIS)


def _asked(given: Parameters, prompt: float) -> float:
    digits = given.get("maximum_digits", DIGITS) * _seconds(given, "inter_digit_timeout_millis", DIGIT_MILLIS)
    return float(given.get("maximum_tries", TRIES) * (prompt + _gather(given) + digits))


def _paying(given: Parameters) -> float:
    each = (
        PROMPT_SECONDS + _gather(given) + PAYMENT_DIGITS * _seconds(given, "inter_digit_timeout_millis", DIGIT_MILLIS)
    )
    return float(PAYMENT_STEPS * given.get("max_attempts", TRIES) * each + PROCESSING_SECONDS)


def _listening(given: Parameters) -> float:
    greeting = SPEECH_BEGINS_SECONDS + SSML_SECONDS_A_CHARACTER * len(given.get("greeting", ""))
    return greeting + _seconds(given, "user_response_timeout_ms", RESPONSE_MILLIS) + LISTENING_SECONDS


def _talking(given: Parameters) -> float:
    limits = given.get("assistant", {}).get("dynamic_variables", {})
    return float(limits.get("max_seconds", LISTENING_SECONDS)) + AT_ONCE_SECONDS


def _ringing(given: Parameters) -> float:
    return float(given.get("timeout_secs", RING_SECONDS) + CONNECTING_SECONDS)


def _at_once(given: Parameters) -> float:
    del given
    return AT_ONCE_SECONDS


def _seconds(given: Parameters, name: str, default: int) -> float:
    return float(given.get(name, default)) / MILLIS_PER_SECOND


_SECONDS: Mapping[str, Callable[[Parameters], float]] = {
    "ai_assistant_start": _talking,
    "answer": _at_once,
    "bridge": _at_once,
    "conference_create": _at_once,
    "conference_end": _at_once,
    "conference_join": _at_once,
    "conference_leave": _at_once,
    "dial": _ringing,
    "enqueue": lambda given: given.get("max_wait_time_secs", 0) + AT_ONCE_SECONDS,
    "gather": _gather,
    "gather_using_ai": _listening,
    "gather_using_audio": lambda given: _asked(given, AUDIO_SECONDS),
    "gather_using_speak": lambda given: _asked(given, _speech(given)),
    "hangup": _at_once,
    "leave_queue": _at_once,
    "send_message": _at_once,
    "pay": _paying,
    "playback_start": lambda given: _times(given) * AUDIO_SECONDS,
    "reject": _at_once,
    "speak": lambda given: _times(given) * _speech(given),
    "transfer": _ringing,
}
"""The commands that end by themselves, with an event that a flow may wait for."""
