"""Opening hours: weekly, with holidays, in a time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from dialtone.flow.document import Document

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

OPEN, CLOSED, HOLIDAY = "open", "closed", "holiday"

CalendarName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is not a time zone; write one such as Europe/London or America/Chicago") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""Of the IANA database."""

_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_SPAN = rf"({_CLOCK}) *- *({_CLOCK}|24:00)"
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_DAYS_PATTERN = rf"^{_DAY}( *- *{_DAY})?( *, *{_DAY}( *- *{_DAY})?)*$"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATES_PATTERN = rf"^{_DATE}( *to *{_DATE})?$"


class Span(NamedTuple):
    """A span of opening hours; if it ends no later than it begins, it continues after midnight."""

    begins: timedelta
    """Since midnight."""
    ends: timedelta

    @property
    def overnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.ends <= self.begins

    def holds(self, clock: timedelta) -> bool:
        """Whether it is open at that time of the day on which it begins."""
        return self.begins <= clock and (self.overnight or clock < self.ends)

    def holds_after_midnight(self, clock: timedelta) -> bool:
        """Whether it is still open at that time of the next day."""
        return self.overnight and clock < self.ends


def _read_spans(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    if written == CLOSED:
        return ()
    spans = []
    for each in written if isinstance(written, list) else [written]:
        if isinstance(each, Span):
            spans.append(each)
            continue
        found = re.fullmatch(_SPAN, each.strip()) if isinstance(each, str) else None
        if found is None:
            raise ValueError(f"{each} is not an opening time; write 09:00-17:30, a list of these, or closed")
        spans.append(Span(_since_midnight(found.group(1)), _since_midnight(found.group(2))))
    return tuple(spans)


def _since_midnight(clock: str) -> timedelta:
    hours, _, minutes = clock.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


_ONE_SPAN = {"type": "string", "pattern": f"^{_SPAN}$"}
SPANS_SCHEMA = {"anyOf": [{"const": CLOSED}, _ONE_SPAN, {"type": "array", "items": _ONE_SPAN}]}
Spans = Annotated[tuple[Any, ...], BeforeValidator(_read_spans), WithJsonSchema(SPANS_SCHEMA)]
"""In a file: `09:00-17:30`, a list of these, or `closed`."""


def _by_day(
    written: Any,  # noqa: ANN401 -- pydantic hands over whatever the file holds
    pattern: str,
    days_of: Callable[[str], Iterator[Any]],
    wrong: str,
) -> Any:  # noqa: ANN401 -- as above
    """Day → its opening times, for each day that the keys name. Raises ValueError for an unknown or repeated day."""
    if not isinstance(written, dict):
        return written
    found: dict[Any, Any] = {}
    for named, spans in written.items():
        if not re.fullmatch(pattern, str(named)):
            raise ValueError(f"{named} {wrong}")
        for day in days_of(named):
            if day in found:
                raise ValueError(f"{day} appears twice; remove one of the two")
            found[day] = spans
    return found


def _by_weekday(written: Any) -> Any:  # noqa: ANN401 -- as above
    wrong = "is not a day; write mon, tue, … sun, mon-fri, or several with commas"
    return _by_day(written, _DAYS_PATTERN, _weekdays, wrong)


def _weekdays(named: str) -> Iterator[str]:
    for each in named.split(","):
        first, _, last = (part.strip() for part in each.partition("-"))
        begins = WEEKDAYS.index(first)
        ends = WEEKDAYS.index(last) if last else begins
        for place in range(begins, ends + 1 if ends >= begins else ends + 1 + len(WEEKDAYS)):
            yield WEEKDAYS[place % len(WEEKDAYS)]


def _by_date(written: Any) -> Any:  # noqa: ANN401 -- as above
    return _by_day(written, _DATES_PATTERN, _dates, "is not a date; write 2026-12-25, or 2026-12-24 to 2026-12-26")


MAX_HOLIDAYS_IN_A_ROW = 366


def _dates(named: str) -> Iterator[str]:
    first, _, last = (part.strip() for part in named.partition("to"))
    begins = date.fromisoformat(first)
    ends = date.fromisoformat(last) if last else begins
    if not begins <= ends <= begins + timedelta(days=MAX_HOLIDAYS_IN_A_ROW):
        raise ValueError(f"{named}: the second date must come after the first, within a year; correct the dates")
    for days in range((ends - begins).days + 1):
        yield (begins + timedelta(days=days)).isoformat()


Week = Annotated[
    dict[str, Spans],
    Field(min_length=1),
    BeforeValidator(_by_weekday),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {_DAYS_PATTERN: SPANS_SCHEMA},
            "additionalProperties": False,
        }
    ),
]
"""Weekday → its hours; a day that is not there is closed."""

Holidays = Annotated[
    dict[str, Spans],
    BeforeValidator(_by_date),
    WithJsonSchema(
        {"type": "object", "patternProperties": {_DATES_PATTERN: SPANS_SCHEMA}, "additionalProperties": False}
    ),
]
"""Date → its hours."""


class Calendar(BaseModel):
    """A calendar file: when it is open."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    calendar: CalendarName = Field(description="The calendar's name, which is the file's too.")
    about: str = Field("", description="A sentence for people.")
    time_zone: TimeZone = Field(description="The time zone of the hours, such as Europe/London.")
    open: Week = Field(description="Days (`mon-fri`, `sat, sun`) → `09:00-17:30`, a list of these, or `closed`.")
    holidays: Holidays = Field(
        default_factory=dict,
        description="Date, or `2026-12-24 to 2026-12-26` → `closed`, or the hours of that day.",
    )

    def at(self, occurred_at: str) -> str:
        """OPEN, CLOSED or HOLIDAY (closed, and a holiday) at the time of an event."""
        local = datetime.fromisoformat(occurred_at).astimezone(ZoneInfo(self.time_zone))
        today = local.date()
        clock = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        began_today = any(span.holds(clock) for span in self.spans(today))
        began_yesterday = any(span.holds_after_midnight(clock) for span in self.spans(today - timedelta(days=1)))
        if began_today or began_yesterday:
            return OPEN
        return HOLIDAY if today.isoformat() in self.holidays else CLOSED

    def spans(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on a day; a holiday has its own."""
        if day.isoformat() in self.holidays:
            return self.holidays[day.isoformat()]
        return self.open.get(WEEKDAYS[day.weekday()], ())


CALENDARS = "calendars"
"""The folder of calendars, beside the flows."""


ROTAS = "rotas"
"""The folder of rotas, which `rotas.py` reads; a cold start loads that module only for flows that use a rota."""


def calendar_file(name: str) -> str:
    """A calendar's file name, relative to the folder of flows."""
    return f"{CALENDARS}/{name}.yaml"


def read_calendar(name: str, text: str) -> Calendar:
    """The calendar. Raises FlowInvalid with the first problem."""
    document = Document.read(calendar_file(name), text)
    calendar = parse_calendar(document, name)
    if calendar is None:
        raise document.error
    return calendar


def parse_calendar(document: Document, name: str) -> Calendar | None:
    """The calendar that a document holds, or None with all problems reported to the document."""
    return document.named(Calendar, name, "calendar", "`calendar: <name>` and `open:`")
