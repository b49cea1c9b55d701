"""Base of the steps that ask a caller for keys: a question that is repeated until the tries are used up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, StrictBool, StrictInt

from dialtone.domain.commands import command
from dialtone.domain.decisions import NO_INPUT, WRONG_INPUT
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.keys import NO_KEY, gathered_key, stop_gathering
from dialtone.flow.prompts import Prompt, prompts_ended, stop_queued, unplayable
from dialtone.flow.step import NEXT, Speaking
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.tries import Failure, Tries, TriesState

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.prompts import Sound
    from dialtone.flow.voice_settings import VoiceDefaults


BETWEEN_PIECES_MILLIS = 300
"""The pause between the sounds of a question, during which a key still counts: Telnyx is listening."""


@dataclass(frozen=True)
class PromptedInputState(TriesState):
    """The tries so far, and the progress of the question."""

    piece: int = 0
    """For a question of several sounds: the current one, from 0."""
    pieces: int = 0
    """How many sounds the question has, if several."""
    heard: bool = False
    """If keys do not interrupt: whether the question has been played to its end, so that keys count now."""

    @property
    def speaking(self) -> bool:
        """Whether a question that keys do not interrupt is still playing."""
        return self.prompts > 0 and not self.heard

    def asked_anew(self) -> Self:
        """The part of the state to keep when the whole question is repeated."""
        return replace(self, prompts=0, piece=0, pieces=0, heard=False)

    def failed(self, how: Failure) -> Self:
        """The state after another failed try."""
        return self.asked_anew().counted(how)


class PromptedInput(Speaking):
    """A question, its reminders, and the paths for callers who give no valid answer."""

    paths: ClassVar[tuple[str, ...]] = ("otherwise", "otherwise_no_input", "otherwise_wrong")

    tries: Tries = Field(default_factory=lambda: Tries.model_validate(3), description="How often it is asked.")
    wait_seconds: StrictInt = Field(5, ge=1, le=60, description="How long to wait for a key after the prompt.")
    no_input: Prompt | None = Field(None, description="Spoken before the question is repeated, if nothing was pressed.")
    wrong: Prompt | None = Field(None, description="Spoken before the question is repeated, after an invalid answer.")
    otherwise: str = Field("", description="The step when the tries are used up; without it, the next one.")
    otherwise_no_input: str = Field("", description="The same if nothing was pressed in the last try.")
    otherwise_wrong: str = Field("", description="The same if the last try was invalid.")
    barge_in: StrictBool = Field(default=True, description="Whether a key interrupts the prompt.")

    def state(self, call: Call) -> PromptedInputState:
        """The call's state in this step."""
        return PromptedInputState.of(call)

    def awaited_digits(self) -> dict[str, object]:
        """The parameters for the digits of a gather."""
        raise NotImplementedError

    def ask(self, call: Call, voice_defaults: VoiceDefaults, prompt: Prompt, digits: dict[str, object]) -> Wait:
        """One try. Retries and reminders are ours, not Telnyx's.

        Each sound of the question is a gather of its own, one after another, so that a key interrupts at once, and
        Telnyx says whether the key or the sound's end came first.
        """
        state = self.state(call)
        sounds = () if state.heard else self.question(call, voice_defaults, prompt)
        if not sounds:
            return Wait((self._listen(call, digits),), state)
        if not self.barge_in:
            return Wait(tuple(sound.play(call) for sound in sounds), replace(state, prompts=len(sounds)))
        place = min(state.piece, len(sounds) - 1)
        last = place == len(sounds) - 1
        timeout = self.wait_seconds * MILLIS_PER_SECOND if last else BETWEEN_PIECES_MILLIS
        gather = sounds[place].gather(call, maximum_tries=1, timeout_millis=timeout, **digits)
        return Wait((gather,), replace(state, pieces=len(sounds)) if len(sounds) > 1 else state)

    def question(self, call: Call, voice_defaults: VoiceDefaults, prompt: Prompt) -> tuple[Sound, ...]:
        """What the caller hears in this try: after a failed one, the reminder comes first."""
        return self._question(self.state(call), prompt).sounds(call, voice_defaults)

    def still_asking(self, call: Call, event: Event, key: str | None) -> Move | None:
        """The move while the question is still playing; None once it has ended."""
        state = self.state(call)
        if key == NO_KEY and state.piece + 1 < state.pieces:
            return Go(self.name, state=replace(state, piece=state.piece + 1))
        if state.speaking:
            move = prompts_ended(state, event, Go(self.name, state=replace(state, heard=True)))
            return self._safely(call, move)
        if reason := unplayable(event):
            return Fail(reason, self.abandoned(call))
        return None

    def follow_key(self, call: Call, event: Event, keys: Container[str], choose: Callable[[str], Move]) -> Move | None:
        """Go where the key leads, if it is one of the keys; ask again after none or an invalid one."""
        key = gathered_key(event)
        if move := self.still_asking(call, event, key):
            return move
        if key is None:
            return None
        if key in keys:
            return choose(key)
        return self.ask_again(call, Failure.NO_INPUT if key == NO_KEY else Failure.WRONG_INPUT)

    def ask_again(self, call: Call, how: Failure) -> Go:
        """Enter the step once more, or leave it if the tries are used up."""
        state = self.state(call).failed(how)
        return self.give_up(how) if self.tries.used_up(state) else Go(self.name, state=state)

    def give_up(self, how: Failure) -> Go:
        """Leave the step after the last try."""
        silent = how is Failure.NO_INPUT
        path = self.take("otherwise_no_input" if silent else "otherwise_wrong", "otherwise", "next")
        return path._replace(result=NO_INPUT if silent else WRONG_INPUT)

    def repeated(self, call: Call) -> PromptedInputState:
        """The state to repeat the question without counting a try."""
        return self.state(call).asked_anew()

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the gather."""
        return stop_queued(call) if self.state(call).speaking else stop_gathering(call)

    def falls_through(self) -> tuple[str, ...]:
        """The failures, `no_input` or `wrong`, that lead to `next` because they have no path of their own."""
        if self.otherwise:
            return ()
        return tuple(how for how in ("no_input", "wrong") if not getattr(self, f"otherwise_{how}"))

    def is_choice(self, where: str) -> bool:
        """True for answers with valid digits, too."""
        return super().is_choice(where) or (where == NEXT and not self.falls_through())

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """The answer, unless callers without one take the same path."""
        return self.sets() if where == NEXT and not self.falls_through() else ()

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The reminders."""
        for where in ("no_input", "wrong"):
            if prompt := getattr(self, where):
                yield where, prompt

    def _question(self, state: PromptedInputState, prompt: Prompt) -> Prompt:
        """The prompt of this try: after a failed one, the reminder comes first."""
        reminder = {Failure.NO_INPUT: self.no_input, Failure.WRONG_INPUT: self.wrong}.get(state.last)
        return reminder.then(prompt) if reminder else prompt

    def _listen(self, call: Call, digits: dict[str, object]) -> Command:
        wait = self.wait_seconds * MILLIS_PER_SECOND
        between = digits.get("inter_digit_timeout_millis", 0)
        most = digits["maximum_digits"]
        assert isinstance(between, int)  # noqa: S101 -- our own parameters
        assert isinstance(most, int)  # noqa: S101 -- our own parameters
        return command(
            "gather",
            call.control_id,
            initial_timeout_millis=wait,
            timeout_millis=wait + most * between + MILLIS_PER_SECOND,
            **digits,
        )

    def _safely(self, call: Call, move: Move | None) -> Move | None:
        return Fail(move.reason, self.abandoned(call)) if isinstance(move, Fail) else move
