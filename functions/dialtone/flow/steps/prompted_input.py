"""What the steps share that ask a caller for keys: a question asked again, with patience that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, StrictBool, StrictInt, model_validator

from dialtone.domain.commands import command
from dialtone.flow.keys import NO_KEY, stop_gathering
from dialtone.flow.moves import Fail, Go, Move, Wait
from dialtone.flow.prompts import Prompt
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.steps.say import heard_out, stop_queued, unplayable
from dialtone.flow.steps.step import PROMPTS, Speaking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

NO_INPUT, WRONG_INPUT = 1, 2
"""How the try before this one ended, as the call counts it in `waiting`."""

TRIED, LAST = "tried", "last"
_COUNTED = {NO_INPUT: "no_input", WRONG_INPUT: "wrong"}

PIECE, PIECES = "piece", "pieces"
"""Of a question in several sounds: the one that is heard, from 0, and how many there are."""

HEARD = "heard"
"""Counted where keys do not interrupt: the question was heard out, the keys may come."""

_OF_ONE_TRY = frozenset({PIECE, PIECES, HEARD, PROMPTS})

MILLIS = 1_000

BETWEEN_PIECES_MILLIS = 300
"""How long the sounds of one question are apart, and a key still counts for the one before. Telnyx listens."""

MAX_TRIES = 10


class Tries(Shorthand):
    """How often a question is asked. In a flow: a number, or how many of either kind of failure end it."""

    short_form: ClassVar[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": MAX_TRIES}

    no_input: StrictInt = Field(3, ge=1, le=MAX_TRIES, description="Times that nothing is pressed.")
    wrong: StrictInt = Field(3, ge=1, le=MAX_TRIES, description="Times that something wrong is pressed.")
    in_all: StrictInt = Field(2 * MAX_TRIES, ge=1, le=2 * MAX_TRIES, description="Times that it is asked at all.")

    @model_validator(mode="before")
    @classmethod
    def _in_all(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        if type(written) is not int:
            return written
        if not 1 <= written <= MAX_TRIES:
            raise ValueError(f"must be from 1 to {MAX_TRIES}")
        return {"in_all": written, "no_input": written, "wrong": written}


class PromptedInput(Speaking):
    """A question, its reminders, and where to go when the caller gives no good answer."""

    tries: Tries = Field(default_factory=lambda: Tries.model_validate(3), description="How often it is asked.")
    wait_seconds: StrictInt = Field(5, ge=1, le=60, description="How long to wait for a key after the prompt.")
    no_input: Prompt | None = Field(None, description="Said before the question, after nothing was pressed.")
    wrong: Prompt | None = Field(None, description="Said before the question, after an answer that is none.")
    otherwise: str = Field("", description="The step when patience ends; without it, the next one.")
    otherwise_no_input: str = Field("", description="The same where nothing was pressed the last time.")
    otherwise_wrong: str = Field("", description="The same where something wrong was pressed the last time.")
    barge_in: StrictBool = Field(default=True, description="Whether a key interrupts the prompt.")

    def ask(self, call: Call, voice_defaults: VoiceDefaults, prompt: Prompt, digits: dict[str, object]) -> Move:
        """One try at Telnyx: the patience and the reminders are ours.

        Of a question in several sounds each is a gather of its own, one after another, so that a key interrupts at once
        and it is Telnyx that says whether the key or the sound's end came first.
        """
        sounds = () if call.waiting.get(HEARD) else self._question(call, prompt).sounds(call, voice_defaults)
        if not sounds:
            return Wait((self._listen(call, digits),), call.waiting)
        if not self.barge_in:
            return Wait(tuple(sound.heard(call) for sound in sounds), {**call.waiting, PROMPTS: len(sounds)})
        place = min(call.waiting.get(PIECE, 0), len(sounds) - 1)
        last = place == len(sounds) - 1
        timeout = self.wait_seconds * MILLIS if last else BETWEEN_PIECES_MILLIS
        gather = sounds[place].gathered(call, maximum_tries=1, timeout_millis=timeout, **digits)
        several = {PIECES: len(sounds)} if len(sounds) > 1 else {}
        return Wait((gather,), {**call.waiting, **several})

    def still_asking(self, call: Call, event: Event, key: str | None) -> Move | None:
        """What to do while the question is not yet wholly asked; None once it is."""
        if key == NO_KEY and call.waiting.get(PIECE, 0) + 1 < call.waiting.get(PIECES, 1):
            return Go(self.name, waiting={**call.waiting, PIECE: call.waiting.get(PIECE, 0) + 1})
        if PROMPTS in call.waiting and not call.waiting.get(HEARD):
            move = heard_out(call, event, self.name)
            return (
                Go(self.name, waiting={**call.waiting, HEARD: 1}) if isinstance(move, Go) else self._safely(call, move)
            )
        if reason := unplayable(event):
            return Fail(reason, self.abandoned(call))
        return None

    def ask_again(self, call: Call, how: int) -> Go:
        """Enter the step once more, or leave it, with nothing counted, when the tries are used up."""
        kind = _COUNTED[how]
        counts = self.counted(call)
        counts |= {LAST: how, TRIED: counts.get(TRIED, 0) + 1, kind: counts.get(kind, 0) + 1}
        used_up = counts[TRIED] >= self.tries.in_all or counts[kind] >= getattr(self.tries, kind)
        if used_up:
            own = self.otherwise_no_input if how == NO_INPUT else self.otherwise_wrong
            return Go(own or self.otherwise or self.next)
        return Go(self.name, waiting=counts)

    def counted(self, call: Call) -> dict[str, int]:
        """What is still counted when the question is asked anew."""
        return {name: count for name, count in call.waiting.items() if name not in _OF_ONE_TRY}

    def begun_again(self, call: Call) -> Mapping[str, int]:
        """The question is asked anew, and no try is counted."""
        return self.counted(call)

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The gather would go on listening."""
        if PROMPTS in call.waiting and not call.waiting.get(HEARD):
            return stop_queued(call)
        return stop_gathering(call)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Where it goes when patience ends beside the usual ones."""
        yield from super().targets()
        for way in ("otherwise", "otherwise_no_input", "otherwise_wrong"):
            if step := getattr(self, way):
                yield way, step

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """Its reminders."""
        for where in ("no_input", "wrong"):
            if prompt := getattr(self, where):
                yield where, prompt

    def _question(self, call: Call, prompt: Prompt) -> Prompt:
        """The prompt of this try: after a try that failed, with the reminder in front."""
        reminder = {NO_INPUT: self.no_input, WRONG_INPUT: self.wrong}.get(call.waiting.get(LAST, 0))
        return reminder.then(prompt) if reminder else prompt

    def _listen(self, call: Call, digits: dict[str, object]) -> Command:
        wait = self.wait_seconds * MILLIS
        between = digits.get("inter_digit_timeout_millis", 0)
        most = digits["maximum_digits"]
        assert isinstance(between, int)  # noqa: S101 -- our own parameters
        assert isinstance(most, int)  # noqa: S101 -- our own parameters
        return command(
            "gather",
            call.control_id,
            initial_timeout_millis=wait,
            timeout_millis=wait + most * between + MILLIS,
            **digits,
        )

    def _safely(self, call: Call, move: Move | None) -> Move | None:
        return Fail(move.reason, self.abandoned(call)) if isinstance(move, Fail) else move
