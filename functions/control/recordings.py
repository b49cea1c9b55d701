"""`GET /recordings` and `GET /recordings/{id}`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from control.answers import RecordingDetail, RecordingList, RecordingSummary
from control.asker import asker_of
from control.audit import LISTENED, AuditItem
from control.bucket import LINK_SECONDS
from control.calls import ID_CHARACTERS, MOST_READ, FlowName, Limit, Number, Since, Until, responses, stretch
from control.problems import not_found
from control.recording_answers import detail_of, place_of, seconds_of, summary_of
from control.selection import Selection
from dialtone.domain.recordings import KEPT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from control.audit import AuditTrail
    from control.bucket import ReadBucket
    from control.listing import Listing
    from dialtone.domain.recordings import AudioCopy, Recording


def recording_routes(
    listing: Listing, bucket: ReadBucket, audit: AuditTrail, now: Callable[[], datetime]
) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get(
        "/recordings",
        summary="Lists recordings, those of the newest calls first",
        tags=["recordings"],
        responses=responses(RecordingList),
    )
    def list_recordings(  # noqa: PLR0913 -- the request's parameters
        *,
        since: Since = "",
        until: Until = "",
        number: Number = "",
        flow: FlowName = "",
        status: Annotated[str, Query(max_length=ID_CHARACTERS, description="Of the ledger: verified, failed, …")] = "",
        limit: Limit = 50,
    ) -> RecordingList:
        begin, end = stretch(since, until, now())
        page = listing.recordings(Selection(number=number, flow=flow), status, begin, end, limit, MOST_READ)
        return RecordingList(
            recordings=[RecordingSummary.model_validate(summary_of(each)) for each in page.recordings],
            next_until=page.until and page.until.isoformat(),
        )

    @routes.get(
        "/recordings/<id>",
        summary="Shows a recording with a link to its audio",
        tags=["recordings"],
        responses=responses(RecordingDetail),
    )
    def show_recording(
        id: Annotated[str, Path(min_length=1, max_length=2 * ID_CHARACTERS, description="As the lists give it.")],  # noqa: A002 -- the path's own name for it
    ) -> RecordingDetail:
        session, name = place_of(id)
        recording = listing.store.recording(session, name) if session and name else None
        if recording is None:
            raise not_found("recording", id)
        moment = now().astimezone(UTC)
        audio = _audio_of(recording, bucket)
        if audio:
            # Before the link is given: a link that is not noted is worse than a note without a link.
            request = routes.current_event.request_context.request_id
            who = asker_of(routes.current_event.raw_event).name
            audit.note(session, AuditItem(moment.isoformat(), who, LISTENED, name), request)
        return RecordingDetail.model_validate(_with_files(recording, audio, bucket, moment))

    return routes


def _audio_of(recording: Recording, bucket: ReadBucket) -> AudioCopy | None:
    audio = recording.audio if recording.status in KEPT_STATUSES else None
    return audio if audio and bucket.has(audio.key) else None


def _with_files(recording: Recording, audio: AudioCopy | None, bucket: ReadBucket, now: datetime) -> dict[str, object]:
    detail = detail_of(recording)
    if audio:
        detail["audio"] = {
            "url": bucket.link(audio.key),
            "url_expires_at": (now + timedelta(seconds=LINK_SECONDS)).isoformat(),
            "bytes": audio.length_bytes,
            "sha256": audio.sha256,
            "seconds": seconds_of(audio),
        }
    if recording.transcript:
        text, is_cut = bucket.text(recording.transcript.key)
        detail["transcript"] = {**detail["transcript"], "text": text, "is_cut": is_cut}
    return detail
