"""The caller's consent to being recorded: announced or asked for, and the evidence of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dialtone.domain.recordings import Consent
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.keys import NO_KEY, Key, gathered_key, one_key, stop_gathering
from dialtone.flow.prompts import Prompt, prompts_ended, stop_queued, unplayable
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_moves import Fail, Go, Move, Wait
from dialtone.flow.step_state import PromptState

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

TRIES = 2
"""How often consent is asked for. A caller who says nothing has not agreed."""

WAIT_SECONDS = 6
"""How long to wait for the key: the caller needs a moment to think, and nothing is recorded meanwhile."""

VARIABLE = "consent"
"""The variable that holds the result: announced, given or declined."""

DECLINED = "declined"

MAX_EVIDENCE_CHARACTERS = 2_000
"""For the prompt in the ledger: announcements have a sentence or two."""

_SAID = {
    "announce": "This call is recorded.",
    "ask": "We would like to record this call. To agree, press 1. To go on without a recording, press 2.",
}


@dataclass(frozen=True)
class ConsentState(PromptState):
    """The state of the question for consent."""

    consented: bool = False
    asked: int = 0
    """How often the caller gave no answer."""


Demand = Literal["none", "announce", "ask"]
"""What a flow demands before a recording begins, from nothing to a pressed key."""

_STRICTNESS = ("none", "announce", "ask")


class ConsentPolicy(Shorthand):
    """What a flow demands of every recording that it can start. In a flow: a word, for the calls, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"enum": list(_STRICTNESS)}

    calls: Demand = Field("none", description="For recordings of conversations: `record`, and `recording: start`.")
    messages: Demand = Field(
        "none", description="For messages: a caller who speaks after the tone wants to be recorded."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_calls(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"calls": written} if isinstance(written, str) else written


def _usual_sentence(validated: dict[str, Any]) -> Prompt:
    # An invalid `how` is missing here; its own error is reported.
    return Prompt.model_validate(_SAID[validated.get("how", "announce")])


class AskedConsent(Shorthand):
    """How consent is come by. In a flow: `announce`, `ask`, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"enum": ["announce", "ask"]}

    how: Literal["announce", "ask"] = Field(
        description="announce: the recording starts after the announcement. ask: after the key was pressed."
    )
    say: Prompt = Field(
        default_factory=_usual_sentence,
        description="What the caller hears; by default a sentence in English.",
    )
    accept: Key = Field("1", description="With ask: the key that agrees.")
    decline: Key = Field("2", description="With ask: the key that declines.")
    declined: str = Field("", description="With ask: the step after declining; without it, the next, unrecorded.")

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"how": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.how == "announce" and self.model_fields_set & {"accept", "decline", "declined"}:
            raise ValueError("accept, decline and declined go with how: ask; an announcement is not answered")
        if self.accept == self.decline:
            raise ValueError(f"accept and decline are both {self.accept}; give each a key of its own")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key with a meaning."""
        return (self.accept, self.decline) if self.how == "ask" else ()

    def meets(self, demand: Demand) -> bool:
        """Whether it satisfies a policy, or exceeds it."""
        return _STRICTNESS.index(self.how) >= _STRICTNESS.index(demand)

    def put(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Play the announcement, or the question and listen for the key. Nothing is recorded before that."""
        if not self.say.sounds(call, voice_defaults):
            return Fail("the announcement of the recording was empty: its variables have no value")
        state = ConsentState.of(call)
        if self.how == "announce":
            prompts = self.say.play(call, voice_defaults)
            return Wait(prompts, replace(state, prompts=len(prompts)))
        keys = one_key((self.accept, self.decline))
        return Wait(self.say.gather(call, voice_defaults, WAIT_SECONDS * MILLIS_PER_SECOND, **keys), state)

    def answered(
        self, call: Call, event: Event, voice_defaults: VoiceDefaults, *, step: str, onward: Go
    ) -> Move | None:
        """Enter the step again with the consent, ask again, or take the path without consent."""
        if self.how == "announce":
            announced = self._given(call, event, voice_defaults, step, "announced")
            move = prompts_ended(ConsentState.of(call), event, announced)
            return Fail(move.reason, self.abandoned(call)) if isinstance(move, Fail) else move
        return self._keyed(call, event, voice_defaults, step, onward)

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The commands that stop prompt and gather."""
        return stop_queued(call) if self.how == "announce" else stop_gathering(call)

    def _keyed(self, call: Call, event: Event, voice_defaults: VoiceDefaults, step: str, onward: Go) -> Move | None:
        if reason := unplayable(event):
            return Fail(reason, self.abandoned(call))
        key = gathered_key(event)
        if key is None:
            return None
        if key == self.accept:
            return self._given(call, event, voice_defaults, step, "given")
        state = ConsentState.of(call)
        if key != self.decline and state.asked + 1 < TRIES:
            return Go(step, state=replace(state, asked=state.asked + 1))
        return onward._replace(variables={VARIABLE: DECLINED})

    def _given(self, call: Call, event: Event, voice_defaults: VoiceDefaults, step: str, how: str) -> Go:
        sounds = [sound.parameters for sound in self.say.sounds(call, voice_defaults)]
        said = " ".join(str(each.get("payload") or each.get("audio_url") or each.get("media_name")) for each in sounds)
        spoken_in = next(
            (str(each["language"]) for each in sounds if each.get("language")), voice_defaults.wanted(call)
        )
        consent = Consent(
            how=how,
            prompt=said[:MAX_EVIDENCE_CHARACTERS],
            language=spoken_in,
            at=event.occurred_at,
            key="" if event.text("digits") == NO_KEY else event.text("digits"),
        )
        return Go(step, variables={VARIABLE: how}, state=ConsentState(consented=True), consent=consent)
