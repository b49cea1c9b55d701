"""`GET /campaigns`, `GET /campaigns/{id}`, and orders to campaigns: pause, resume, cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from control.actions import acting_responses
from control.answers import MOMENT, Answer
from control.authorization import requester_of
from control.calls import responses
from control.problems import Refused, not_found
from dialtone.adapters.calls_table import LostRace
from dialtone.domain.campaigns.orders import OrderImpossible, ordered

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.adapters.campaigns_table import CampaignsTable
    from dialtone.domain.campaigns.campaign import Campaign
    from dialtone.domain.campaigns.progress import Progress

TRIES = 5
"""Of an order, while the campaign's worker changes it, too."""

Id = Annotated[str, Path(min_length=1, max_length=80, pattern="^[a-z0-9][a-z0-9-]*$", description="The campaign's id.")]
Limit = Annotated[int, Query(ge=1, le=100, description="At most so many.")]


class CampaignState(Answer):
    """One campaign, and how far it is."""

    id: str
    name: str
    flow: str
    from_number: str = Field(alias="from")
    consent: str = Field(description="Why these people may be called.")
    window: str = Field(description="The part of a recipient's day in which the phone may ring: `09:00-20:00`.")
    rate_per_second: float
    status: str = Field(description="`scheduled`, `running`, `paused`, `cancelled` or `done`.")
    reason: str = Field(description="Why it is paused or cancelled; empty otherwise.")
    created_by: str
    created_at: str = Field(description=MOMENT)
    starts_at: str = Field(description=MOMENT)
    recipients: int
    settled: int = Field(description="Recipients with whom it is done.")
    dials: int = Field(description="Over all rounds.")
    in_flight: int
    outcomes: dict[str, int] = Field(description="Outcome: how many recipients ended with it.")
    refused: dict[str, int] = Field(description="Rule: how many recipients were never dialled because of it.")
    calls: dict[str, int] = Field(description="Outcome: how many calls, over all rounds.")
    failures: list[str] = Field(description="The last calls that failed: row, round, outcome.")


class CampaignStates(Answer):
    """Campaigns, the newest first."""

    campaigns: list[CampaignState]


class CampaignReason(Answer):
    """Why it is ordered."""

    reason: str = Field("", max_length=500, description="A note for the next operator.")


def campaign_state_routes(store: CampaignsTable, now: Callable[[], datetime]) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get("/campaigns", summary="Lists campaigns", tags=["campaigns"], responses=responses(CampaignStates))
    def list_campaigns(*, limit: Limit = 20) -> CampaignStates:
        return CampaignStates(campaigns=[_answer(*each) for each in store.read(store.ordered()[:limit])])

    @routes.get("/campaigns/<id>", summary="Shows one campaign", tags=["campaigns"], responses=responses(CampaignState))
    def show_campaign(id: Id) -> CampaignState:  # noqa: A002 -- the path's own name for it
        return _answer(*_found(store, id))

    @routes.post(
        "/campaigns/<id>/<order>",
        summary="Pauses, resumes or cancels a campaign",
        tags=["campaigns"],
        responses=acting_responses(CampaignState),
    )
    def order_campaign(
        id: Id,  # noqa: A002 -- as above
        order: Annotated[Literal["pause", "resume", "cancel"], Path(description="What is ordered.")],
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
        raise Refused(HTTPStatus.CONFLICT, "not_possible", "Others are changing it: send it again.", retry_seconds=1)

    return routes


def _found(store: CampaignsTable, campaign_id: str) -> tuple[Campaign, Progress]:
    found = store.read([campaign_id])
    if not found:
        raise not_found("campaign", campaign_id)
    return found[0]


def _answer(campaign: Campaign, progress: Progress) -> CampaignState:
    return CampaignState.model_validate(
        {
            "id": campaign.id,
            "name": campaign.name,
            "flow": campaign.flow,
            "from": campaign.from_number,
            "consent": campaign.consent,
            "window": str(campaign.window),
            "rate_per_second": campaign.rate_per_second,
            "status": campaign.status,
            "reason": campaign.reason,
            "created_by": campaign.created_by,
            "created_at": _moment(campaign.created_at),
            "starts_at": _moment(campaign.starts_at),
            "recipients": campaign.recipients,
            "settled": progress.settled,
            "dials": progress.dials,
            "in_flight": progress.in_flight,
            "outcomes": dict(progress.outcomes),
            "refused": dict(progress.refused),
            "calls": dict(progress.calls),
            "failures": list(progress.failures),
        }
    )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
