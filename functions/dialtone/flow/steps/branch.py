"""A path that depends on the call's variables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from dialtone.domain.numbers import is_withheld
from dialtone.flow.calendars import WEEKDAYS, TimeZone
from dialtone.flow.steps.step import Step
from dialtone.flow.templating import CALLER, known
from dialtone.flow.variable_names import VariableName

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

ANY_ENDING = "*"
"""At the end of a text: whatever begins so."""

DAY = "day"
"""A name that can be asked for beside the call's: the day of the week, in the step's time zone."""


def _listed(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    listed = written if isinstance(written, list) else [written]
    return [str(each) if type(each) is int else each for each in listed]


_ONE = {"type": ["string", "integer"]}
Texts = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]
"""Texts of which one must be it; `+1555*` is everything that begins so, '' is nothing."""


class Case(BaseModel):
    """Conditions that must all hold, and where to go then."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    when: dict[VariableName, Texts] = Field(
        min_length=1,
        description=(
            "Variable, `caller`, `called`, `language` or `day` → a text, `+1555*` for a beginning, or a list; "
            "`caller: withheld` for a caller who shows no number."
        ),
    )
    to: str = Field(description="The step if all of it holds.")


class Branch(Step):
    """Take the first path whose conditions hold."""

    paths: ClassVar[tuple[str, ...]] = ("branch", "otherwise")

    branch: tuple[Case, ...] = Field(min_length=1, description="The cases; the first that holds is taken.")
    otherwise: str = Field("", description="The step where none holds; without it, the next one.")
    time_zone: TimeZone = Field("UTC", description="The time zone of `day`, such as Europe/London.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for."""
        moment = datetime.fromisoformat(call.entered_at).astimezone(ZoneInfo(self.time_zone))
        values = {"language": voice_defaults.language, **known(call), DAY: WEEKDAYS[moment.weekday()]}
        for place, case in enumerate(self.branch):
            if all(_holds(name, values.get(name, ""), texts) for name, texts in case.when.items()):
                return self.take(f"branch.{place}.to")
        return self.take("otherwise", "next")

    def goes_next(self) -> bool:
        """Only without `otherwise`."""
        return not self.otherwise

    def waits(self) -> bool:
        """Never."""
        return False


def _holds(name: str, value: str, texts: tuple[str, ...]) -> bool:
    return caller_fits(value, texts) if name == CALLER else fits(value, texts)


def caller_fits(caller: str, texts: tuple[str, ...]) -> bool:
    """The same of who calls: every word and number that stands for a withheld one is the same condition."""
    return fits(caller, texts) or (is_withheld(caller) and any(map(is_withheld, texts)))


def fits(value: str, texts: tuple[str, ...]) -> bool:
    """Whether it is one of the texts, or begins as one that ends in a star."""
    return any(value.startswith(text[:-1]) if text.endswith(ANY_ENDING) else value == text for text in texts)
