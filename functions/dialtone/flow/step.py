"""The base of all steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from dialtone.flow.data_files import DataFile
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_moves import Fail, Go
from dialtone.flow.step_state import NO_STATE
from dialtone.flow.voice_settings import LanguageCode, Speed, VoiceName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event
    from dialtone.flow.caller_chosen_variables import Sources
    from dialtone.flow.data_files import NamedData
    from dialtone.flow.prompts import Prompt
    from dialtone.flow.rotas import Rota
    from dialtone.flow.step_moves import Move
    from dialtone.flow.step_state import StepState
    from dialtone.flow.voice_settings import VoiceDefaults


def _not_one(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """Python accepts 1 as true, JSON Schema does not."""
    return written if isinstance(written, bool) or written is None else str(written)


JustTrue = Annotated[Literal[True] | None, BeforeValidator(_not_one)]
"""The value of a key that is either there or not: `hangup: true`."""


NEXT, ON_ERROR = "next", "on_error"

ON_HANGUP = "on_hangup"
"""The prefix of the keys for what follows if the call ends in a step."""


class OnHangup(Shorthand):
    """What follows if the call ends here: variables that are noted, and a step. In a flow: its name, or a mapping."""

    # Built with its step. Its other keys are the variables.
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
        """The variables to set."""
        return self.__pydantic_extra__

    def __bool__(self) -> bool:
        """Whether anything is set or follows."""
        return bool(self.next or self.variables)


class Edge(NamedTuple):
    """A path out of a step."""

    source: str
    where: str
    """The key that leads there: `next`, `keys.1`, `on_error`, …"""
    target: str
    """A step's name; '' at the end of the flow."""
    chosen: bool
    """Whether a caller must do something to take it."""

    @property
    def is_error(self) -> bool:
        """Whether it is taken only if something fails."""
        return self.where == ON_ERROR


class Step(BaseModel):
    """A place in a flow: it is entered, may wait for events, and goes on."""

    # Built when a flow first has such a step: a cold start loads only the kinds that it needs.
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
        description="If the call ends here: variables to set, `outcome` among them, and the step that follows.",
    )
    _data: Mapping[str, DataFile] = PrivateAttr(default_factory=dict)
    """The data files that it names, by name, once they are read."""

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """The move on entering the step, at the time `call.entered_at`."""
        raise NotImplementedError

    def on(self, call: Call, event: Event) -> Move | None:
        """The move for an event; None if the step does not wait for it."""
        del call, event
        return None

    def follow(self, call: Call, event: Event, voice_defaults: VoiceDefaults) -> Move | None:
        """Like `on`, for a step that may answer an event by speaking, and so needs to know how."""
        del voice_defaults
        return self.on(call, event)

    def refused(self, call: Call, event: Event) -> Move:
        """The move when Telnyx refuses a command of this step for good: by default, take the error path."""
        return Fail(event.text("reason"), self.abandoned(call))

    def overdue(self, call: Call, reason: str) -> Go | Fail:
        """The move when the awaited event is overdue: by default, take the error path."""
        return Fail(reason, self.abandoned(call))

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The commands that stop what the step started, if it is left on its error path."""
        del call
        return ()

    def at_hangup(self, call: Call) -> tuple[Command, ...]:
        """The commands to send to Telnyx if the call ends in this step; there is no leg any more."""
        del call
        return ()

    def served(self, call: Call) -> bool:
        """Whether the step has reached its aim, so that a hang-up now is a normal end."""
        del call
        return self.final

    def talks(self, call: Call) -> bool:
        """Whether the caller talks with another person now."""
        del call
        return False

    def hangup_path(self, call: Call) -> OnHangup:
        """What follows if the call ends now."""
        del call
        return self.on_hangup

    def hangup_paths(self) -> Iterator[tuple[str, OnHangup]]:
        """Everything that may follow, as (its key, what follows)."""
        yield ON_HANGUP, self.on_hangup

    def needs_caller(self) -> bool:
        """Whether it needs somebody on the line, and so cannot be taken after the hang-up."""
        return self.waits()

    def delivers_to(self) -> tuple[DeliveryTarget, ...]:
        """The targets of its recordings, as messages."""
        return ()

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether gathered digits answer its question, and so may be stored where others may belong to a card."""
        del call, digits
        return False

    def repeated(self, call: Call) -> StepState | None:
        """The state to enter it again after detection interrupted its prompts; None if it goes on as it is."""
        del call
        return NO_STATE

    def voice_defaults(self, flow: VoiceDefaults) -> VoiceDefaults:
        """How the step speaks, given the flow's defaults."""
        return flow

    def targets(self) -> Iterator[tuple[str, str]]:
        """Every step that it names, as (the key, the step's name)."""
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
        """Whether it can take `next`."""
        return True

    def is_choice(self, where: str) -> bool:
        """Whether a caller must do something to take this path: with silence, somebody may have left the line open."""
        return where.startswith("keys.")

    def waits(self) -> bool:
        """Whether it waits for an event; otherwise the call leaves it at once."""
        return True

    def sets(self) -> tuple[str, ...]:
        """Every variable that it may set."""
        return ()

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """The variables that are always set on this path."""
        return () if where == ON_ERROR or where.startswith(ON_HANGUP) else self.sets()

    def take(self, *edges: str, commands: tuple[Command, ...] = (), variables: Mapping[str, str] | None = None) -> Go:
        """Leave by the first of these edges that leads to a step; if none does, the flow ends here."""
        targets = dict(self.targets())
        edge = next((edge for edge in edges if edge in targets), "")
        return Go(targets.get(edge, ""), commands, variables or {}, edge=edge)

    def from_callers(self) -> tuple[str, ...]:
        """Those of its variables whose values callers choose: all, unless the kind of step says otherwise."""
        return self.sets()

    def looks_up(self) -> tuple[str, ...]:
        """Those of its variables that hold another system's answer."""
        return ()

    def comes_of(self) -> Iterator[tuple[str, str]]:
        """Each variable that it sets from others, with every text in its value."""
        yield from ()

    @property
    def rings_variables(self) -> bool:
        """Whether it rings numbers in variables, so that it must know their source."""
        return False

    def with_sources(self, sources: Sources) -> Self:
        """The step, with the sources of variables."""
        del sources
        return self

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """Every prompt that it plays, as (its key, the prompt)."""
        yield from ()

    def visits(self) -> Iterator[tuple[str, str]]:
        """Every other flow that it leads to, as (the flow, its step, or '' for the first)."""
        yield from ()

    def shares_with(self) -> Iterator[str]:
        """Those of the other flows that share their variables with this one."""
        yield from (other for other, _ in self.visits())

    def calendars(self) -> Iterator[str]:
        """Every calendar that it uses."""
        yield from ()

    def rotas(self) -> Iterator[str]:
        """Every rota that it uses."""
        yield from ()

    def with_rota(self, rota: Rota) -> Self:
        """The step with its rota."""
        del rota
        return self

    def data_files(self) -> Iterator[NamedData]:
        """Every data file that it uses, and the columns."""
        yield from ()

    def with_data(self, data: Mapping[str, DataFile]) -> Self:
        """The step with its data files."""
        step = self.model_copy()
        step._data = data  # noqa: SLF001 -- another of its own kind
        return step


class Speaking(Step):
    """A step that speaks, perhaps with a voice of its own."""

    voice: VoiceName | None = Field(None, description="Any voice of Telnyx, if it differs from the flow's.")
    language: LanguageCode | None = Field(None, description="The language of its texts, if it differs.")
    speed: Speed | None = Field(None, description="1 is the voice's normal speed; from 0.5 to 2.")

    def voice_defaults(self, flow: VoiceDefaults) -> VoiceDefaults:
        """The flow's defaults, with this step's own settings."""
        return flow.at(self.voice, self.language, self.speed)
