"""A phone line with all its functions: calls at the simulated carrier, AWS by moto, sweep and archive on demand."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from archive.audio_source import Source
from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.download import Downloader
from archive.transcripts import Transcripts
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.erased_calls import ErasedCalls
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.events import TELNYX_EVENT
from infra.carrier import Request
from infra.carrier.account import AGENT, AGENT_SCRIPT
from infra.demo import scenes
from infra.flowkit.stage import Stage
from reconcile.dependencies import Dependencies
from reconcile.sweep import Sweep
from tests.integration.archiving import Lambda
from tests.integration.dependencies import ONE_ATTEMPT, aws_session, create_table
from tests.integration.reconciling import Noted
from tests.integration.scripted_telnyx import Answer, ScriptedTelnyx
from tests.integration.scripted_telnyx import Request as Asked
from tests.sqs_records import record_of

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

    def __init__(self, server: ScriptedTelnyx, start: datetime | None = None, stage: Stage | None = None) -> None:
        self.clients: dict[str, Any] = {
            name: aws_session().client(name, config=ONE_ATTEMPT) for name in ("dynamodb", "sqs", "s3")
        }
        create_table(self.clients["dynamodb"], "calls")
        self.queue_url: str = self.clients["sqs"].create_queue(QueueName="archive")["QueueUrl"]
        self.clients["s3"].create_bucket(Bucket="recordings")
        self.store = CallsTable(self.clients["dynamodb"], "calls")
        self.stage: Any = stage or LosingStage(start=start)
        self.stage.carrier.add_callee(AGENT, AGENT_SCRIPT)
        self.stage.carrier.public_url = server.url.removesuffix("/v2")
        self.stage.processor.store = self.store
        self.stage.processor.archive = ArchiveQueue(self.clients["sqs"], self.queue_url)
        server.answering = self._by_carrier
        self.telnyx = TelnyxApi(self.stage.carrier.api_key, server.url)
        self.noted = Noted()

    def _by_carrier(self, asked: Asked) -> Answer:
        url = urlsplit(asked.path)
        request = Request(
            asked.method, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), asked.headers, asked.body
        )
        response = self.stage.carrier.handle(request)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Answer(response.status, response.content(), headers)

    def sweep(self, minutes: float) -> Mapping[str, int]:
        """Sweep so many minutes later."""
        self.stage.carrier.run_for(minutes * 60)
        queue = ArchiveQueue(self.clients["sqs"], self.queue_url)
        published = FlowVersionsTable(self.clients["dynamodb"], "calls")
        dependencies = Dependencies(self.store, queue, self._deliver, self.erased(), published)
        sweep = Sweep(dependencies, self.telnyx, self.noted)  # type: ignore[arg-type]
        clock = self.stage.carrier.clock
        return sweep.run(clock.datetime(clock.now).timestamp(), time.monotonic() + 600)

    def _deliver(self, event: Mapping[str, Any]) -> str:
        response = self.stage.endpoint.handle({TELNYX_EVENT: event[TELNYX_EVENT]})
        return "" if response["statusCode"] == 200 else f"it answered {response['statusCode']}"

    def erased(self) -> ErasedCalls:
        """Give the calls that were erased."""
        return ErasedCalls(self.clients["s3"], "recordings", self.store, self.telnyx)

    def archive(self) -> int:
        """Let the archive work the queue off; gives how many jobs that were."""
        bucket = RecordingsBucket(self.clients["s3"], "recordings")
        erased = self.erased()
        custody = Custody(self.store, bucket, Source(self.telnyx, Downloader(local=True)), erased.has)
        archive = Archive(custody, Transcripts(self.store, bucket, self.telnyx), erased)
        consumer = Consumer(archive, self.clients["sqs"], self.noted, max_receives=5)  # type: ignore[arg-type]
        jobs, sqs = 0, self.clients["sqs"]
        while messages := sqs.receive_message(QueueUrl=self.queue_url, AttributeNames=["All"]).get("Messages"):
            [message] = messages
            if not consumer.consume({"Records": [record_of(message)]}, Lambda())["batchItemFailures"]:
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            jobs += 1
        return jobs
