"""Digits that callers may speak, with support for those who press keys instead.

While Telnyx's assistant listens, keys are reported one by one and in any order. The first of them stops the assistant
and starts a timer. When no more can come, the digits are the reported ones in the order of their times. Telnyx's own
gather would miss the keys pressed before it began.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from dialtone.domain.spoken_choices import DIGITS, ENDED, INSTRUCTIONS_FOR_DIGITS, VALID, schema_of_digits
from dialtone.flow.gather_timer import LEAST_SECONDS, timer, timer_ended
from dialtone.flow.keys import stop_gathering
from dialtone.flow.moves import Wait
from dialtone.flow.steps import say_or_press
from dialtone.flow.steps.prompted_input import Failure
from dialtone.flow.steps.say_or_press import Wanted
from dialtone.flow.templating import filled, known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.moves import Go, Move
    from dialtone.flow.steps.collect import Collect
    from dialtone.flow.voice_settings import VoiceDefaults

KEYS = tuple("0123456789*#ABCD")
"""The keys of telephones, in the order of the numbers by which they are stored."""


def ask(step: Collect, call: Call, voice_defaults: VoiceDefaults) -> Wait:
    """One try, or the digits read back."""
    if step.confirm and step.state(call).confirming:
        wanted = say_or_press.one_of(step.confirm.say_or_press)
        return say_or_press.ask(step, call, voice_defaults, step.confirm.say, wanted)
    values = known(call) if step.one_of else {}
    listed = tuple(dict.fromkeys(filled(text, values) for text in step.one_of))
    wanted = Wanted(schema_of_digits(_how_many(step), step.say_or_press or {}, listed), INSTRUCTIONS_FOR_DIGITS)
    return say_or_press.ask(step, call, voice_defaults, step.collect, wanted)


def answer(step: Collect, call: Call, event: Event) -> Move | None:
    """The move for words and single keys; None for any other event."""
    state = step.state(call)
    if step.confirm and state.confirming:
        said = say_or_press.answer(step, call, event, step.confirm.say_or_press)
        return _after(said.commands, step.confirmed(call, step.confirm, said.key)) if said else None
    return None if state.speaking or event.about_callee else _answer(step, call, event)


def _answer(step: Collect, call: Call, event: Event) -> Move | None:
    state = step.state(call)
    if event.type == "call.dtmf.received" and event.text("digit") in KEYS:
        return _pressed(step, call, event)
    if state.keyed and timer_ended(event):
        return _key_awaited(step, call, event)
    if event.type != ENDED or state.keyed:
        return None
    digits = event.text(DIGITS) if event.text("status") == VALID else ""
    if digits or not event.payload.get("spoke"):
        return step.answered(call, digits)
    return step.ask_again(call, Failure.WRONG_INPUT)


def _pressed(step: Collect, call: Call, event: Event) -> Move:
    state = step.state(call)
    first = not state.keyed
    state = replace(state, keyed={**state.keyed, event.occurred_at: KEYS.index(event.text("digit"))})
    digits, ended = _digits(state.keyed, step.ends_on)
    stop = say_or_press.stop_listening(call) if first else stop_gathering(call)
    if len(digits) >= step.digits.max:
        return _after(stop, step.answered(call, digits))
    if first:
        # Even after the last key, earlier ones may still be on their way.
        return Wait((*stop, timer(call, LEAST_SECONDS if ended else step.between_seconds)), state)
    return Wait(stop if ended else (), state)


def _key_awaited(step: Collect, call: Call, event: Event) -> Move:
    """Take the keys that have come, or wait as long as another one may come."""
    state = step.state(call)
    digits, ended = _digits(state.keyed, step.ends_on)
    if not _in_order(state.keyed).endswith(event.text("digits")):
        # While the timer ran, Telnyx counted keys that have not been reported yet.
        return Wait((timer(call, LEAST_SECONDS),), state)
    since = datetime.fromisoformat(event.occurred_at) - datetime.fromisoformat(max(state.keyed))
    left = step.between_seconds - since.total_seconds()
    if ended or left < LEAST_SECONDS:
        return step.answered(call, digits)
    return Wait((timer(call, left),), state)


def _digits(keyed: Mapping[str, int], ends_on: str) -> tuple[str, bool]:
    """The keys in the order of their times, up to the one that ends the input, and whether that one was pressed."""
    before, ended, _ = _in_order(keyed).partition(ends_on)
    return before, bool(ended)


def _in_order(keyed: Mapping[str, int]) -> str:
    return "".join(KEYS[keyed[time]] for time in sorted(keyed))


def _how_many(step: Collect) -> str:
    least, most = step.digits.min, step.digits.max
    if least == most:
        return "1 digit" if most == 1 else f"{most} digits"
    return f"{least} to {most} digits"


def _after(commands: tuple[Command, ...], move: Go) -> Go:
    return move._replace(commands=(*commands, *move.commands))
