"""`GET /campaigns`, `GET /campaigns/{id}`, its recipients, and orders to campaigns: pause, resume, cancel."""

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
from dialtone.domain.campaigns.pause_resume_cancel import OrderImpossible, ordered
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS
from dialtone.domain.campaigns.result_rows import row_of

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


class CampaignState(Answer):
    """A campaign and its progress."""

    id: str
    name: str
    flow: str
    flow_version: str | None = Field(description="The flow version of all its calls.")
    from_number: str = Field(alias="from")
    consent: str = Field(description="Why these people may be called.")
    window: str = Field(description="The part of a recipient's day in which the phone may ring: `09:00-20:00`.")
    rate_per_second: float
    max_in_flight: int = Field(description="Maximum number of simultaneous calls.")
    status: str = Field(description="`scheduled`, `running`, `paused`, `cancelled` or `done`.")
    reason: str = Field(description="Why the campaign is paused or cancelled; empty otherwise.")
    created_by: str
    created_at: str = Field(description=MOMENT)
    starts_at: str = Field(description=MOMENT)
    recipients: int
    taken: int = Field(description="Recipients taken from the list so far: each is being dialled, waiting, or done.")
    settled: int = Field(description="Recipients who are done.")
    dials: int = Field(description="Dials, over all rounds.")
    in_flight: int
    outcomes: dict[str, int] = Field(description="Number of recipients by final outcome.")
    refused: dict[str, int] = Field(description="Number of recipients never dialled, by the rule that prevented it.")
    calls: dict[str, int] = Field(description="Number of calls by outcome, over all rounds.")
    failures: list[str] = Field(description="The last calls that failed: row, round, outcome.")
    began_at: str | None = Field(description="The first dial.")
    dialling_since: str | None = Field(description="The first dial after the latest break.")
    dialled_at: str | None = Field(description="The last dial.")
    at: str | None = Field(
        description="The time of these counts. They are updated every second while the campaign is active."
    )


class CourseColumn(Answer):
    """What happened in one interval."""

    dials: int
    answered: int = Field(description="Answered calls that ended in the interval.")
    failed: int = Field(description="Calls that failed in the interval.")


class CampaignCourse(Answer):
    """A campaign over time."""

    begins_at: str | None = Field(description="The start of the first interval.")
    minutes: int = Field(description="Length of an interval; it grows with the campaign's duration.")
    columns: list[CourseColumn]


class CampaignCost(Answer):
    """Estimated and actual cost."""

    estimated: float | None = Field(
        description="The most that one round costs, in US dollars; null if there was no estimate."
    )
    estimated_seconds: int | None = Field(description="Estimated time from the first to the last dial of one round.")
    amount: float = Field(description="Cost of the calls as reported by Telnyx so far, in the account's currency.")
    calls: int = Field(description="Number of calls with a reported cost.")


class CampaignDetail(CampaignState):
    """One campaign with its history and cost."""

    course: CampaignCourse
    cost: CampaignCost


class CampaignRecipient(Answer):
    """The result for one recipient: a row of `dialtone campaigns report --csv`."""

    row: int = Field(description="Row in the original list; its header is row 1.")
    number: str
    outcome: str = Field(description="`claimed`, `dialled` or `waiting` while it is open; empty for one not called.")
    refused: str = Field(description="The rule that prevented the last dial; empty if none did.")
    rounds: int
    outcomes: list[str] = Field(description="Number of rounds.")
    answered_seconds: int
    cost: str = Field(description="Cost of its calls in the account's currency; empty until Telnyx reports one.")
    ended_at: str
    telnyx_code: str = Field(description="Telnyx's error code, if it refused a dial.")
    call_session_id: str
    given: dict[str, str] = Field(description="The flow's inputs from the list.")


class CampaignRecipients(Answer):
    """Recipients taken from the list so far, in its order."""

    recipients: list[CampaignRecipient]
    next_part: int | None = Field(description="Pass this as `part` to get the next part; null after the last one.")


class CampaignStates(Answer):
    """Campaigns, the newest first."""

    campaigns: list[CampaignState]


class CampaignReason(Answer):
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
    return CampaignRecipient.model_validate(row_of(attempt, cost) | {"given": dict(attempt.recipient.variables)})


def _detail(campaign: Campaign, progress: Progress, spent: Spent) -> CampaignDetail:
    course = progress.course
    columns = [
        CourseColumn(dials=dials, answered=answered, failed=failed) for dials, answered, failed in course.columns
    ]
    return CampaignDetail(
        **_answer(campaign, progress).model_dump(by_alias=True),
        course=CampaignCourse(begins_at=_moment_or_none(course.begins_at), minutes=course.minutes, columns=columns),
        cost=CampaignCost(
            estimated=campaign.estimated_dollars or None,
            estimated_seconds=campaign.estimated_seconds or None,
            amount=spent.amount,
            calls=spent.calls,
        ),
    )


def _answer(campaign: Campaign, progress: Progress) -> CampaignState:
    return CampaignState.model_validate(
        {
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
    )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _moment_or_none(seconds: int) -> str | None:
    return _moment(seconds) if seconds else None
