"""Rotas: who is on call and who is next, by week, by turns, and with swaps."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from dialtone.flow.calendars import ROTAS, WEEKDAYS, TimeZone, Week
from dialtone.flow.document import Document
from dialtone.flow.shorthand import Shorthand

if TYPE_CHECKING:
    from dialtone.flow.calendars import Span

MAX_PEOPLE = 50

RotaName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]

_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = rf"{_DATE}(?: +{_CLOCK})?"
_SPAN = re.compile(rf"({_MOMENT})(?: +to +({_MOMENT}))?")
_SPAN_PATTERN = rf"^{_MOMENT}( +to +{_MOMENT})?$"
_EVERY = re.compile(r"(?:([1-9][0-9]?) )?(day|week)s?")

_PARTY = r"^(\+[1-9]\d{6,14}|sips?:[^\s,{}]+)$"

DAYS_A_WEEK = 7


class Person(Shorthand):
    """Somebody who can be on call. In a rota: a number, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "pattern": _PARTY}

    number: str = Field(pattern=_PARTY, description="The number in E.164, or a SIP address.")
    name: str = Field("", max_length=200, description="The name, as it is spoken; without it, the rota's short name.")

    @model_validator(mode="before")
    @classmethod
    def _number_alone(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"number": written} if isinstance(written, str) else written


def _listed(written: Any) -> Any:  # noqa: ANN401 -- as above
    return [written] if isinstance(written, str) else written


_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
Names = Annotated[
    tuple[str, ...], Field(min_length=1, max_length=MAX_PEOPLE), BeforeValidator(_listed), WithJsonSchema(_NAMES)
]
"""People of the rota; the first is on call, the next is asked where that one does not answer."""


def _moment(written: str) -> datetime:
    day, _, clock = written.partition(" ")
    hours, _, minutes = (clock.strip() or "0:00").partition(":")
    return datetime.combine(date.fromisoformat(day), datetime.min.time()) + timedelta(
        hours=int(hours), minutes=int(minutes)
    )


def _clock(written: Any) -> Any:  # noqa: ANN401 -- as above
    if isinstance(written, timedelta):
        return written
    if not isinstance(written, str) or not re.fullmatch(_CLOCK, written):
        raise ValueError(f"{written} is not a time of the day; write 08:00, in quotes")
    hours, _, minutes = written.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _days(written: Any) -> Any:  # noqa: ANN401 -- as above
    found = _EVERY.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f"{written} is not a turn; write day, week, 2 weeks or 3 days")
    return int(found[1] or 1) * (DAYS_A_WEEK if found[2] == "week" else 1)


class Shift(BaseModel):
    """Who is on call at some hours of the week: always in the same order, or in turns."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    hours: Week | None = Field(
        None,
        description="Days (`mon-fri`) → `08:00-18:00`, or a list; without it, the whole week. May end after midnight.",
    )
    who: Names = Field(description="People of the rota, the one on call first; the next is the fallback.")
    every: Annotated[
        int, BeforeValidator(_days), WithJsonSchema({"type": "string", "pattern": f"^{_EVERY.pattern}$"})
    ] = Field(
        0, description="`day`, `week`, `2 weeks`: then the next takes over; without it, the first is always on call."
    )
    since: date | None = Field(None, description="With `every`: the day on which the first of them begins.")
    handover: Annotated[
        timedelta | None, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK}$"})
    ] = Field(
        None,
        description="With `every`: the hour at which the next takes over; without it, when a day's hours begin.",
    )

    @model_validator(mode="after")
    def _turns(self) -> Self:
        if bool(self.every) != (self.since is not None):
            raise ValueError(
                "every and since need each other; write how long a turn is, and the day on which the first begins"
            )
        if self.handover is not None and not self.every:
            raise ValueError("handover needs every, because without turns there is none; add every, or remove handover")
        return self

    def begun(self, local: datetime) -> datetime | None:
        """When the shift that contains a moment began; the moment itself for a whole week; None outside the shift."""
        if self.hours is None:
            return local
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        clock = local - midnight
        for span in self._spans(local):
            if span.holds(clock):
                return midnight + span.begins
        yesterday = midnight - timedelta(days=1)
        return next(
            (yesterday + span.begins for span in self._spans(yesterday) if span.holds_after_midnight(clock)), None
        )

    def order(self, local: datetime, begun: datetime) -> tuple[str, ...]:
        """The shift's people in the order in which they are asked at a moment, in hours that began at `begun`.

        The first person has the whole night, unless the rota names an hour at which the next one takes over.
        """
        if not self.every or self.since is None:
            return self.who
        day = (begun if self.handover is None else local - self.handover).date()
        turn = (day - self.since).days // self.every % len(self.who)
        return self.who[turn:] + self.who[:turn]

    def _spans(self, day: datetime) -> tuple[Span, ...]:
        return (self.hours or {}).get(WEEKDAYS[day.weekday()], ())


class Swap(NamedTuple):
    """For a time, somebody else is on call."""

    begins: datetime
    ends: datetime
    who: tuple[str, ...]


def _swaps(written: Any) -> Any:  # noqa: ANN401 -- as above
    if not isinstance(written, dict):
        return written
    for span in written:
        found = _SPAN.fullmatch(str(span))
        if found is None:
            raise ValueError(f"{span} is not a date; write 2026-12-24, or 2026-12-24 18:00 to 2026-12-26 08:00")
        swap_of(str(span), ())
    return written


def swap_of(span: str, who: tuple[str, ...]) -> Swap:
    """A line of `swaps`. A last date without an hour includes that day. Raises ValueError if the end comes first."""
    first, _, last = (part.strip() for part in span.partition(" to "))
    begins, ends = _moment(first), _moment(last or first)
    if " " not in (last or first):
        ends += timedelta(days=1)
    if ends <= begins:
        raise ValueError(f"{span}: the second must come after the first; write the earlier one first")
    return Swap(begins, ends, who)


class Rota(BaseModel):
    """A rota file: who is on call, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    rota: RotaName = Field(description="The rota's name, which is the file's too.")
    about: str = Field("", description="A sentence for people.")
    time_zone: TimeZone = Field(description="The time zone of its hours, such as Europe/London.")
    people: dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")], Person] = Field(
        min_length=1, max_length=MAX_PEOPLE, description="Short name → the number, or a mapping."
    )
    shifts: tuple[Shift, ...] = Field(
        min_length=1, max_length=50, description="The hours of the week; where two overlap, the first counts."
    )
    swaps: Annotated[
        dict[str, Names],
        BeforeValidator(_swaps),
        WithJsonSchema({"type": "object", "patternProperties": {_SPAN_PATTERN: _NAMES}, "additionalProperties": False}),
    ] = Field(
        default_factory=dict,
        description="`2026-12-24`, or `2026-12-24 18:00 to 2026-12-26 08:00` → who is on call then instead.",
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        named = [
            *(name for shift in self.shifts for name in shift.who),
            *(name for who in self.swaps.values() for name in who),
        ]
        for name in named:
            if name not in self.people:
                raise ValueError(f"{name} is not one of its people; add {name} to people, or name one that is there")
        return self

    def on_call(self, occurred_at: str) -> tuple[tuple[str, Person], ...]:
        """Who is on call at the time of an event, and who is next, by short name; empty if no shift covers the time.

        A person of a swap comes first; the person who would have been on call is next.
        """
        local = datetime.fromisoformat(occurred_at).astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)
        swapped = next((swap.who for swap in self.all_swaps() if swap.begins <= local < swap.ends), ())
        began = ((shift, shift.begun(local)) for shift in self.shifts)
        regular = next((shift.order(local, begun) for shift, begun in began if begun is not None), ())
        return tuple((name, self.people[name]) for name in dict.fromkeys((*swapped, *regular)))

    def all_swaps(self) -> tuple[Swap, ...]:
        """Its swaps, in the order of the file."""
        return tuple(swap_of(span, who) for span, who in self.swaps.items())


def rota_file(name: str) -> str:
    """A rota's file name, relative to the folder of flows."""
    return f"{ROTAS}/{name}.yaml"


def read_rota(name: str, text: str) -> Rota:
    """The rota. Raises FlowInvalid with the first problem."""
    document = Document.read(rota_file(name), text)
    rota = parse_rota(document, name)
    if rota is None:
        raise document.error
    return rota


def parse_rota(document: Document, name: str) -> Rota | None:
    """The rota that a document holds, or None with all problems reported to the document."""
    return document.named(Rota, name, "rota", "`rota: <name>`, `people:` and `shifts:`")
