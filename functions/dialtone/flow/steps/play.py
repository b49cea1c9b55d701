"""An audio file, once or several times, interrupted by a key where the flow offers keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from dialtone.domain.commands import Command, command
from dialtone.flow.keys import Keys, gathered_key, one_key, stop_gathering
from dialtone.flow.prompts import Prompt, prompts_ended, stop_queued, unplayable
from dialtone.flow.step import NEXT, Edge, Step
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import PromptState
from dialtone.flow.steps.say import MAX_TIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.prompts import Sound
    from dialtone.flow.voice_settings import VoiceDefaults

KEY_GRACE_MILLIS = 500
"""How long after the audio a key still counts: a caller who waits for the end presses a moment later."""

INFINITY, OVERLAY = "infinity", "overlay"


class Play(Step):
    """Play audio; a key that the flow offers interrupts it and leads elsewhere."""

    paths: ClassVar[tuple[str, ...]] = ("keys",)

    play: Prompt | None = Field(description="What to play: audio, media or files; null beside stop plays nothing.")
    times: Annotated[StrictInt, Field(ge=1, le=MAX_TIMES)] | Literal["infinity"] = Field(
        1, description="How often; infinity until a key, the next `stop`, or the end of the call."
    )
    keys: Keys = Field(default_factory=dict, description="Key → the step it leads to.")
    background: StrictBool = Field(default=False, description="Go on at once, while it plays in a loop.")
    overlay: StrictBool = Field(default=False, description="Mix it into the audio that plays in the background.")
    to: Literal["self", "opposite", "both"] = Field(
        "self", description="Who hears it: the caller, the other side of the conversation, or both."
    )
    stop: Literal["current", "all", "overlay"] | None = Field(
        None,
        description=(
            "Stop what plays (`current`), or that and all that is queued (`all`), and play this instead. "
            "`overlay`, beside `play: null`, stops what plays over it."
        ),
    )

    @model_validator(mode="after")
    def _playable(self) -> Self:
        if self.play is None:
            return self._stopping()
        if self.play.speaks:
            raise ValueError("plays audio or media; use say for words")
        if self.times != 1 and any(len(pieces) != 1 for pieces in self.play.by_language()):
            raise ValueError("times repeats one file; play several by several steps, or put them into one file")
        if self.keys and any(len(pieces) != 1 for pieces in self.play.by_language()):
            raise ValueError("keys interrupt one file; play several by several steps, or put them into one file")
        if self.keys and (self.background or self.overlay or self.stop or self.to != "self"):
            raise ValueError("keys cannot be used with background, overlay, stop or to; remove one of them")
        if self.stop == OVERLAY:
            raise ValueError("stop: overlay plays nothing; write `play: null` beside it, and play in the step after")
        if self.overlay and self.to != "self":
            raise ValueError("only the caller hears an overlay; leave `to` out")
        if self.times == INFINITY and not (self.keys or self.background):
            raise ValueError("infinity never goes on; add keys that lead on, or background: true")
        if self.background and self.times != INFINITY:
            raise ValueError("background needs times: infinity; its end would be taken for that of a later prompt")
        return self

    def _stopping(self) -> Self:
        if self.stop is None or self.model_fields_set - {"name", "next", "on_error", "play", "stop"}:
            raise ValueError("null plays nothing; name what to play, or write stop beside it and nothing else")
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """With keys it is a gather, so that Telnyx itself decides whether the key or the end came first.

        For endless audio the step is entered again at each play, so that the flow's limits are checked.
        """
        if self.play is None:
            return self.take("next", commands=(self._stopped(call),))
        if not (sounds := self.play.sounds(call, voice_defaults)):
            return self.take("next", commands=(self._stopped(call),) if self.stop else ())
        if self.keys:
            (sound,) = sounds
            tries = 1 if self.times == INFINITY else self.times
            gather = sound.gather(call, maximum_tries=tries, timeout_millis=KEY_GRACE_MILLIS, **one_key(self.keys))
            return Wait((gather,))
        played = self._played(call, sounds)
        return self.take("next", commands=played) if self.background else Wait(played, PromptState(prompts=len(played)))

    def _stopped(self, call: Call) -> Command:
        """Telnyx has a separate queue for overlaid audio, which the other values of `stop` do not affect."""
        if self.stop == OVERLAY:
            return command("playback_stop", call.control_id, stop="all", overlay=True)
        return command("playback_stop", call.control_id, stop=self.stop)

    def on(self, call: Call, event: Event) -> Move | None:
        """Go where the key leads; without one, go on."""
        if not self.keys:
            return None if self._beside(call, event) else prompts_ended(PromptState.of(call), event, self.take("next"))
        if reason := unplayable(event):
            return Fail(reason, self.abandoned(call))
        key = gathered_key(event)
        if key is None:
            return None
        again = self.times == INFINITY and not event.text("digits")
        return Go(self.name) if again and key not in self.keys else self.take(f"keys.{key}", "next")

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the gather and what is queued: a gather whose audio failed would go on listening."""
        return stop_gathering(call) if self.keys else stop_queued(call)

    def edges(self, last_resort: str = "") -> Iterator[Edge]:
        """Endless audio has no other end than a key."""
        yield from super().edges(last_resort)
        if self._endless:
            yield Edge(self.name, "times", self.name, chosen=False)

    def is_choice(self, where: str) -> bool:
        """For endless audio, every path is: only a key ends it, even one that leads nowhere."""
        return super().is_choice(where) or (where == NEXT and self._endless)

    @property
    def _endless(self) -> bool:
        return self.times == INFINITY and not self.background

    def waits(self) -> bool:
        """Not for background audio."""
        return self.play is not None and not self.background

    def needs_caller(self) -> bool:
        """Yes, also for background audio."""
        return True

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """What it plays."""
        if self.play:
            yield "play", self.play

    def _beside(self, call: Call, event: Event) -> bool:
        """Whether the event is about background, overlaid or earlier audio, whose end does not matter here."""
        if event.type != "call.playback.ended" or self.play is None:
            return False
        if bool(event.payload.get("overlay")) != self.overlay:
            return True
        named = event.text("media_url") or event.text("media_name")
        return bool(named) and named not in {
            source for piece in self.play.pieces() for source in piece.source(call).values()
        }

    def _played(self, call: Call, sounds: Sequence[Sound]) -> tuple[Command, ...]:
        options: dict[str, object] = {"loop": self.times} if self.times != 1 else {}
        if self.overlay:
            options["overlay"] = True
        elif self.to != "self":
            options["target_legs"] = self.to
        first = {"stop": self.stop} if self.stop else {}
        return tuple(
            command("playback_start", call.control_id, **sound.parameters, **options, **(first if place == 0 else {}))
            for place, sound in enumerate(sounds)
        )
