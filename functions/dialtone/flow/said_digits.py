"""Digits that callers may speak, with support for those who press keys instead.

While Telnyx's assistant listens, keys are reported one by one and in any order. The first of them stops the assistant
and starts a timer. When no more can come, the digits are the reported ones in the order of their times. Telnyx's own
gather would miss the keys pressed before it began.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.spoken_choices import DIGITS, ENDED, INSTRUCTIONS_FOR_DIGITS, VALID, schema_of_digits
from dialtone.flow.gather_timer import LEAST_SECONDS, timer, timer_ended
from dialtone.flow.keys import stop_gathering
from dialtone.flow.say_or_press import Wanted, stop_listening

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event

KEYS = tuple("0123456789*#ABCD")
"""The keys of telephones, in the order of the numbers by which they are stored."""


class Keyed(NamedTuple):
    """The keys pressed so far, and what ends them."""

    keys: Mapping[str, int]
    """Time → the key pressed then, as its place in KEYS."""
    longest: int
    """How many digits are taken at most."""
    ends_on: str
    between_seconds: int
    """How long to wait for the next one."""


class Heard(NamedTuple):
    """What an event adds, and the commands that follow."""

    keys: Mapping[str, int]
    commands: tuple[Command, ...] = ()
    digits: str | None = None
    """The digits, once no more can come; '' if nothing was said."""
    not_digits: bool = False
    """Whether words were said that are not digits."""


def wanted(least: int, most: int, words: Mapping[str, Sequence[str]], listed: tuple[str, ...]) -> Wanted:
    """What to listen for: so many digits, the words that stand for some, and the only ones that are valid, if any."""
    return Wanted(schema_of_digits(_how_many(least, most), words, listed), INSTRUCTIONS_FOR_DIGITS)


def heard(call: Call, event: Event, keyed: Keyed) -> Heard | None:
    """What an event reports of words and single keys; None for any other event."""
    if event.type == "call.dtmf.received" and event.text("digit") in KEYS:
        return _pressed(call, event, keyed)
    if keyed.keys and timer_ended(event):
        return _key_awaited(call, event, keyed)
    if event.type != ENDED or keyed.keys:
        return None
    digits = event.text(DIGITS) if event.text("status") == VALID else ""
    if digits or not event.payload.get("spoke"):
        return Heard({}, digits=digits)
    return Heard({}, not_digits=True)


def _pressed(call: Call, event: Event, keyed: Keyed) -> Heard:
    first = not keyed.keys
    keys = {**keyed.keys, event.occurred_at: KEYS.index(event.text("digit"))}
    digits, ended = _digits(keys, keyed.ends_on)
    stop = stop_listening(call) if first else stop_gathering(call)
    if len(digits) >= keyed.longest:
        return Heard(keys, stop, digits)
    if first:
        # Even after the last key, earlier ones may still be on their way.
        return Heard(keys, (*stop, timer(call, LEAST_SECONDS if ended else keyed.between_seconds)))
    return Heard(keys, stop if ended else ())


def _key_awaited(call: Call, event: Event, keyed: Keyed) -> Heard:
    """Take the keys that have come, or wait as long as another one may come."""
    digits, ended = _digits(keyed.keys, keyed.ends_on)
    if not _in_order(keyed.keys).endswith(event.text("digits")):
        # While the timer ran, Telnyx counted keys that have not been reported yet.
        return Heard(keyed.keys, (timer(call, LEAST_SECONDS),))
    since = datetime.fromisoformat(event.occurred_at) - datetime.fromisoformat(max(keyed.keys))
    left = keyed.between_seconds - since.total_seconds()
    if ended or left < LEAST_SECONDS:
        return Heard(keyed.keys, digits=digits)
    return Heard(keyed.keys, (timer(call, left),))


def _digits(keys: Mapping[str, int], ends_on: str) -> tuple[str, bool]:
    """The keys in the order of their times, up to the one that ends the input, and whether that one was pressed."""
    before, ended, _ = _in_order(keys).partition(ends_on)
    return before, bool(ended)


def _in_order(keys: Mapping[str, int]) -> str:
    return "".join(KEYS[keys[time]] for time in sorted(keys))


def _how_many(least: int, most: int) -> str:
    if least == most:
        return "1 digit" if most == 1 else f"{most} digits"
    return f"{least} to {most} digits"
