"""Which flow takes a call: by the number called, the caller and the hour."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from dialtone.domain.caller_trust import ATTESTATION, CALLER_NAME, SCREENING
from dialtone.domain.numbers import called_number, called_numbers, caller_number
from dialtone.flow.calendars import OPEN, Calendar, CalendarName, calendar_file, read_calendar
from dialtone.flow.conditions import TextsOrFile, holds
from dialtone.flow.data_files import ANY_ENDING, InFile, NamedData, data_file, missing, read_data, without_columns
from dialtone.flow.document import Document
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.templating import CALLER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dialtone.flow.data_files import DataFile
    from dialtone.flow.document import Path

NUMBERS_FILE = "numbers.yaml"

_SIP_TEXT = r"[^\sA-Z*@:]+"
NUMBER = rf"\+[1-9][0-9]{{6,14}}|\+[0-9]{{0,14}}\*|sip:{_SIP_TEXT}(@{_SIP_TEXT})?|sip:[^\sA-Z*]*\*|\*"
"""An E.164 number, a SIP address, a SIP user at any host, or the beginning of one with a star."""


OF_THE_CALLER = (CALLER, ATTESTATION, SCREENING, CALLER_NAME)
"""What a route may check about the caller."""

NOTHING_SAID: Mapping[str, str] = MappingProxyType({})


class Route(Shorthand):
    """A flow, and for which calls. In the file: a flow's name for all of them, or a mapping."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "minLength": 1}

    flow: str = Field(description="The flow that takes the call.")
    caller: TextsOrFile | None = Field(
        None,
        description="Only if this number calls: `+15550142`, `+1555*`, `withheld`, a list of these, or `{in: vips}`.",
    )
    shaken_stir_attestation: TextsOrFile | None = Field(
        None, description="Only with this attestation of the caller's network: `A`, `B`, `C`, or '' for none."
    )
    call_screening_result: TextsOrFile | None = Field(
        None, description="Only if Telnyx's call screening says so, such as `spam_likely`."
    )
    caller_id_name: TextsOrFile | None = Field(
        None, description="Only if the network sends this caller name; `ACME*` for a prefix, '' for none."
    )
    open: CalendarName | None = Field(None, description="Only while this calendar is open.")
    closed: CalendarName | None = Field(None, description="Only while this calendar is closed.")

    @model_validator(mode="before")
    @classmethod
    def _for_all(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"flow": written} if isinstance(written, str) else written

    def calendars(self) -> Iterator[str]:
        """Every calendar that it uses."""
        return filter(None, (self.open, self.closed))

    def conditions(self) -> Iterator[tuple[str, tuple[str, ...] | InFile]]:
        """What must be true of the caller, by the names of the values."""
        for name in OF_THE_CALLER:
            condition = getattr(self, name)
            if condition is not None:
                yield name, condition

    def data_files(self) -> Iterator[NamedData]:
        """The data files in which its conditions look values up."""
        for name, condition in self.conditions():
            if isinstance(condition, InFile):
                yield NamedData((name,), condition.file, (condition.column,))

    @property
    def for_all(self) -> bool:
        """Whether it takes every call."""
        return not any(self.conditions()) and self.open is None and self.closed is None


class Routes(NamedTuple):
    """A number file, checked: every flow and calendar that it names exists."""

    by_number: Mapping[str, tuple[Route, ...]]
    """Called number or SIP address, or its beginning with a star → its routes, of which the first match is taken."""
    calendars: Mapping[str, Calendar] = MappingProxyType({})
    data: Mapping[str, DataFile] = MappingProxyType({})

    def flow(self, called: str, caller: str, occurred_at: str, trust: Mapping[str, str] = NOTHING_SAID) -> str:
        """The flow that takes a call, or ''. Whole numbers come before prefixes, longer prefixes before shorter ones.

        Both numbers may be as Telnyx sends them: without a plus, in national format, or as SIP addresses. `trust` is
        what else the network reports about the caller.
        """
        known = {**trust, CALLER: caller_number(caller, self.called(called))}
        for line in self._lines(called):
            for route in self.by_number.get(line, ()):
                if self._fits(route, known, occurred_at):
                    return route.flow
        return ""

    def called(self, written: str) -> str:
        """The called number as the call stores it: one of our numbers, if only one of them fits."""
        return called_number(written, self.numbers)

    def _lines(self, called: str) -> Iterator[str]:
        forms = called_numbers(called, self.numbers)
        yield from forms
        beginnings = [line for line in self.by_number if line.endswith(ANY_ENDING)]
        fitting = [line for line in beginnings if any(form.startswith(line[:-1]) for form in forms)]
        yield from sorted(fitting, key=len, reverse=True)

    @property
    def numbers(self) -> dict[str, str]:
        """Every whole number, and the flow that takes its calls if no condition applies."""
        return {number: routes[-1].flow for number, routes in self.by_number.items() if not number.endswith(ANY_ENDING)}

    def _fits(self, route: Route, known: Mapping[str, str], occurred_at: str) -> bool:
        if not all(holds(name, wanted, known, self.data) for name, wanted in route.conditions()):
            return False
        if route.open and self.calendars[route.open].at(occurred_at) != OPEN:
            return False
        return not (route.closed and self.calendars[route.closed].at(occurred_at) == OPEN)


def read_routes(text: str, read_file: Callable[[str], str | None]) -> Routes:
    """The number file's routes. Raises FlowInvalid with the line of an invalid number, or of one that leads nowhere."""
    document = Document.read(NUMBERS_FILE, text)
    by_number = parse_routes(document, read_file)
    if by_number is None:
        raise document.error
    routes = [route for several in by_number.values() for route in several]
    calendars = {name for route in routes for name in route.calendars()}
    named = [each for route in routes for each in route.data_files()]
    data = {name: read_data(name, read_file(data_file(name)) or "") for name in sorted({each.file for each in named})}
    for each in named:
        if problem := without_columns(each, data[each.file]):
            document.report((), "", *problem)
            raise document.error
    return Routes(
        by_number,
        {name: read_calendar(name, read_file(calendar_file(name)) or "") for name in sorted(calendars)},
        data,
    )


def parse_routes(document: Document, read_file: Callable[[str], str | None]) -> Mapping[str, tuple[Route, ...]] | None:
    """Number → routes of a number file, or None with all problems reported to the document."""
    if not isinstance(document.content, dict):
        document.report((), "", "maps no number to a flow", 'write lines like "+15550100": main-menu')
        return None
    by_number = {}
    for number, written in document.content.items():
        if not re.fullmatch(NUMBER, number):
            remedy = 'write it as "+<country><number>", in quotes and without spaces; a SIP user as "sip:reception"'
            document.report((number,), "", f"{number} is not a number in E.164", remedy)
        by_number[number] = tuple(_parse_routes(document, number, written, read_file))
    return None if document.problems else by_number


def _parse_routes(
    document: Document,
    number: str,
    written: Any,  # noqa: ANN401 -- whatever the file holds
    read_file: Callable[[str], str | None],
) -> Iterator[Route]:
    if not isinstance(written, (str, list, dict)) or not written:
        _report_no_flow(document, (number,), number, written)
        return
    several = isinstance(written, list)
    paths = [(number, position) for position in range(len(written))] if several else [(number,)]
    routes = [_parse_route(document, path) for path in paths]
    for route, path in zip(routes, paths, strict=True):
        if route:
            _report_missing(document, path, number, route, read_file)
    for route, below in zip(routes, paths[1:], strict=False):
        if route and route.for_all:
            reason = f"{number} has a route below one that takes every call"
            document.report(below, "", reason, "put it last, or add a condition")
    yield from filter(None, routes)


def _parse_route(document: Document, path: Path) -> Route | None:
    written = document.at(path)
    if isinstance(written, str):  # most are: so that a cold start need not build the schema
        return Route.model_construct(flow=written)
    return document.validate(Route, written, path)


def _report_missing(
    document: Document, path: Path, number: str, route: Route, read_file: Callable[[str], str | None]
) -> None:
    """Report everything that a route names and that does not exist."""
    if read_file(f"{route.flow}.yaml") is None:
        _report_no_flow(document, path, number, route.flow)
    for name in route.calendars():
        if read_file(calendar_file(name)) is None:
            remedy = f"add {calendar_file(name)} beside {NUMBERS_FILE}, or name a calendar that is there"
            document.report(path, "", f"{number} goes by {name}, which is not a calendar", remedy)
    for named in route.data_files():
        if read_file(data_file(named.file)) is None:
            document.report((*path, *named.where), "", *missing(named.file))


def _report_no_flow(document: Document, path: Path, number: str, flow: object) -> None:
    remedy = f"add {flow}.yaml beside {NUMBERS_FILE}, or name a flow that is there"
    document.report(path, "", f"{number} leads to {flow}, which is not a flow", remedy)
