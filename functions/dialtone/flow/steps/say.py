"""Plays a prompt to its end, or until a key interrupts it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, Self

from pydantic import Field, PrivateAttr, StrictBool, StrictInt, model_validator

from dialtone.flow.keys import NO_KEY, Keys, gathered_key, one_key, stop_gathering
from dialtone.flow.prompts import Prompt, prompts_ended, stop_queued, unplayable
from dialtone.flow.step import Speaking
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import PromptState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

BARGE_IN = "barge_in"
"""The edge to a question that keys answer during the prompts before it."""

BETWEEN_SOUNDS_MILLIS = 300
"""How long after a sound a key still counts for it."""

MAX_TIMES = 100
"""Telnyx's limit for `loop`."""


class AskingStep(Protocol):
    """What a prompt needs to know of the question after it."""

    @property
    def name(self) -> str:
        """Its name in the flow."""
        ...

    def awaited_digits(self) -> dict[str, object]:
        """The parameters for the digits of a gather."""
        ...

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether gathered digits answer the question."""
        ...


@dataclass(frozen=True)
class SayState(PromptState):
    """The progress of a prompt that keys interrupt."""

    piece: int = 0
    """The current sound, from 0: each is a gather of its own."""
    pieces: int = 0
    """How many sounds there are."""


class Say(Speaking):
    """Speak or play to the end; a key interrupts where the flow wants it."""

    paths: ClassVar[tuple[str, ...]] = ("keys",)

    say: Prompt = Field(description="The prompt to speak or play.")
    keys: Keys = Field(
        default_factory=dict, description="Key → the step it leads to; any other key goes on. Either interrupts."
    )
    barge_in: StrictBool = Field(
        default=False,
        description="Whether keys interrupt it. Before a question, they already answer it.",
    )
    times: StrictInt = Field(1, ge=1, le=MAX_TIMES, description="How often to repeat it.")
    to: Literal["self", "opposite", "both"] = Field(
        "self", description="Who hears it: the caller, the other side of the conversation, or both."
    )
    stop: Literal["current", "all"] | None = Field(
        None,
        description="Stop what plays (`current`), or that and all that is queued (`all`), and say this instead.",
    )
    service_level: Literal["basic", "premium"] | None = Field(
        None, description="Telnyx's: basic is for the voices male and female, which read texts in en-US."
    )
    _question: AskingStep | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.keys and self.barge_in:
            raise ValueError("keys interrupt already; leave barge_in out")
        if self._interruptible and (self.times > 1 or self.to != "self" or self.stop):
            raise ValueError("keys interrupt what is said once, to the caller; leave times, to and stop out")
        return self

    @model_validator(mode="after")
    def _sayable(self) -> Self:
        if self.times > 1 and any(len(pieces) > 1 for pieces in self.say.by_language()):
            raise ValueError("times repeats one text or file; write it once, or repeat the step")
        if self.service_level == "basic" and any(piece.ssml for piece in self.say.pieces()):
            raise ValueError("service_level: basic reads texts, not SSML; leave it out, or write text")
        return self

    @property
    def _interruptible(self) -> bool:
        return bool(self.keys) or self.barge_in

    def before(self, question: AskingStep) -> Self:
        """The step, with the question that its keys answer."""
        step = self.model_copy()
        step._question = question  # noqa: SLF001 -- another of its own kind
        return step

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Send everything at once, since Telnyx queues it. If variables left nothing, the call goes on.

        If keys interrupt, each sound is a gather, so that Telnyx says whether the key or the sound's end came first.
        """
        if not self._interruptible:
            queued = enumerate(self.say.play(call, voice_defaults))
            prompts = tuple(self._with_options(each, first=place == 0) for place, each in queued)
            return Wait(prompts, PromptState(prompts=len(prompts))) if prompts else self.take("next")
        sounds = self.say.sounds(call, voice_defaults)
        if not sounds:
            return self.take("next")
        place = min(SayState.of(call).piece, len(sounds) - 1)
        digits = self._question.awaited_digits() if self._question else one_key(self.keys)
        gather = sounds[place].gather(call, maximum_tries=1, timeout_millis=BETWEEN_SOUNDS_MILLIS, **digits)
        return Wait((self._with_options(gather, first=True),), SayState(piece=place, pieces=len(sounds)))

    def on(self, call: Call, event: Event) -> Move | None:
        """Count the prompts that have ended, or follow the key. A prompt that could not be played fails the step."""
        if self._interruptible:
            return self._interrupted(call, event)
        if self.stop and self._is_beside(call, event):
            return None
        move = prompts_ended(PromptState.of(call), event, self.take("next"))
        return Fail(move.reason, self.abandoned(call)) if isinstance(move, Fail) else move

    def _interrupted(self, call: Call, event: Event) -> Move | None:
        if reason := unplayable(event):
            return Fail(reason, self.abandoned(call))
        keyed = gathered_key(event)
        if keyed is None:
            return None
        state = SayState.of(call)
        if event.text("status") not in {"valid", "invalid"} and state.piece + 1 < state.pieces:
            return Go(self.name, state=replace(state, piece=state.piece + 1))
        if self._question and keyed != NO_KEY:
            return self.take(BARGE_IN, "next")._replace(answers=True)
        return self.take(f"keys.{keyed}", "next")

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys, or answer the question that follows."""
        return digits in self.keys or (self._question is not None and self._question.answered_by_digits(call, digits))

    def _with_options(self, prompt: Command, *, first: bool) -> Command:
        options: dict[str, object] = {"loop": self.times} if self.times > 1 else {}
        if self.to != "self":
            options["target_legs"] = self.to
        if self.stop and first:
            options["stop"] = self.stop
        if self.service_level and prompt.action in {"speak", "gather_using_speak"}:
            options["service_level"] = self.service_level
        return prompt._replace(parameters={**prompt.parameters, **options}) if options else prompt

    def _is_beside(self, call: Call, event: Event) -> bool:
        """Whether the event is the end of audio that this step has stopped."""
        named = event.text("media_url") or event.text("media_name")
        own = {source for piece in self.say.pieces() if not piece.speaks for source in piece.source(call).values()}
        return event.type == "call.playback.ended" and bool(named) and named not in own

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop what is queued behind the failed prompt, and the gather."""
        return stop_gathering(call) if self._interruptible else stop_queued(call)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Includes the question that keys lead to, if other prompts come before it."""
        yield from super().targets()
        if self._question and self._question.name != self.next:
            yield BARGE_IN, self._question.name

    def is_choice(self, where: str) -> bool:
        """True for a key."""
        return where == BARGE_IN or super().is_choice(where)

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The prompt."""
        yield "say", self.say
