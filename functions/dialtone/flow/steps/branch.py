"""A path that depends on the call's variables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from dialtone.flow.calendars import WEEKDAYS, TimeZone
from dialtone.flow.conditions import Condition, holds
from dialtone.flow.data_files import InFile, NamedData
from dialtone.flow.step import Step
from dialtone.flow.templating import known
from dialtone.flow.variable_names import VariableName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

DAY = "day"
"""A name for conditions, in addition to the call's own: the day of the week, in the step's time zone."""

TIME, DATE = "time", "date"
"""The same for the time of day (`14:30:00`) and the date (`2026-12-24`), unless the flow has variables of these
names."""


class Case(BaseModel):
    """Conditions that must all hold, and where to go then."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    when: dict[VariableName, Condition] = Field(
        min_length=1,
        description=(
            "Variable, `caller`, `called`, `language`, `day`, `time` or `date` → a text, `+1555*` for a beginning, a "
            "list, a comparison, `{at_least: 18}`, or a data file, `{in: vips}`; `caller: withheld` for a caller who "
            "shows no number."
        ),
    )
    to: str = Field(description="The step if all of it matches.")


class Branch(Step):
    """Take the first path whose conditions hold."""

    paths: ClassVar[tuple[str, ...]] = ("branch", "otherwise")

    branch: tuple[Case, ...] = Field(min_length=1, description="The cases; the first that matches is taken.")
    otherwise: str = Field("", description="The step if none matches; without it, the next one.")
    time_zone: TimeZone = Field("UTC", description="The time zone of `day`, `time` and `date`: Europe/London.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for."""
        moment = datetime.fromisoformat(call.entered_at).astimezone(ZoneInfo(self.time_zone))
        clock = {TIME: f"{moment:%H:%M:%S}", DATE: f"{moment:%Y-%m-%d}"}
        values = {"language": voice_defaults.language, **clock, **known(call), DAY: WEEKDAYS[moment.weekday()]}
        for place, case in enumerate(self.branch):
            if all(holds(name, condition, values, self._data) for name, condition in case.when.items()):
                return self.take(f"branch.{place}.to")
        return self.take("otherwise", "next")

    def goes_next(self) -> bool:
        """Only without `otherwise`."""
        return not self.otherwise

    def waits(self) -> bool:
        """Never."""
        return False

    def data_files(self) -> Iterator[NamedData]:
        """The data files in which conditions look values up."""
        for place, case in enumerate(self.branch):
            for name, condition in case.when.items():
                if isinstance(condition, InFile):
                    yield NamedData(("branch", place, "when", name), condition.file, (condition.column,))
