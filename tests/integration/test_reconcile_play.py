"""A whole call whose recordings are never reported: in the bucket and verified all the same, with one sweep.

The real webhook, sweep and archive code, AWS by moto, and the simulated carrier behind the real client of its API.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.download import Downloader
from archive.source import Source
from archive.transcripts import Transcripts
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.events import TELNYX_EVENT
from dialtone.domain.recordings import CERTAIN, EXPECTED, KEPT_STATUSES, SAVED
from infra.account import AGENT, AGENT_SCRIPT
from infra.carrier import Request
from infra.demo import scenes
from infra.flowkit.stage import Stage
from reconcile.dependencies import Dependencies
from reconcile.sweep import Sweep
from tests.integration.archiving import Lambda
from tests.integration.dependencies import ONE_ATTEMPT, aws_session, create_table
from tests.integration.reconciling import Noted
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tests.integration.scripted_telnyx import Request as Asked

SAVED_EVENT = "call.recording.saved"
CALLS: dict[str, Callable[[Stage], str]] = {
    "a message": lambda stage: stage.ring(scenes.IVR.number, scenes.IVR.script),
    "a conversation": lambda stage: stage.ring(scenes.RECORDED.number, scenes.RECORDED.script),
}


class LosingStage(Stage):
    """A stage on which webhooks of some types never arrive."""

    lost: Collection[str] = (SAVED_EVENT,)

    def _post(self, request: Request, timeout_seconds: float) -> int:
        if json.loads(request.body)["data"]["event_type"] in self.lost:
            return 503
        return super()._post(request, timeout_seconds)


class Line:
    """The stage, what it stands on, and the functions around it."""

    def __init__(self, server: ScriptedTelnyx) -> None:
        self.clients: dict[str, Any] = {
            name: aws_session().client(name, config=ONE_ATTEMPT) for name in ("dynamodb", "sqs", "s3")
        }
        create_table(self.clients["dynamodb"], "calls")
        self.queue_url: str = self.clients["sqs"].create_queue(QueueName="archive")["QueueUrl"]
        self.clients["s3"].create_bucket(Bucket="recordings")
        self.store = CallsTable(self.clients["dynamodb"], "calls")
        self.stage = LosingStage()
        self.stage.carrier.add_callee(AGENT, AGENT_SCRIPT)
        self.stage.carrier.public_url = server.url.removesuffix("/v2")
        self.stage.processor.store = self.store
        self.stage.processor.archive = ArchiveQueue(self.clients["sqs"], self.queue_url)
        server.answering = self._by_carrier
        self.telnyx = TelnyxApi(self.stage.carrier.api_key, server.url)
        self.noted = Noted()

    def _by_carrier(self, asked: Asked) -> Answer:
        url = urlsplit(asked.path)
        request = Request(asked.method, url.path, dict(parse_qsl(url.query)), asked.headers, asked.body)
        response = self.stage.carrier.handle(request)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Answer(response.status, response.content(), headers)

    def sweep(self, minutes: float) -> Mapping[str, int]:
        """Sweep so many minutes later."""
        self.stage.carrier.run_for(minutes * 60)
        queue = ArchiveQueue(self.clients["sqs"], self.queue_url)
        sweep = Sweep(Dependencies(self.store, queue, self._deliver), self.telnyx, self.noted)  # type: ignore[arg-type]
        clock = self.stage.carrier.clock
        return sweep.run(clock.datetime(clock.now).timestamp(), time.monotonic() + 600)

    def _deliver(self, event: Mapping[str, Any]) -> str:
        response = self.stage.endpoint.handle({TELNYX_EVENT: event[TELNYX_EVENT]})
        return "" if response["statusCode"] == 200 else f"it answered {response['statusCode']}"

    def archive(self) -> int:
        """Let the archive work the queue off; gives how many jobs that were."""
        bucket = RecordingsBucket(self.clients["s3"], "recordings")
        custody = Custody(self.store, bucket, Source(self.telnyx, Downloader(local=True)))
        archive = Archive(custody, Transcripts(self.store, bucket, self.telnyx))
        consumer = Consumer(archive, self.clients["sqs"], self.noted, max_receives=5)  # type: ignore[arg-type]
        jobs, sqs = 0, self.clients["sqs"]
        while messages := sqs.receive_message(QueueUrl=self.queue_url, AttributeNames=["All"]).get("Messages"):
            [message] = messages
            record = {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:archive",
                "awsRegion": "us-east-1",
            }
            if not consumer.consume({"Records": [record]}, Lambda())["batchItemFailures"]:
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            jobs += 1
        return jobs


@pytest.fixture
def line(aws: None) -> Iterator[Line]:
    del aws
    with ScriptedTelnyx() as server:
        line = Line(server)
        yield line
        line.telnyx.close()


@pytest.mark.parametrize("name", CALLS)
def test_recordings_that_are_never_reported_end_in_the_bucket(line: Line, name: str) -> None:
    session = CALLS[name](line.stage)
    line.archive()
    assert {each.status for each in line.store.recordings(session)} == {EXPECTED}

    counts = line.sweep(5)
    line.archive()

    entries = line.store.recordings(session)
    assert counts == {"outstanding": len(entries), "recovered": len(entries)}
    objects = line.clients["s3"].list_objects_v2(Bucket="recordings")["Contents"]
    for entry in entries:
        assert entry.status in KEPT_STATUSES, entry.content_doubt
        assert entry.identity == CERTAIN
        assert entry.audio
        assert entry.audio.key in {each["Key"] for each in objects}
    assert line.sweep(5) == {"outstanding": 0}


@pytest.mark.parametrize("name", CALLS)
def test_an_outage_that_took_the_hang_up_along_loses_no_recording(line: Line, name: str) -> None:
    line.stage.lost = (SAVED_EVENT, "call.hangup")
    session = CALLS[name](line.stage)

    line.sweep(5)
    line.archive()

    assert {each.status for each in line.store.recordings(session)} <= set(KEPT_STATUSES)


def test_the_call_is_left_as_the_webhook_would_have_left_it(line: Line) -> None:
    told = Stage(start=line.stage.carrier.clock.datetime(0))
    told.carrier.add_callee(AGENT, AGENT_SCRIPT)
    told_session = CALLS["a conversation"](told)

    session = CALLS["a conversation"](line.stage)
    line.sweep(5)

    [leg] = [leg for leg in line.store.legs(session) if leg.flow]
    [leg_told] = [leg for leg in told.store.legs(told_session) if leg.flow]
    assert (leg.outcome, leg.status, leg.recorder, leg.recordings) == (
        leg_told.outcome,
        leg_told.status,
        leg_told.recorder,
        leg_told.recordings,
    )
    assert [each.status for each in line.store.recordings(session)] == [SAVED]


def test_a_job_that_was_never_queued_is_queued_by_a_sweep_and_done_once_though_queued_twice(line: Line) -> None:
    line.stage.lost = ()
    session = CALLS["a conversation"](line.stage)
    line.clients["sqs"].purge_queue(QueueUrl=line.queue_url)

    assert line.sweep(6)["queued_again"] == 1
    line.sweep(20)
    assert line.archive() == 2

    [entry] = line.store.recordings(session)
    assert entry.status in KEPT_STATUSES
    audio = [
        each for each in line.clients["s3"].list_objects_v2(Bucket="recordings")["Contents"] if "wav" in each["Key"]
    ]
    assert len(audio) == 1


def test_a_recording_that_telnyx_deleted_is_known_to_be_missing(line: Line) -> None:
    session = CALLS["a conversation"](line.stage)
    for recording in line.stage.carrier.recordings.saved():
        recording.deleted = True

    line.sweep(5)
    line.sweep(5)

    [entry] = line.store.recordings(session)
    assert (entry.status, entry.reason) == ("failed", "Telnyx lists no such recording")
    assert line.noted.measured["RecordingsMissing"] == 1
