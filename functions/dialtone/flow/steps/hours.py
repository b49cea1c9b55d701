"""Checks whether a calendar is open or closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from dialtone.flow.calendars import CLOSED, HOLIDAY, Calendar, CalendarName
from dialtone.flow.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults


class Hours(Step):
    """Go by a calendar, at the time at which the step is entered."""

    can_fail: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = ("open", "closed", "holiday")

    hours: CalendarName = Field(description="A calendar: a file in the folder `calendars` beside the flow.")
    open: str = Field("", description="The step in opening hours; without it, the next one.")
    closed: str = Field(description="The step at any other time.")
    holiday: str = Field("", description="The step on a holiday while it is closed; without it, as `closed`.")
    calendar: SkipJsonSchema[Calendar | None] = None
    """What `hours` names, once it is read; no key of a flow."""

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """The time is the event's, not the clock's: a repeated decision is the same."""
        del voice_defaults
        assert self.calendar is not None, "read_flow gives every such step its calendar"  # noqa: S101 -- its own
        state = self.calendar.at(call.entered_at)
        if state == HOLIDAY:
            return self.take("holiday", "closed")
        return self.take("closed") if state == CLOSED else self.take("open", "next")

    def goes_next(self) -> bool:
        """Only without `open`."""
        return not self.open

    def waits(self) -> bool:
        """Never."""
        return False

    def calendars(self) -> Iterator[str]:
        """Its calendar."""
        yield self.hours
