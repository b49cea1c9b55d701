"""`GET /recordings` and `GET /recordings/{id}`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from control.actions import acting_responses
from control.audit import LISTENED, READ, AuditItem, first_heard
from control.authorization import requester_of
from control.bucket import LINK_SECONDS
from control.call_filters import Selection
from control.calls import ID_CHARACTERS, MOST_READ, FlowName, Limit, Number, Since, Until, responses, stretch
from control.problems import not_found
from control.recording_answers import detail_of, levels_of, place_of, seconds_of, summary_of
from dialtone.domain.control_answers import Audio, DeletedRecording, RecordingDetail, RecordingList
from dialtone.domain.recordings import KEPT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from control.audit import AuditTrail
    from control.bucket import RecordingsBucket
    from control.listing import Listing
    from control.recording_deletion import Deleting
    from dialtone.domain.recordings import AudioCopy, Recording

Status = Annotated[
    Literal["", "expected", "saved", "copied", "verified", "doubtful", "failed", "erased"],
    Query(description="Status in the ledger; empty: any."),
]


def recording_routes(
    listing: Listing, bucket: RecordingsBucket, audit: AuditTrail, deleting: Deleting, now: Callable[[], datetime]
) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get(
        "/recordings",
        summary="Lists recordings, newest calls first",
        tags=["recordings"],
        responses=responses(RecordingList),
    )
    def list_recordings(  # noqa: PLR0913 -- the request's parameters
        *,
        since: Since = "",
        until: Until = "",
        number: Number = "",
        flow: FlowName = "",
        status: Status = "",
        limit: Limit = 50,
    ) -> RecordingList:
        begin, end = stretch(since, until, now())
        page = listing.recordings(Selection(number=number, flow=flow), status, begin, end, limit, MOST_READ)
        return RecordingList(
            recordings=[summary_of(each.recording, {each.recording.name: each.heard_at}) for each in page.recordings],
            next_until=page.until.isoformat() if page.until else None,
        )

    @routes.get(
        "/recordings/<id>",
        summary="Shows a recording with a link to its audio",
        tags=["recordings"],
        responses=responses(RecordingDetail),
    )
    def show_recording(
        *,
        id: Annotated[  # noqa: A002 -- the path's own name for it
            str, Path(min_length=1, max_length=2 * ID_CHARACTERS, description="The recording's `id` from a list.")
        ],
        link: Annotated[
            bool, Query(description="Whether to return a link to the audio. The link is recorded as listening.")
        ] = True,
    ) -> RecordingDetail:
        session, name = place_of(id)
        recording = listing.store.recording(session, name) if session and name else None
        if recording is None:
            raise not_found("recording", id)
        moment = now().astimezone(UTC)
        audio = _audio_of(recording, bucket)
        text = bucket.text(recording.transcript.key) if recording.transcript else (None, False)
        did = LISTENED if audio and link else READ if text[0] else ""
        if did:
            # Before the link is returned: a link without a record is worse than a record without a link.
            request = routes.current_event.request_context.request_id
            who = requester_of(routes.current_event.raw_event).name
            audit.note(session, AuditItem(moment.isoformat(), who, did, name), request)
        detail = detail_of(recording, first_heard(audit.of(session)), deletable=deleting.may(recording))
        detail["transcript"] |= {"text": text[0], "is_cut": text[1]}
        detail["audio"] = _audio(audio, bucket.link(audio.key) if link else None, moment) if audio else None
        return detail

    @routes.delete(
        "/recordings/<id>",
        summary="Deletes a recording permanently: its audio, its transcript, and Telnyx's copies",
        tags=["recordings"],
        responses=acting_responses(DeletedRecording),
    )
    def delete_recording(
        id: Annotated[  # noqa: A002 -- the path's own name for it
            str, Path(min_length=1, max_length=2 * ID_CHARACTERS, description="The recording's `id` from a list.")
        ],
    ) -> DeletedRecording:
        event = routes.current_event
        done = deleting.delete(id, requester_of(event.raw_event).name, event.request_context.request_id)
        return DeletedRecording(id=id, deleted_at=done.at, deleted_by=done.by)

    return routes


def _audio_of(recording: Recording, bucket: RecordingsBucket) -> AudioCopy | None:
    audio = recording.audio if recording.status in KEPT_STATUSES else None
    return audio if audio and bucket.has(audio.key) else None


def _audio(audio: AudioCopy, link: str | None, now: datetime) -> Audio:
    return {
        "url": link,
        "url_expires_at": (now + timedelta(seconds=LINK_SECONDS)).isoformat() if link else None,
        "bytes": audio.length_bytes,
        "sha256": audio.sha256,
        "seconds": seconds_of(audio),
        "peaks": levels_of(audio.peaks),
    }
