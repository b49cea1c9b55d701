"""`GET /flows` and `GET /flows/{name}`: the flows, their versions, and how many callers reach each step."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from control.call_filters import began, state
from control.calls import ID_CHARACTERS, MOST_READ, Since, Until, responses, stretch
from control.live_flows import live_library
from control.problems import not_found
from dialtone.adapters.flow_library import NUMBERS_FILE
from dialtone.domain.control_answers import FlowDetail, FlowList, FlowStep, FlowSummary, FlowVersion
from dialtone.domain.errors import FlowInvalid

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from control.listing import Listing
    from dialtone.domain.calls import Call
    from dialtone.flow.loaded_flow import LoadedFlow

USUALLY = timedelta(days=7)
"""The default period."""

FUNNEL_CALLS = 100
"""Calls whose timelines are read to count the steps reached: about two seconds."""


def flow_routes(listing: Listing, folder: pathlib.Path, now: Callable[[], datetime]) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get(
        "/flows", summary="Lists flows with the outcomes of their calls", tags=["flows"], responses=responses(FlowList)
    )
    def list_flows(since: Since = "", until: Until = "") -> FlowList:
        calls, is_whole = _calls(listing, since, until, now())
        live = listing.store.live().version
        numbers, names = _routed(listing, folder)
        of_flow = defaultdict(list)
        for call in calls:
            of_flow[call.flow].append(call)
        return FlowList(
            flows=[_summary(name, numbers, of_flow[name]) for name in sorted(names | of_flow.keys() - {""})],
            published=live,
            calls_read=len(calls),
            is_whole=is_whole,
        )

    @routes.get(
        "/flows/<name>",
        summary="Shows a flow: its versions, how many callers reach each step, and its files",
        tags=["flows"],
        responses=responses(FlowDetail),
    )
    def show_flow(
        *,
        name: Annotated[str, Path(min_length=1, max_length=ID_CHARACTERS)],
        since: Since = "",
        until: Until = "",
        version: Annotated[
            str,
            Query(
                max_length=ID_CHARACTERS,
                description="Count this version only. Default: the version of the newest call.",
            ),
        ] = "",
    ) -> FlowDetail:
        calls, is_whole = _calls(listing, since, until, now())
        led = [each for each in calls if each.flow == name]
        numbers, names = _routed(listing, folder)
        live = _live(listing, folder, name)
        shown = version or (led[0].flow_version if led else "")
        texts = listing.store.flow_texts(name, shown) if shown else None
        if name not in names and not led and texts is None:
            raise not_found("flow", name)
        looked_at = [each for each in led if shown in {"", each.flow_version}][:FUNNEL_CALLS]
        return {
            **_summary(name, numbers, led),
            "version": shown or None,
            "versions": _versions(led),
            "steps": _steps(listing, looked_at),
            "steps_of_calls": len(looked_at),
            "is_whole": is_whole,
            "live_version": live.version if live else None,
            "given": dict(live.main.given) if live else None,
            "texts": None if texts is None else dict(texts),
            "picture": listing.store.flow_picture(name, shown) if shown else None,
        }

    return routes


def _calls(listing: Listing, since: str, until: str, now: datetime) -> tuple[list[Call], bool]:
    """The calls, newest first, and whether these are all."""
    begin, end = stretch(since, until, now)
    places = listing.places(begin if since else max(begin, now - USUALLY), end)
    calls = list(islice(listing.calls(places), MOST_READ + 1))
    return calls[:MOST_READ], len(calls) <= MOST_READ


def _routed(listing: Listing, folder: pathlib.Path) -> tuple[dict[str, list[str]], set[str]]:
    """The numbers of each flow, and all flow names; both empty if the flows cannot be read."""
    numbers: dict[str, list[str]] = defaultdict(list)
    names: set[str] = set()
    with suppress(FlowInvalid):
        library = live_library(listing.store, folder)
        files = (file for file in library.files if "/" not in file and file != NUMBERS_FILE)
        names = {file.removesuffix(".yaml") for file in files}
        for number, flow in library.flows_by_number.items():
            numbers[flow].append(number)
    return numbers, names


def _live(listing: Listing, folder: pathlib.Path, name: str) -> LoadedFlow | None:
    """The flow in the version that takes new calls; None if there is none, or it cannot be read."""
    with suppress(FlowInvalid):
        return live_library(listing.store, folder).flow(name)
    return None


def _summary(name: str, numbers: dict[str, list[str]], calls: Sequence[Call]) -> FlowSummary:
    return FlowSummary(
        name=name,
        numbers=numbers.get(name, []),
        version=calls[0].flow_version or None if calls else None,
        calls=len(calls),
        outcomes=dict(Counter(state(each) for each in calls if each.ended_at)),
    )


def _versions(calls: Iterable[Call]) -> list[FlowVersion]:
    of_version: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        of_version[call.flow_version].append(call)
    return [
        FlowVersion(
            version=version, calls=len(each), first_at=began(each[-1]).isoformat(), last_at=began(each[0]).isoformat()
        )
        for version, each in of_version.items()
        if version
    ]


def _steps(listing: Listing, calls: Iterable[Call]) -> list[FlowStep]:
    """Each step with the number of calls that reached it and the outcomes of those that ended there, in call order."""
    reached: Counter[str] = Counter()
    places: Counter[str] = Counter()
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        timeline = listing.store.timeline(call.session_id)
        path = dict.fromkeys(entry.step for entry in timeline if entry.step and entry.call_leg_id == call.leg_id)
        for place, step in enumerate(path):
            reached[step] += 1
            places[step] += place
        if call.ended_at and call.step:
            ended[call.step][state(call)] += 1
    order = sorted(reached, key=lambda step: (places[step] / reached[step], step))
    return [FlowStep(step=step, reached=reached[step], ended=dict(ended[step])) for step in order]
