"""What every step has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from dialtone.flow.data_files import DataFile
from dialtone.flow.moves import Fail, Go
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_state import NO_STATE
from dialtone.flow.voice_settings import LanguageCode, Speed, VoiceName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event
    from dialtone.flow.caller_chosen import Sources
    from dialtone.flow.data_files import NamedData
    from dialtone.flow.moves import Move
    from dialtone.flow.prompts import Prompt
    from dialtone.flow.rotas import Rota
    from dialtone.flow.step_state import StepState
    from dialtone.flow.voice_settings import VoiceDefaults


def _not_one(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """Python takes 1 for true, JSON Schema does not."""
    return written if isinstance(written, bool) or written is None else str(written)


JustTrue = Annotated[Literal[True] | None, BeforeValidator(_not_one)]
"""The value of a key that is there or not: `hangup: true`."""


NEXT, ON_ERROR = "next", "on_error"

ON_HANGUP = "on_hangup"
"""How the keys begin that say what follows if the call ends in a step."""


class OnHangup(Shorthand):
    """What follows if the call ends here: variables that are noted, and a step. In a flow: its name, or a mapping."""

    # Built with the step that it is of; its other keys are the variables.
    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, str] = Field(init=False)

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "minLength": 1}

    next: str = Field("", description="The step that follows once the call has ended: one that needs no caller.")

    @model_validator(mode="before")
    @classmethod
    def _to_step(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"next": written} if isinstance(written, str) else written

    @property
    def variables(self) -> Mapping[str, str]:
        """What is noted."""
        return self.__pydantic_extra__

    def __bool__(self) -> bool:
        """Whether anything is written."""
        return bool(self.next or self.variables)


class Edge(NamedTuple):
    """One path out of a step."""

    source: str
    where: str
    """The key that it stands under: `next`, `keys.1`, `on_error`, …"""
    target: str
    """A step's name; '' at the end of the flow."""
    chosen: bool
    """Whether only a caller who does something takes it."""

    @property
    def is_error(self) -> bool:
        """Whether it is taken only where something cannot be done."""
        return self.where == ON_ERROR


class Step(BaseModel):
    """A place in a flow: it is entered, may wait for events, and goes on."""

    # Built when a flow first has such a step: a start from cold pays for the kinds that it meets, not for all.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    final: ClassVar[bool] = False
    """Whether the call ends here."""
    can_fail: ClassVar[bool] = True
    """Whether it ever takes its error path."""
    paths: ClassVar[tuple[str, ...]] = ()
    """Where it names a step, cases or keys that lead to steps, beside `next` and `on_error`."""

    name: str
    next: str = Field("", description="The step after it; without it, the one below in the file.")
    on_error: str = Field("", description="The step to take when this one cannot be done; without it, last_resort.")
    on_hangup: OnHangup = Field(
        default_factory=OnHangup,
        description="If the call ends here: variables that are noted, `outcome` among them, and the step that follows.",
    )
    _data: Mapping[str, DataFile] = PrivateAttr(default_factory=dict)
    """The data files that it names, by name, once they are read."""

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """What to do on coming here. `call.entered_at` is when."""
        raise NotImplementedError

    def on(self, call: Call, event: Event) -> Move | None:
        """What to do about an event; None if the step does not wait for it."""
        del call, event
        return None

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """As `on`, of a step that speaks in answer to an event and so needs to know how."""
        del voice_defaults
        return self.on(call, event)

    def refused(self, call: Call, event: Event) -> Move:
        """What to do when Telnyx refuses a command of this step for good: by default, take the error path."""
        return Fail(event.text("reason"), self.abandoned(call))

    def overdue(self, call: Call, reason: str) -> Go | Fail:
        """What to do when what it waits for should have come and has not: by default, take the error path."""
        return Fail(reason, self.abandoned(call))

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """What stops that which the step began, when it is left on its error path."""
        del call
        return ()

    def at_hangup(self, call: Call) -> tuple[Command, ...]:
        """What has to be done at Telnyx if the call ends here now, though there is no leg any more."""
        del call
        return ()

    def served(self, call: Call) -> bool:
        """Whether the caller has what the step is for, so that a hang-up now is its ordinary end."""
        del call
        return self.final

    def talks(self, call: Call) -> bool:
        """Whether the caller talks with another person now."""
        del call
        return False

    def hangup_path(self, call: Call) -> OnHangup:
        """What follows if the call ends here now."""
        del call
        return self.on_hangup

    def hangup_paths(self) -> Iterator[tuple[str, OnHangup]]:
        """All that may follow, as (where it stands, what follows)."""
        yield ON_HANGUP, self.on_hangup

    def needs_caller(self) -> bool:
        """Whether it can only be taken while somebody is on the line: not after the hang-up."""
        return self.waits()

    def delivers_to(self) -> tuple[DeliveryTarget, ...]:
        """To whom what it records goes, as a message."""
        return ()

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether gathered digits answer what it asks, so that they may be kept where others may be a card's."""
        del call, digits
        return False

    def repeated(self, call: Call) -> StepState | None:
        """The state in which it is entered again after detection cut its prompts off; None if it goes on as it is."""
        del call
        return NO_STATE

    def voice_defaults(self, flow: VoiceDefaults) -> VoiceDefaults:
        """How it speaks, in a flow that speaks so."""
        return flow

    def targets(self) -> Iterator[tuple[str, str]]:
        """Every step that it names, as (where it stands, the step's name)."""
        for where in (NEXT, ON_ERROR, *self.paths):
            named: Any = self
            for part in where.split("."):
                named = named and getattr(named, part)
            if isinstance(named, dict):
                yield from ((f"{where}.{key}", step) for key, step in named.items())
            elif isinstance(named, tuple):
                yield from ((f"{where}.{position}.to", case.to) for position, case in enumerate(named))
            elif named:
                yield where, named
        yield from self._hangup_targets()

    def _hangup_targets(self) -> Iterator[tuple[str, str]]:
        yield from ((where, path.next) for where, path in self.hangup_paths() if path.next)

    def edges(self, last_resort: str = "") -> Iterator[Edge]:
        """Every path that the engine can take from it, in a flow with this last resort."""
        if self.waits():
            yield from (Edge(self.name, where, target, chosen=True) for where, target in self._hangup_targets())
        if self.final:
            return
        if self.goes_next():
            yield Edge(self.name, NEXT, self.next, self.is_choice(NEXT))
        if self.can_fail and (target := self.on_error or last_resort):
            yield Edge(self.name, ON_ERROR, target, chosen=False)
        for where, target in self.targets():
            if where not in {NEXT, ON_ERROR} and not where.startswith(ON_HANGUP):
                yield Edge(self.name, where, target, self.is_choice(where))

    def goes_next(self) -> bool:
        """Whether it ever takes `next`."""
        return True

    def is_choice(self, where: str) -> bool:
        """Whether only a caller who does something takes this path: silence may be a line that somebody left open."""
        return where.startswith("keys.")

    def waits(self) -> bool:
        """Whether it waits for an event; else the call leaves it as soon as it enters."""
        return True

    def sets(self) -> tuple[str, ...]:
        """Every variable that it may set."""
        return ()

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """The variables that are set once the call has taken this path."""
        return () if where == ON_ERROR or where.startswith(ON_HANGUP) else self.sets()

    def take(self, *edges: str, commands: tuple[Command, ...] = (), variables: Mapping[str, str] | None = None) -> Go:
        """Leave by the first of these edges that leads to a step; without one, the flow ends here."""
        targets = dict(self.targets())
        edge = next((edge for edge in edges if edge in targets), "")
        return Go(targets.get(edge, ""), commands, variables or {}, edge=edge)

    def from_callers(self) -> tuple[str, ...]:
        """Of the variables that it sets, those whose values callers choose: all, unless its kind says otherwise."""
        return self.sets()

    def looks_up(self) -> tuple[str, ...]:
        """Of the variables that it sets, those that hold another system's answer."""
        return ()

    def comes_of(self) -> Iterator[tuple[str, str]]:
        """Each variable that it sets out of others, with every text that its value is made of."""
        yield from ()

    @property
    def rings_variables(self) -> bool:
        """Whether it rings numbers that variables hold, so that it must know where these come from."""
        return False

    def with_sources(self, sources: Sources) -> Self:
        """The step, knowing where variables come from."""
        del sources
        return self

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """Everything that it lets the caller hear, as (where it stands, the prompt)."""
        yield from ()

    def visits(self) -> Iterator[tuple[str, str]]:
        """Every other flow that it leads to, as (the flow, the step of it or '' for its first)."""
        yield from ()

    def shares_with(self) -> Iterator[str]:
        """Those of the other flows that have their variables in common with this one."""
        yield from (other for other, _ in self.visits())

    def calendars(self) -> Iterator[str]:
        """Every calendar that it goes by."""
        yield from ()

    def rotas(self) -> Iterator[str]:
        """Every rota that it goes by."""
        yield from ()

    def with_rota(self, rota: Rota) -> Self:
        """The step with its rota."""
        del rota
        return self

    def data_files(self) -> Iterator[NamedData]:
        """Every data file that it asks, and for which columns."""
        yield from ()

    def with_data(self, data: Mapping[str, DataFile]) -> Self:
        """The step with the data files that it names."""
        step = self.model_copy()
        step._data = data  # noqa: SLF001 -- another of its own kind
        return step


class Speaking(Step):
    """A step with words: it may use a voice of its own."""

    voice: VoiceName | None = Field(None, description="Any voice of Telnyx, where it differs from the flow's.")
    language: LanguageCode | None = Field(None, description="The language of its words, where it differs.")
    speed: Speed | None = Field(None, description="1 is the voice's own; from 0.5 to 2.")

    def voice_defaults(self, flow: VoiceDefaults) -> VoiceDefaults:
        """The flow's, with what this step says of it."""
        return flow.at(self.voice, self.language, self.speed)
