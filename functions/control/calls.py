"""`GET /calls` and `GET /calls/{id}`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, cast

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from control.audit import first_heard
from control.call_filters import Selection, ago_or_moment, kept
from control.problems import ProblemAnswer, not_found, wrong
from control.recording_answers import summary_of
from control.timeline import leg_json, text_json
from dialtone.domain.control_answers import AuditEntry, CallDetail, CallList, Cost, Row
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

    from control.audit import AuditItem, AuditTrail
    from control.listing import Listing

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

MOST_READ = 5_000
"""Calls that one request reads: about two seconds."""

MOST_ROWS = 8_000
"""Of a timeline: Lambda limits a response to 6 MB."""

ID_CHARACTERS = 255

Since = Annotated[
    str,
    Query(max_length=40, description="Calls that began at or after this time: ISO 8601, a day, or how long ago: `2h`."),
]
Until = Annotated[str, Query(max_length=40, description="Calls that began before this time; same formats as `since`.")]
Number = Annotated[
    str, Query(max_length=ID_CHARACTERS, description="Caller or called number: E.164 with its plus, or a SIP address.")
]
FlowName = Annotated[str, Query(max_length=ID_CHARACTERS, description="The flow that handles the call.")]
Limit = Annotated[
    int,
    Query(
        ge=1,
        le=500,
        description="Minimum page size. A page always includes all calls of its last second, so it may be larger.",
    ),
]

_REFUSALS = {
    403: "The sender is not allowed to; API Gateway also answers this if the signature is wrong.",
    404: "Not found.",
    422: "A parameter is wrong; `parameter` names it.",
    503: "A dependency did not answer: send the request again.",
}


def responses(answer: type[Mapping[str, object]]) -> dict[int, OpenAPIResponse]:
    """A route's responses for the API's description, in place of all that Powertools generates."""
    described: dict[int, OpenAPIResponse] = {
        200: {"description": answer.__doc__ or "", "content": {"application/json": {"model": answer}}}
    }
    for status, meaning in _REFUSALS.items():
        described[status] = {"description": meaning, "content": {"application/json": {"model": ProblemAnswer}}}
    return described


def call_routes(listing: Listing, audit: AuditTrail, now: Callable[[], datetime]) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get("/calls", summary="Lists calls, the newest first", tags=["calls"], responses=responses(CallList))
    def list_calls(  # noqa: PLR0913 -- the request's parameters
        *,
        since: Since = "",
        until: Until = "",
        number: Number = "",
        flow: FlowName = "",
        outcome: Annotated[
            str, Query(max_length=ID_CHARACTERS, description="The outcome; for an open call, its status.")
        ] = "",
        state: Annotated[
            Literal["any", "live", "ended"], Query(description="`live`: open calls; `ended`: ended calls.")
        ] = "any",
        recorded: Annotated[
            Literal["any", "yes", "no"], Query(description="`yes`: calls with recordings; `no`: calls without.")
        ] = "any",
        limit: Limit = 50,
    ) -> CallList:
        begin, end = stretch(since, until, now())
        wanted = Selection(
            number=number,
            flow=flow,
            outcome=outcome,
            live={"any": None, "live": True, "ended": False}[state],
            recorded={"any": None, "yes": True, "no": False}[recorded],
        )
        page = listing.page(wanted, begin, end, limit, MOST_READ)
        return CallList(
            calls=[leg_json(each) for each in page.calls], next_until=page.until.isoformat() if page.until else None
        )

    @routes.get(
        "/calls/<id>", summary="Shows one call with its timeline", tags=["calls"], responses=responses(CallDetail)
    )
    def show_call(
        id: Annotated[  # noqa: A002 -- the path's own name for it
            str, Path(min_length=1, max_length=ID_CHARACTERS, description="Its session, a leg, or a call-control id.")
        ],
    ) -> CallDetail:
        session = listing.session_of(id)
        if session is None:
            raise not_found("call", id)
        return _detail(listing, audit, session)

    return routes


def stretch(since: str, until: str, now: datetime) -> tuple[datetime, datetime]:
    """The period of the calls to list. Raises Refused if a value is not a time."""
    begin = _moment("since", since, now) if since else EVER
    return kept(begin, _moment("until", until, now) if until else NEVER, now)


def _moment(parameter: str, written: str, now: datetime) -> datetime:
    try:
        return ago_or_moment(written, now).astimezone(UTC)
    except (DialtoneError, OverflowError) as error:
        raise wrong(parameter, str(error)) from None


def _audited(item: AuditItem) -> AuditEntry:
    return AuditEntry(at=item.at, by=item.by, did=item.did, recording=item.recording)


def _detail(listing: Listing, audit: AuditTrail, session: str) -> CallDetail:
    timeline, noted = listing.timeline(session), audit.of(session)
    heard = first_heard(noted)
    return CallDetail(
        call_session_id=session,
        legs=[leg_json(each) for each in timeline.legs],
        timeline=[cast("Row", asdict(each)) for each in timeline.rows[-MOST_ROWS:]],
        rows_left_out=max(0, len(timeline.rows) - MOST_ROWS),
        recordings=[summary_of(each, heard) for each in timeline.recordings],
        costs=[
            Cost(
                leg_id=each.leg_id,
                amount=str(each.amount),
                currency=each.currency,
                billed_seconds=each.billed_seconds,
                parts=[*each.parts],
            )
            for each in timeline.costs
        ],
        total={currency: str(amount) for currency, amount in timeline.total.items()},
        audit=[_audited(each) for each in noted],
        texts=[text_json(each) for each in timeline.texts],
    )
