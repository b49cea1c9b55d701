"""Sends a text (SMS) to the caller or to somebody else; also after the hang-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, PrivateAttr, StringConstraints, field_validator

from dialtone.domain.commands import command
from dialtone.domain.decisions import TARGET_REFUSED
from dialtone.domain.events import TEXT_ACCEPTED
from dialtone.domain.numbers import E164, masked
from dialtone.domain.sms import MAX_PARTS, MAX_TEXTS, OPTED_OUT_CODE, parts, takes_texts, why_not
from dialtone.domain.telnyx_actions import MESSAGE_CHARACTERS
from dialtone.flow.caller_chosen_variables import Sources, echoes
from dialtone.flow.step import Step
from dialtone.flow.step_moves import Fail, Move, Wait
from dialtone.flow.templating import CALLER, DIGITS, filled, known, names_in

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class SendText(Step):
    """Send a text, and go on once Telnyx has taken it: what becomes of it then is noted with the call."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, populate_by_name=True)

    paths: ClassVar[tuple[str, ...]] = ("opted_out", "no_number")

    text: str = Field(min_length=1, max_length=MESSAGE_CHARACTERS, description="What it says; variables are filled in.")
    to: str = Field("{caller}", min_length=1, description="The recipient's number, or a variable that holds one.")
    sender: str = Field(
        "",
        alias="from",
        pattern=r"^$|^\+[1-9][0-9]{6,14}$",
        description="Your number as the sender; without it, the one of this call.",
    )
    countries: tuple[Country, ...] = Field(
        (), description="Countries that it may be sent to, such as US, CA; without it, the sender's country."
    )
    _sources: Sources = PrivateAttr(default_factory=Sources)

    opted_out: str = Field("", description="The step for recipients who have answered STOP; without it, on_error.")
    no_number: str = Field(
        "",
        description="The step if there is no number to send to, as for a withheld caller; without it, on_error.",
    )

    @field_validator("to")
    @classmethod
    def _not_keyed_in(cls, to: str) -> str:
        for name in names_in(to):
            if name.startswith(DIGITS):
                raise ValueError(
                    f"{{{name}}} is chosen by the caller, who could have texts sent anywhere at your cost; "
                    "text {caller}, or a number that a lookup gives"
                )
        return to

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Send it; Telnyx's answer comes as an event."""
        values = known(call)
        to, ours = filled(self.to, values), self.sender or _own_number(call)
        if not E164.fullmatch(to) or not takes_texts(to):
            return self._without_number()
        if refused := self._why_refused(call, to) or why_not(to, ours, self.countries):
            return Fail(f"refused to text {masked(to)}: {refused}", incident=TARGET_REFUSED)
        said = filled(self.text, values, voice_defaults.language).strip()
        if reason := _reason(call, ours, said):
            return Fail(f"no text sent: {reason}")
        return Wait((command("send_message", **{"from": ours, "text": said, "to": to, "type": "SMS"}),))

    def on(self, call: Call, event: Event) -> Move | None:
        """Telnyx has taken the text."""
        del call
        return self.take("next") if event.type == TEXT_ACCEPTED else None

    def refused(self, call: Call, event: Event) -> Move:
        """A recipient who has opted out is not a fault."""
        if event.text("code") != OPTED_OUT_CODE:
            return super().refused(call, event)
        return self.take("opted_out") if self.opted_out else Fail("opted out of texts", fault=False)

    def repeated(self, call: Call) -> None:
        """None: it was sent, whatever detection finds."""
        del call

    def needs_caller(self) -> bool:
        """False: it goes to a number, not to the call."""
        return False

    @property
    def rings_variables(self) -> bool:
        """Whether it goes to a number in a variable other than the caller's."""
        return any(name != CALLER for name in names_in(self.to))

    def with_sources(self, sources: Sources) -> Self:
        """The step, with the variables that callers choose."""
        step = self.model_copy()
        step._sources = sources  # noqa: SLF001 -- another of its own kind
        return step

    def _why_refused(self, call: Call, to: str) -> str:
        """Why a number that callers chose gets no text; '' for the caller's own number, and for the team's."""
        for name in names_in(self.to):
            if name != CALLER and self._sources.is_callers(name):
                return f"callers choose {name}"
            if name in self._sources.looked_up and to != call.from_number and echoes(call, to):
                return "the lookup gave what the caller keyed in"
        return ""

    def _without_number(self) -> Move:
        return self.take("no_number") if self.no_number else Fail("no number that takes texts", fault=False)


def _own_number(call: Call) -> str:
    return call.from_number if call.direction == "outgoing" else call.to_number


def _reason(call: Call, ours: str, said: str) -> str:
    """Why the text cannot be sent to any number; '' if it can."""
    if not E164.fullmatch(ours):
        return "this call is on no number; name one with `from`"
    if not said:
        return "all that it says is empty"
    if parts(said) > MAX_PARTS:
        return f"it would take {parts(said)} messages, and may take {MAX_PARTS}"
    return f"this call has sent {MAX_TEXTS} already" if len(call.texts) >= MAX_TEXTS else ""
