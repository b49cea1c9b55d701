"""Base of the steps in which two people talk, with keys that do something during the conversation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from dialtone.domain.commands import Command, command
from dialtone.domain.errors import CommandInvalid
from dialtone.flow.consent import DECLINED, VARIABLE
from dialtone.flow.in_call_keys import AGENT, CALLER, MAX_OBEYED, DuringKey, DuringKeys, Side, TalkState, ambiguous
from dialtone.flow.recording_options import record_start
from dialtone.flow.step import Speaking
from dialtone.flow.step_moves import Move, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.prompts import Prompt
    from dialtone.flow.voice_settings import VoiceDefaults

_OTHER: Mapping[Side, Side] = {AGENT: CALLER, CALLER: AGENT}


class Talking(Speaking):
    """A step that ends in a conversation. `served` says whether it has begun."""

    leads: ClassVar[Side] = CALLER
    """Whose leg the flow leads; the other side's is one that it rang, or another flow's."""
    pressed_by: ClassVar[tuple[Side, ...]] = (AGENT, CALLER)
    """Whose keys the flow gets to know."""
    after_talk: ClassVar[tuple[str, ...]] = ()
    """Its paths out of a conversation."""

    offers: ClassVar[tuple[str, ...]] = ()
    """The words that keys may do; each has a key of the step that says more."""

    during: DuringKeys = Field(
        default_factory=dict,
        description="While they talk: a key, or `*` or `#` and a digit → what it does.",
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if reason := ambiguous(self.during):
            raise ValueError(reason)
        for word in self.offers:
            if bool(getattr(self, word)) != any(does.word == word for does in self.during.values()):
                raise ValueError(
                    f'{word} needs both: the key of during, "*9": {word}, and {word}, which says the rest; write both'
                )
        for keys, does in self.during.items():
            if does.word and does.word not in self.offers:
                raise ValueError(f"{keys}: {does.word} is not for this step; {self._why_not_offered}")
            if not any(does.takes(side) for side in self.pressed_by):
                raise ValueError(f"{keys} is never pressed by the {does.by} here; {self._why_unheard}")
        return self

    _why_unheard: ClassVar[str] = "leave by out"
    _why_not_offered: ClassVar[str] = "remove it"

    def talks(self, call: Call) -> bool:
        """Whether the two are connected."""
        return self.served(call)

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Handle a key during the conversation; leave everything else to the kind of step."""
        if event.type == "call.dtmf.received" and self.served(call):
            return self._pressed(call, event, voice_defaults) if self.during else None
        return self.connect(call, event, voice_defaults)

    def connect(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Handle an event before and after the conversation, by kind of step."""
        raise NotImplementedError

    def refused(self, call: Call, event: Event) -> Move:
        """A refused command does not end a conversation."""
        if self.served(call):
            return Wait(state=self._state(call), talking=True, reason=event.text("reason"), fault=True)
        return self.not_connected(call, event)

    def not_connected(self, call: Call, event: Event) -> Move:
        """The move when Telnyx refuses a command before they talk."""
        raise NotImplementedError

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The prompts of keys."""
        yield from ((f"during.{keys}.announce", does.announce) for keys, does in self.during.items() if does.announce)

    def _state(self, call: Call) -> TalkState:
        """The state, of its own kind."""
        raise NotImplementedError

    def _pressed(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        side = _OTHER[self.leads] if event.about_callee else self.leads
        before = self._state(call)
        state, keys = before.pressed(side, event, [keys for keys, does in self.during.items() if does.takes(side)])
        if not keys:
            return None if state == before else Wait(state=state, talking=True)
        if state.obeyed >= MAX_OBEYED:
            return Wait(state=state, talking=True, reason=f"over {MAX_OBEYED} keys in one conversation")
        return self._do(call, self.during[keys], replace(state, obeyed=state.obeyed + 1), voice_defaults)

    def _do(self, call: Call, does: DuringKey, state: TalkState, voice_defaults: VoiceDefaults) -> Move:
        """Do what the key says; nothing if that is the case already."""
        switched = _recording(call, does)
        if does.recording and not switched:
            return Wait(state=state, talking=True, reason=f"no recording to {does.recording}")
        try:
            said = self._into_talk(call, does, voice_defaults)
        except CommandInvalid as error:  # because of a variable's value
            return Wait(switched, state, talking=True, reason=str(error), fault=True)
        named = " and ".join(
            filter(None, ("announce" if said else "", does.recording and f"recording {does.recording}"))
        )
        return Wait((*said, *switched), state, talking=True, reason=named)

    def _into_talk(self, call: Call, does: DuringKey, voice_defaults: VoiceDefaults) -> tuple[Command, ...]:
        if does.announce is None:
            return ()
        heard_by: dict[str, str] = {self.leads: "self", _OTHER[self.leads]: "opposite", "both": "both"}
        return tuple(
            each._replace(parameters={**each.parameters, "target_legs": heard_by[does.to]})
            for each in does.announce.play(call, voice_defaults)
        )


def _recording(call: Call, does: DuringKey) -> tuple[Command, ...]:
    """The command that switches the recording; none if it is as wanted, or the caller declined."""
    match does.recording:
        case "start" if not call.recorder and call.variables.get(VARIABLE) != DECLINED:
            return (record_start(call, does),)
        case "pause" if call.recorder == "on":
            return (command("record_pause", call.control_id),)
        case "resume" if call.recorder == "paused":
            return (command("record_resume", call.control_id),)
        case "stop" if call.recorder:
            return (command("record_stop", call.control_id),)
    return ()
