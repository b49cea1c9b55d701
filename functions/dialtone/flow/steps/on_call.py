"""Looks up who is on call now, by a rota."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, PrivateAttr, field_validator

from dialtone.flow.rotas import Rota, RotaName
from dialtone.flow.step import ON_ERROR, Step
from dialtone.flow.steps.find import own_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

NOBODY = "nobody"


class OnCall(Step):
    """Go by a rota, at the time at which the step is entered: who is on call, and who is next."""

    can_fail: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = (NOBODY,)

    on_call: RotaName = Field(description="A rota: a file in the folder `rotas` beside the flow.")
    into: str = Field(
        "on_call",
        pattern=r"^[a-z][a-z0-9_]*$",
        description="The prefix of the variables: {<into>.number}, {<into>.name}, and .next_number, .next_name.",
    )
    nobody: str = Field(description="The step if no one is on call.")
    _rota: Rota | None = PrivateAttr(None)
    """What `on_call` names, once it is read."""

    @field_validator("into")
    @classmethod
    def _of_its_own(cls, into: str) -> str:
        return own_name(into)

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """The time is the event's, not the clock's: a repeated decision is the same."""
        del voice_defaults
        assert self._rota is not None, "read_flow gives every such step its rota"  # noqa: S101 -- its own
        people = self._rota.on_call(call.entered_at)
        known = [(person.number, person.name or name) for name, person in people]
        first, following = (*known, ("", ""), ("", ""))[:2]
        variables = dict(zip(self.sets(), (*first, *following), strict=True))
        return self.take("next" if people else NOBODY, variables=variables)

    def waits(self) -> bool:
        """Never."""
        return False

    def sets(self) -> tuple[str, ...]:
        """Number and name of the person on call, and of the next."""
        return tuple(f"{self.into}.{name}" for name in ("number", "name", "next_number", "next_name"))

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """Number and name of the person on call, and of the fallback."""
        return () if where in {NOBODY, ON_ERROR} else self.sets()

    def from_callers(self) -> tuple[str, ...]:
        """None: the rota is the team's."""
        return ()

    def rotas(self) -> Iterator[str]:
        """Its rota."""
        yield self.on_call

    def with_rota(self, rota: Rota) -> Self:
        """The step with its rota."""
        step = self.model_copy()
        step._rota = rota  # noqa: SLF001 -- another of its own kind
        return step
