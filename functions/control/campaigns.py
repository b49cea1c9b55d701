"""`POST /campaigns`: creates a campaign for the recipients in the request, or on a list in the bucket."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, ConfigDict, Field

from control.actions import acting_responses
from control.authorization import requester_of
from control.call_filters import moment
from control.problems import Refused, wrong
from dialtone.adapters.calls_table import LostRace
from dialtone.adapters.campaign_lists import CheckedList, upload
from dialtone.domain.campaigns.campaign import (
    FARTHEST_SECONDS,
    GREETING_END,
    PREMIUM,
    Campaign,
    RetryRule,
    Window,
    WindowInvalid,
    list_key,
    new_id,
)
from dialtone.domain.campaigns.estimate import estimate
from dialtone.domain.campaigns.estimate_assumptions import Assumed
from dialtone.domain.campaigns.list_reader import ListUnreadable, RefusedRow
from dialtone.domain.campaigns.list_rows import ListCheck, ListInvalid, ListRules, counted
from dialtone.domain.campaigns.outcomes_and_redials import OUTCOMES
from dialtone.domain.control_answers import CampaignAnswer, EstimateAnswer, RefusedRowAnswer
from dialtone.domain.errors import DialtoneError
from dialtone.flow.flow_inputs import MAX_GIVEN_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_s3 import S3Client

    from control.allowed_destinations import Destinations
    from dialtone.adapters.campaigns_table import CampaignsTable
    from dialtone.domain.campaigns.estimate_assumptions import Estimate
    from dialtone.domain.campaigns.recipient import Recipient
    from dialtone.flow.loaded_flow import LoadedFlow

MOST_ROWS = 100_000
"""Of a list: checking and storing this many takes about fifteen of the API's 29 seconds."""
MOST_NAMED = 1_000
"""Recipients in the request itself."""

PIECE_BYTES = 256 * 1024

DESTINATION = "destination"
"""The rule that refuses a row whose number the control API may not dial."""

LISTS = "lists/"
"""Key prefix of lists that may be ordered; the stored parts of other campaigns are outside it."""


class Retry(BaseModel):
    """When a recipient who was not reached is dialled again."""

    model_config = ConfigDict(extra="forbid")

    outcome: str = Field(description=f"Outcomes of the attempt before that are dialled again: {', '.join(OUTCOMES)}.")
    times: int = Field(ge=1, le=10)
    pause_seconds: int = Field(ge=60, le=30 * 86_400)


class CampaignOrder(BaseModel):
    """A campaign to create."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    flow: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$", description="The flow that handles the calls.")
    from_number: str = Field(
        alias="from", pattern=r"^\+[1-9][0-9]{6,14}$", description="The caller ID, one of your numbers at Telnyx."
    )
    consent: str = Field(
        min_length=1, max_length=500, description="Why these people may be called. It is stored with the campaign."
    )
    recipients: list[dict[str, Any]] = Field(
        default_factory=list,
        max_length=MOST_NAMED,
        description="Each with `number`, the flow's inputs, and `time_zone` if known.",
    )
    list_key: str = Field(
        "",
        pattern=rf"^$|^{LISTS}[^\s]{{1,500}}$",
        description=f"In place of them, a list below `{LISTS}` in the bucket of campaigns: CSV or JSON lines.",
    )
    at: str = Field("", max_length=40, description="When to begin, ISO 8601. Default: now.")
    window: str = Field("09:00-20:00", max_length=20, description="Calling hours, in the recipient's own time.")
    rate_per_second: float = Field(1.0, gt=0, le=30)
    max_in_flight: int = Field(100, ge=1, le=10_000)
    weekly_limit: int = Field(3, ge=1, le=100, description="Calls to one number in seven days, over all campaigns.")
    retries: list[Retry] = Field(default_factory=list, max_length=10)
    last_round_seconds: int = Field(0, ge=0, le=30 * 86_400)
    detection: Literal["greeting_end", "premium"] = Field(
        "greeting_end",
        description=f"Answering machine detection. `{GREETING_END}` reports a fax as a machine, or as a person if "
        f"unsure; only `{PREMIUM}` reports the outcome `fax`, and costs more.",
    )
    name: str = Field("", max_length=100, description="The same people may be called again under another name.")
    skip_invalid: bool = Field(default=False, description="Dial the remaining recipients if some rows are refused.")
    dry_run: bool = Field(default=False, description="Only check and estimate; create nothing.")


class Ordering:
    """Creates campaigns for clients of the API."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what it is made of
        self,
        store: CampaignsTable,
        s3: S3Client,
        bucket: str,
        flow_named: Callable[[str], LoadedFlow | None],
        destinations: Destinations,
        connection_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._s3 = s3
        self._bucket = bucket
        self._flow_named = flow_named
        self._destinations = destinations
        self._connection_id = connection_id
        self._now = now

    def order(self, wanted: CampaignOrder, by: str) -> CampaignAnswer:
        """Check the recipients, store their list and create the campaign. Raises Refused."""
        flow = self._flow_named(wanted.flow)
        if flow is None:
            raise wrong("flow", f"There is no flow {wanted.flow} among those that take calls.")
        if bool(wanted.recipients) == bool(wanted.list_key):
            raise wrong("recipients", "Give either recipients or list_key.")
        if not self._connection_id:
            raise wrong(
                "flow", "The stack has no Telnyx application to dial with: set its parameter TelnyxConnectionId."
            )
        now = int(self._now().timestamp())
        window, starts_at, retries = _window(wanted.window), _starts_at(wanted.at, now), _retries(wanted.retries)
        rules = ListRules(tuple(flow.main.given), wanted.from_number, window, starts_at, MAX_GIVEN_BYTES)
        with tempfile.TemporaryDirectory() as folder:
            checked = self._checked(CheckedList(Path(folder)), rules, wanted)
            name = new_id(wanted.flow, wanted.name, wanted.from_number, checked.sha256, starts_at)
            campaign = Campaign(
                id=name,
                flow=wanted.flow,
                from_number=wanted.from_number,
                consent=wanted.consent,
                list_key=list_key(name),
                recipients=checked.recipients,
                created_by=by,
                created_at=now,
                starts_at=starts_at,
                connection_id=self._connection_id,
                name=wanted.name,
                window=window,
                rate_per_second=wanted.rate_per_second,
                max_in_flight=wanted.max_in_flight,
                weekly_limit=wanted.weekly_limit,
                retries=retries,
                last_round_seconds=wanted.last_round_seconds,
                detection=wanted.detection,
            )
            assumed = Assumed(campaign.rate_per_second, campaign.max_in_flight)
            took = estimate(checked.zones, campaign.window, campaign.starts_at, assumed)
            campaign = campaign.with_estimate(took)
            repeated = self._store.campaign(name) is not None
            if not repeated and not wanted.dry_run:
                upload(checked, name, rules.needs, self._s3, self._bucket)
                repeated = not self._stored(campaign, flow)
        return _answer(campaign, checked, took, dry_run=wanted.dry_run, repeated=repeated)

    def _checked(self, checked: CheckedList, rules: ListRules, wanted: CampaignOrder) -> CheckedList:
        parameter = "list_key" if wanted.list_key else "recipients"
        try:
            checked.take(self._allowed(ListCheck(rules).rows(self._pieces(wanted))), _bounded)
        except (ListUnreadable, ListInvalid) as error:
            raise wrong(parameter, f"{error}.") from None
        _bounded(checked.rows)
        first = next(iter(checked.first_refused), None)
        if first and (not wanted.skip_invalid or not checked.recipients):
            said = f"{counted(checked.refused, checked.rows)}; the first is row {first.row}: {first.reason}."
            raise wrong(parameter, f"{said} Correct them, or send skip_invalid.")
        if not checked.recipients:
            raise wrong(parameter, "The list has no recipients.")
        return checked

    def _allowed(self, rows: Iterable[Recipient | RefusedRow]) -> Iterator[Recipient | RefusedRow]:
        for each in rows:
            if isinstance(each, RefusedRow) or self._destinations.allow(each.number):
                yield each
            else:
                reason = "the control API may not dial it: add it to the stack's parameter ControlDestinations"
                yield RefusedRow(each.row, DESTINATION, reason, each.number)

    def _pieces(self, wanted: CampaignOrder) -> Iterator[bytes]:
        if wanted.recipients:
            yield from (json.dumps(each).encode() + b"\n" for each in wanted.recipients)
            return
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=wanted.list_key)["Body"]
        except self._s3.exceptions.NoSuchKey:
            raise wrong("list_key", f"There is no {wanted.list_key} in the bucket of campaigns.") from None
        while piece := body.read(PIECE_BYTES):
            yield piece

    def _stored(self, campaign: Campaign, flow: LoadedFlow) -> bool:
        """Whether this request stored it, and not another one at the same moment."""
        try:
            self._store.order(campaign, flow)
        except LostRace:
            return False
        return True


def campaign_routes(ordering: Ordering) -> APIGatewayHttpRouter:
    """The route."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.post(
        "/campaigns",
        summary="Creates a campaign: dials everybody on a list with one flow",
        tags=["campaigns"],
        responses=acting_responses(CampaignAnswer),
    )
    def order(wanted: Annotated[CampaignOrder, Body()]) -> CampaignAnswer:
        return ordering.order(wanted, requester_of(routes.current_event.raw_event).name)

    return routes


def _bounded(rows: int) -> None:
    if rows > MOST_ROWS:
        said = f"The list has more than {MOST_ROWS:,} rows: use `dialtone announce`, or several campaigns."
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "too_many_rows", said, "list_key")


def _window(written: str) -> Window:
    try:
        return Window.read(written)
    except WindowInvalid as invalid:
        raise wrong("window", f"{invalid}.") from None


def _starts_at(written: str, now: int) -> int:
    try:
        found = int(moment(written).astimezone(UTC).timestamp()) if written else now
    except (DialtoneError, OverflowError) as error:
        raise wrong("at", f"{error}.") from None
    if found < now:
        raise wrong("at", f"{written} is past.")
    if found > now + FARTHEST_SECONDS:
        raise wrong("at", f"{written} is more than a year away.")
    return found


def _retries(written: list[Retry]) -> tuple[RetryRule, ...]:
    for each in written:
        if each.outcome not in OUTCOMES:
            raise wrong("retries", f"{each.outcome} is not an outcome: {', '.join(OUTCOMES)}.")
    return tuple(RetryRule(each.outcome, each.times, each.pause_seconds) for each in written)


def _answer(
    campaign: Campaign, checked: CheckedList, took: Estimate, *, dry_run: bool, repeated: bool
) -> CampaignAnswer:
    return CampaignAnswer(
        id=campaign.id,
        rows=checked.rows,
        recipients=checked.recipients,
        refused=dict(checked.refused),
        first_refused=[
            RefusedRowAnswer(row=each.row, rule=each.rule, reason=each.reason) for each in checked.first_refused
        ],
        estimate=EstimateAnswer(
            starts_at=took.starts_at,
            ends_at=took.ends_at,
            dialling_seconds=took.dialling_seconds,
            most_dollars=round(took.most_dollars, 4),
        ),
        dry_run=dry_run,
        repeated=repeated,
    )
