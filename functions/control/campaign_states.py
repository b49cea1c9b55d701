"""`GET /campaigns`, `GET /campaigns/{id}`, its recipients, and orders to campaigns: pause, resume, cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal, cast

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from control.actions import acting_responses
from control.authorization import requester_of
from control.calls import responses
from control.problems import Refused, not_found
from control.request_body import RequestBody
from dialtone.adapters.calls_table import LostRace
from dialtone.domain.campaigns.pause_resume_cancel import OrderImpossible, ordered
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS
from dialtone.domain.campaigns.result_rows import row_of
from dialtone.domain.control_answers import (
    CampaignCost,
    CampaignCourse,
    CampaignDetail,
    CampaignRecipient,
    CampaignRecipients,
    CampaignState,
    CampaignStates,
    CourseColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.adapters.campaigns_table import CampaignsTable
    from dialtone.domain.campaigns.attempt import Attempt
    from dialtone.domain.campaigns.campaign import Campaign
    from dialtone.domain.campaigns.costs import Spent
    from dialtone.domain.campaigns.progress import Progress

TRIES = 5
"""How often an order is tried again when the worker changes the campaign at the same time."""

Id = Annotated[str, Path(min_length=1, max_length=80, pattern="^[a-z0-9][a-z0-9-]*$", description="The campaign's id.")]
Part = Annotated[int, Query(ge=0, le=999_999, description="A part of the list: 1,000 recipients each.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Maximum number of campaigns.")]


class CampaignReason(RequestBody):
    """The reason for an order."""

    reason: str = Field("", max_length=500, description="A note for the next operator.")


def campaign_state_routes(store: CampaignsTable, now: Callable[[], datetime]) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get("/campaigns", summary="Lists campaigns", tags=["campaigns"], responses=responses(CampaignStates))
    def list_campaigns(*, limit: Limit = 20) -> CampaignStates:
        return CampaignStates(campaigns=[_answer(*each) for each in store.read(store.ordered()[:limit])])

    @routes.get(
        "/campaigns/<id>", summary="Shows one campaign", tags=["campaigns"], responses=responses(CampaignDetail)
    )
    def show_campaign(id: Id) -> CampaignDetail:  # noqa: A002 -- the path's own name for it
        return _detail(*_found(store, id), store.spent(id))

    @routes.get(
        "/campaigns/<id>/recipients",
        summary="Lists the results of a campaign's recipients",
        tags=["campaigns"],
        responses=responses(CampaignRecipients),
    )
    def list_recipients(*, id: Id, part: Part = 0) -> CampaignRecipients:  # noqa: A002 -- as above
        campaign, _ = _found(store, id)
        costs = store.costs(id, part)
        following = part + 1 if (part + 1) * PART_RECIPIENTS < campaign.recipients else None
        rows = [_recipient(each, costs[each.row]) for each in store.attempts(id, part)]
        return CampaignRecipients(recipients=rows, next_part=following)

    @routes.post(
        "/campaigns/<id>/<order>",
        summary="Pauses, resumes or cancels a campaign",
        tags=["campaigns"],
        responses=acting_responses(CampaignState),
    )
    def order_campaign(
        id: Id,  # noqa: A002 -- as above
        order: Annotated[Literal["pause", "resume", "cancel"], Path(description="The order.")],
        body: Annotated[CampaignReason, Body()],
    ) -> CampaignState:
        by = requester_of(routes.current_event.raw_event).name
        for _ in range(TRIES):
            campaign, progress = _found(store, id)
            try:
                changed = ordered(campaign, order, int(now().timestamp()), by, body.reason)
                if changed != campaign:
                    store.change(changed)
            except OrderImpossible as impossible:
                raise Refused(HTTPStatus.CONFLICT, "not_possible", f"{impossible}.") from None
            except LostRace:
                continue
            return _answer(changed, progress)
        raise Refused(
            HTTPStatus.CONFLICT,
            "not_possible",
            "The campaign is being changed by others: send the order again.",
            retry_seconds=1,
        )

    return routes


def _found(store: CampaignsTable, campaign_id: str) -> tuple[Campaign, Progress]:
    found = store.read([campaign_id])
    if not found:
        raise not_found("campaign", campaign_id)
    return found[0]


def _recipient(attempt: Attempt, cost: int) -> CampaignRecipient:
    return cast("CampaignRecipient", {**row_of(attempt, cost), "given": dict(attempt.recipient.variables)})


def _detail(campaign: Campaign, progress: Progress, spent: Spent) -> CampaignDetail:
    course = progress.course
    columns = [
        CourseColumn(dials=dials, answered=answered, failed=failed) for dials, answered, failed in course.columns
    ]
    return CampaignDetail(
        **_answer(campaign, progress),
        course=CampaignCourse(begins_at=_moment_or_none(course.begins_at), minutes=course.minutes, columns=columns),
        cost=CampaignCost(
            estimated=campaign.estimated_dollars or None,
            estimated_seconds=campaign.estimated_seconds or None,
            amount=spent.amount,
            calls=spent.calls,
        ),
    )


def _answer(campaign: Campaign, progress: Progress) -> CampaignState:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "flow": campaign.flow,
        "flow_version": campaign.flow_version or None,
        "from": campaign.from_number,
        "consent": campaign.consent,
        "window": str(campaign.window),
        "rate_per_second": campaign.rate_per_second,
        "max_in_flight": campaign.max_in_flight,
        "status": campaign.status,
        "reason": campaign.reason,
        "created_by": campaign.created_by,
        "created_at": _moment(campaign.created_at),
        "starts_at": _moment(campaign.starts_at),
        "recipients": campaign.recipients,
        "taken": progress.recipients,
        "settled": progress.settled,
        "dials": progress.dials,
        "in_flight": progress.in_flight,
        "outcomes": dict(progress.outcomes),
        "refused": dict(progress.refused),
        "calls": dict(progress.calls),
        "failures": list(progress.failures),
        "began_at": _moment_or_none(progress.began_at),
        "dialling_since": _moment_or_none(progress.dialling_since),
        "dialled_at": _moment_or_none(progress.dialled_at),
        "at": _moment_or_none(progress.at),
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _moment_or_none(seconds: int) -> str | None:
    return _moment(seconds) if seconds else None
