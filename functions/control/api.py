"""The API: its routes and its OpenAPI description."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from control.actions import Acting, action_routes
from control.audit import AuditTrail
from control.authorization import requester_of, role_for
from control.bucket import RecordingsBucket
from control.calls import call_routes
from control.campaign_states import campaign_state_routes
from control.campaigns import Ordering, campaign_routes
from control.dialling import Dialling, dial_routes
from control.flows import flow_routes
from control.health import AWS, Looking, health_routes
from control.idempotency import Requests
from control.listing import Listing
from control.live_flows import live_flow
from control.own_events import Delivery
from control.problems import Refused, answer_problems, must_have
from control.queues import Queues, queue_routes
from control.recording_deletion import Deleting
from control.recordings import recording_routes
from control.redriving import Redriving
from dialtone.adapters.aws_clients import DeadlineClient
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.parked_events import ParkedEvents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from control.recording_deletion import Telnyx
    from control.settings import Settings
    from dialtone.adapters.telemetry import Observer
    from dialtone.adapters.webhook_function import Answer as Delivered

MAX_BODY_CHARACTERS = 100_000
"""A table item holds 400 KB, and the commands made of a body are stored in one."""

VERSION = "1"
TITLE = "Dialtone control API"
ABOUT = (
    "Reads the calls and recordings of a stack, and acts on calls. Sign requests with AWS Signature Version 4 for "
    "the service `execute-api`. Every error response has a body with `error`: a code, and a message that says what "
    "is wrong."
)


FORMS = ("multipart/", "application/x-www-form-urlencoded")


class _JsonApi(APIGatewayHttpResolver):
    """Takes JSON only. Powertools would also parse forms, and answer 500 to one that it cannot parse."""

    def resolve(self, event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 -- Powertools' own
        headers = event.get("headers") or {}
        if str(headers.get("content-type", "")).strip().lower().startswith(FORMS):
            event = {**event, "headers": {**headers, "content-type": "application/octet-stream"}}
        return super().resolve(event, context)


def open_api(  # noqa: PLR0913, PLR0917 -- what it is made of
    settings: Settings,
    dynamodb: DynamoDBClient,
    s3: S3Client,
    deliver: Callable[[Mapping[str, Any]], Delivered],
    telnyx: Telnyx,
    observer: Observer,
    now: Callable[[], datetime],
) -> APIGatewayHttpResolver:
    """Connect everything; `deliver` sends an internal event to the webhook function."""
    api = _JsonApi(enable_validation=True)
    api.use([_only_with_the_role, _only_of_some_size])
    audit = AuditTrail(dynamodb, settings.calls_table)
    listing = Listing(dynamodb, settings.calls_table)
    bucket = RecordingsBucket(s3, settings.recordings_bucket)
    answer_problems(api, observer)
    api.include_router(call_routes(listing, audit, now))
    requests = Requests(dynamodb, settings.calls_table)
    delivery = Delivery(listing.store, deliver)
    dialling = Dialling(requests, delivery, settings.destinations, settings.connection_id, now)
    api.include_router(dial_routes(dialling))
    api.include_router(queue_routes(Queues(listing, settings.flows, now), dialling))
    api.include_router(action_routes(Acting(listing, requests, delivery, settings.destinations, now)))
    orders = CampaignsTable(dynamodb, settings.calls_table)
    flow_named = partial(live_flow, listing.store, folder=settings.flows)
    ordering = Ordering(
        orders, s3, settings.campaigns_bucket, flow_named, settings.destinations, settings.connection_id, now
    )
    api.include_router(campaign_routes(ordering))
    deleting = Deleting(listing.store, bucket, telnyx, audit, now, allowed=settings.deletes)
    api.include_router(campaign_state_routes(orders, now))
    api.include_router(recording_routes(listing, bucket, audit, deleting, now))
    api.include_router(flow_routes(listing, settings.flows, now))
    # Created on first use: most requests need none of them.
    sqs: Any = DeadlineClient("sqs", AWS)
    cloudwatch: Any = DeadlineClient("cloudwatch", AWS)
    parked = ParkedEvents(s3, settings.parked_events_bucket)
    looking = Looking(settings, listing.store, audit, parked, sqs, cloudwatch, observer, now)
    api.include_router(health_routes(looking, Redriving(settings, listing.store, sqs, audit, now)))

    @api.get("/openapi.json", include_in_schema=False)
    def describe() -> Response[str]:
        return Response(status_code=200, content_type="application/json", body=description(api))

    return api


def _only_with_the_role(app: APIGatewayHttpResolver, handle: NextMiddleware) -> Response[Any]:
    event = app.current_event
    needed = role_for(event.http_method)
    if needed not in requester_of(event.raw_event).roles:
        raise must_have(needed)
    return handle(app)


def _only_of_some_size(app: APIGatewayHttpResolver, handle: NextMiddleware) -> Response[Any]:
    if len(app.current_event.body or "") > MAX_BODY_CHARACTERS:
        message = f"The body has over {MAX_BODY_CHARACTERS:,} characters."
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", message)
    return handle(app)


def description(api: APIGatewayHttpResolver) -> str:
    """The API as OpenAPI 3.1, generated from its routes."""
    return api.get_openapi_json_schema(title=TITLE, version=VERSION, description=ABOUT)
