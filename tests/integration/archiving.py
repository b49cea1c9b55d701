"""What the archive meets.

Telnyx's recordings API and storage as a real server; S3, DynamoDB and SQS by moto, any of their answers failing; and
Lambda's events as its queue hands them over.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import threading
import time
import wave
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from archive.audio_source import Source
from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.download import Downloader
from archive.transcripts import Transcripts
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.erased_calls import ErasedCalls
from dialtone.adapters.telemetry import NAMESPACE, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.recordings import SAVED, ArchiveJob, Recording
from tests.integration.deliveries import CALLED, CALLER, CONTROL, LEG, SESSION, event
from tests.integration.dependencies import ONE_ATTEMPT, Died, Fault, Faults, Wire, create_table
from tests.sqs_records import sqs_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

RECORDING_ID = "0c43e4c0-6b3c-4a1b-8b1e-2f2b8f2f6a01"
TRANSCRIPTION_ID = "7f0a1c55-2f0e-4f0b-9a59-7d1f7a3c7b02"
BEGAN_AT, ENDED_AT = "2026-09-21T12:00:03.000000Z", "2026-09-21T12:00:05.000000Z"
KEY = f"recordings/2026/09/21/{SESSION}/{LEG}-01"
MAX_RECEIVES = 5
PLENTY_MILLIS = 300_000

TELEPHONE_HERTZ = 8_000
PIECE_BYTES = 65_536


def wav(seconds: float = 2.0, channels: int = 2) -> bytes:
    """Give a WAV file as Telnyx's are: 8 kHz, 16 bit; no two pieces of it alike."""
    frames = round(seconds * TELEPHONE_HERTZ)
    sound = b"".join(place.to_bytes(4, "little") for place in range(frames * channels // 2))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(TELEPHONE_HERTZ)
        writer.writeframes(sound)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Served:
    """How the storage answers a request for an address that lives."""

    status: int = 200
    content_type: str = "audio/wav"
    content_encoding: str = ""
    cut_after: int | None = None
    """Bytes after which the connection is reset."""
    length: int | None = -1
    """What it says its length is; -1 for the truth, None for nothing at all."""
    chunked: bool = False
    pause_seconds: float = 0.0
    """Before each piece."""
    location: str = ""
    body: bytes | None = None


class TelnyxRecordings:
    """Telnyx, as far as recordings go: what its API tells of them, and the storage behind its signed addresses."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.audio: dict[str, bytes] = {}
        """By format."""
        self.known = True
        """Whether the API knows the recording."""
        self.api_status = 200
        self.transcript: dict[str, str] = {}
        self.served: list[Served] = []
        """How the next requests are answered; afterwards properly."""
        self.api_addresses: dict[str, str] | None = None
        """What the API gives instead of the addresses of `audio`."""
        self.requests: list[str] = []
        self.signature = 0
        """Older ones have expired."""
        self._faults = faults or Faults()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def addresses(self) -> dict[str, str]:
        """Give an address for each format, good until `expire`."""
        return {name: f"{self.url}/storage/r.{name}?X-Amz-Signature={self.signature}" for name in self.audio}

    def expire(self) -> None:
        """Let all addresses given so far be too old."""
        self.signature += 1

    def asked(self, beginning: str) -> int:
        """Give how many requests there were under a path."""
        return sum(path.startswith(beginning) for path in self.requests)

    def resource(self) -> dict[str, Any]:
        addresses = self.addresses() if self.api_addresses is None else self.api_addresses
        return {
            "id": RECORDING_ID,
            "call_leg_id": LEG,
            "call_session_id": SESSION,
            "channels": "dual",
            "status": "completed",
            "duration_millis": 2_345,
            "recording_started_at": BEGAN_AT.replace("000Z", "Z"),
            "recording_ended_at": ENDED_AT,
            "download_urls": addresses,
        }

    def _listed(self, path: str, query: Mapping[str, list[str]]) -> tuple[int, dict[str, Any]]:
        if self.api_status != 200:
            return self.api_status, {"errors": [{"code": "10007", "title": "No", "detail": "No."}]}
        if path.startswith("/v2/recording_transcriptions/"):
            return (200, {"data": self.transcript}) if self.transcript else (404, {"errors": []})
        if path == "/v2/recording_transcriptions":
            return 200, {"data": []}
        if path == "/v2/recordings":
            right = query.get("filter[call_leg_id]") == [LEG] or query.get("filter[call_session_id]") == [SESSION]
            return 200, {"data": [self.resource()] if self.known and right else []}
        if self.known and path == f"/v2/recordings/{RECORDING_ID}":
            return 200, {"data": self.resource()}
        return 404, {"errors": []}

    def answer(self, target: str) -> Served | None:
        """Give the answer to a request; None for none at all."""
        self.requests.append(target)
        fault = self._faults.next()
        address = urlsplit(target)
        query = parse_qs(address.query)
        if fault == "lost":
            return None
        if address.path.startswith("/v2/"):
            status, document = self._listed(address.path, query)
            return None if fault else Served(status, "application/json", body=json.dumps(document).encode())
        if query["X-Amz-Signature"] != [str(self.signature)]:
            return Served(403, "application/xml", body=b"<?xml version='1.0'?><Error/>")
        body = self.audio[address.path.rpartition(".")[2]]
        served = self.served.pop(0) if self.served else Served()
        served = served if served.body is not None else replace(served, body=body)
        return replace(served, cut_after=len(body) // 2) if fault else served

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        telnyx = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 5

            def do_DELETE(self) -> None:
                telnyx.known = False
                self.do_GET()

            def do_GET(self) -> None:
                self.close_connection = True
                served = telnyx.answer(self.path)
                if served is not None:
                    give(self, served)

            def log_message(self, *_: object) -> None:
                """Say nothing: pytest shows what matters."""

        return Handler


def give(handler: BaseHTTPRequestHandler, served: Served) -> None:
    """Write an answer as it is to be served."""
    body = served.body or b""
    headers = {"connection": "close", "content-type": served.content_type, "location": served.location}
    headers["content-encoding"] = served.content_encoding
    if served.chunked:
        headers["transfer-encoding"] = "chunked"
    elif served.length is not None:
        headers["content-length"] = str(len(body) if served.length < 0 else served.length)
    handler.send_response(served.status)
    for name, value in headers.items():
        if value:
            handler.send_header(name, value)
    handler.end_headers()
    with contextlib.suppress(ConnectionError):
        for piece in pieces(body[: served.cut_after], served):
            time.sleep(served.pause_seconds)
            handler.wfile.write(piece)


def pieces(body: bytes, served: Served) -> Iterator[bytes]:
    """Give a body in the pieces in which it goes out."""
    for begin in range(0, len(body), PIECE_BYTES):
        piece = body[begin : begin + PIECE_BYTES]
        yield b"%x\r\n%s\r\n" % (len(piece), piece) if served.chunked else piece
    if served.chunked and served.cut_after is None:
        yield b"0\r\n\r\n"


class MortalWire(Wire):
    """A wire on which a process that died does nothing more: no tidying up after its own death."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults)
        self.dead = False
        self.before_each: Callable[[str], object] = lambda _: None
        """Called with each request's operation before it leaves: for what others do meanwhile."""

    @contextlib.contextmanager
    def tapping(self, *clients: Any) -> Iterator[None]:  # noqa: ANN401 -- any of boto's clients
        for client in clients:
            self.tap(client)
        try:
            yield
        finally:
            for client in clients:
                client.meta.events.unregister("before-send", self._leaves)
                client.meta.events.unregister("before-send", self._answered)

    def _leaves(self, request: Any, event_name: str, **rest: object) -> None:  # noqa: ANN401 -- botocore's own request
        if self.dead:
            raise Died
        self.before_each(event_name.rpartition(".")[2])
        try:
            super()._leaves(request, event_name, **rest)
        except Died:
            self.dead = True
            raise

    def _answered(self, request: Any, event_name: str, **rest: object) -> None:  # noqa: ANN401 -- botocore's own request
        try:
            super()._answered(request, event_name, **rest)
        except Died:
            self.dead = True
            raise


@dataclass
class Lambda:
    """Lambda's context, with that much time left."""

    left_millis: int = PLENTY_MILLIS

    def get_remaining_time_in_millis(self) -> int:
        return self.left_millis


@dataclass
class ArchiveHouse:
    """The archive and everything that it stands between."""

    telnyx: TelnyxRecordings
    api: TelnyxApi
    faults: Faults
    wire: MortalWire
    dynamodb: DynamoDBClient
    s3: S3Client
    sqs: SQSClient
    name: str
    queue_url: str
    now: float = field(default_factory=time.time)
    undo: list[Callable[[], object]] = field(default_factory=list)
    """What ends the troubles that a test ordered."""

    @classmethod
    @contextlib.contextmanager
    def open(cls, name: str = "archive", plan: Mapping[int, Fault] | None = None) -> Iterator[ArchiveHouse]:
        """Give a house with empty table, bucket and queue of that name; to be called where moto is active."""
        faults = Faults()
        wire = MortalWire(faults)
        dynamodb, s3, sqs = clients()
        create_table(dynamodb, name)
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
        with wire.tapping(dynamodb, s3, sqs), TelnyxRecordings(faults) as telnyx:
            telnyx.audio["wav"] = wav()
            api = TelnyxApi("KEY_test", f"{telnyx.url}/v2", sleep=lambda _: None)
            house = cls(telnyx, api, faults, wire, dynamodb, s3, sqs, name, queue_url)
            house.save(entry())
            faults.plan, faults.place = dict(plan or {}), 0
            try:
                yield house
            finally:
                house.recover()
                api.close()

    def after(self, service: str, operation: str, then: Callable[..., None]) -> None:
        """Let something be done to each answer of an AWS operation, until `recover`."""
        client = {"dynamodb": self.dynamodb, "s3": self.s3, "sqs": self.sqs}[service]
        name = f"after-call.{service}.{operation}"
        client.meta.events.register(name, then)
        self.undo.append(lambda: client.meta.events.unregister(name, then))

    def recover(self) -> None:
        """End all troubles that a test ordered."""
        while self.undo:
            self.undo.pop()()

    @property
    def store(self) -> CallsTable:
        return CallsTable(self.dynamodb, self.name)

    @property
    def bucket(self) -> RecordingsBucket:
        return RecordingsBucket(self.s3, self.name)

    def save(self, *recordings: Recording, leg: Call | None = None) -> None:
        """Put entries into the ledger as the webhook does."""
        number = len(self.store.timeline(SESSION)) + 1
        before = Call(SESSION, LEG, version=0 if number == 1 else number)
        after = leg or before._replace(control_id=CONTROL, connection_id="7267", from_number=CALLER, to_number=CALLED)
        decision = Decision(before if number > 1 and leg is None else after, recordings=recordings)
        self.store.commit(event("call.recording.saved", number), before, decision, at_seconds=0.0)

    def consumer(self) -> Consumer:
        """Give a process that has just started."""
        erased = ErasedCalls(self.s3, self.name, self.store, self.api)
        custody = Custody(self.store, self.bucket, Source(self.api, Downloader(local=True)), erased.has)
        return Consumer(
            Archive(custody, Transcripts(self.store, self.bucket, self.api), erased),
            self.sqs,
            Observer("archive"),
            MAX_RECEIVES,
            now_seconds=lambda: self.now,
        )

    def job(self, **changes: Any) -> ArchiveJob:  # noqa: ANN401 -- any field of a job
        """Give the job that the webhook left for the recording."""
        job = ArchiveJob("audio", SESSION, LEG, entry().name, urls=self.telnyx.addresses())
        return job._replace(**changes)

    def transcript_job(self, **changes: Any) -> ArchiveJob:  # noqa: ANN401 -- any field of a job
        """Give the job that the webhook left for the transcript."""
        job = ArchiveJob(
            "transcript",
            SESSION,
            LEG,
            recording_id=RECORDING_ID,
            transcription_id=TRANSCRIPTION_ID,
            transcript="Please call back: Žofie.",
        )
        return job._replace(**changes)

    def deliver(
        self, *jobs: ArchiveJob | str, receives: int = 1, age_seconds: float = 0.0, left_millis: int = PLENTY_MILLIS
    ) -> list[int]:
        """Deliver a batch; give the places of the messages that failed."""
        records = [self.record(job, place, receives, age_seconds) for place, job in enumerate(jobs)]
        failed = self.consumer().consume({"Records": records}, Lambda(left_millis))["batchItemFailures"]
        return [int(each["itemIdentifier"]) for each in failed]

    def record(self, job: ArchiveJob | str, place: int, receives: int, age_seconds: float) -> dict[str, Any]:
        """Give a message as Lambda hands it over; one that the queue really has in flight."""
        body = job if isinstance(job, str) else job.to_json()
        with self.unharmed():
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
            message = self.sqs.receive_message(QueueUrl=self.queue_url)["Messages"][0]
        attributes = {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(round((self.now - age_seconds) * 1_000)),
        }
        receipt = message["ReceiptHandle"]
        return sqs_record(body, receipt=receipt, attributes=attributes, number=str(place), queue=self.name)

    @contextlib.contextmanager
    def unharmed(self) -> Iterator[None]:
        """Let nothing fail and nothing be counted for a while: for the test's own requests."""
        plan, place, self.wire.dead = self.faults.plan, self.faults.place, False
        self.faults.plan = {}
        yield
        self.faults.plan, self.faults.place = plan, place

    def entry(self, name: str = "") -> Recording:
        found = self.store.recording(SESSION, name or entry().name)
        assert found
        return found

    def objects(self) -> dict[str, bytes]:
        """Give all that is to be seen in the bucket."""
        listed = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {each["Key"]: self.s3.get_object(Bucket=self.name, Key=each["Key"])["Body"].read() for each in listed}

    def versions(self, key: str) -> int:
        """Give how often an object was written."""
        return len(self.s3.list_object_versions(Bucket=self.name, Prefix=key).get("Versions", []))

    def unfinished(self) -> int:
        """Give how many uploads were begun and neither completed nor aborted."""
        return len(self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", []))

    def metadata(self) -> dict[str, Any]:
        document = json.loads(self.objects()[f"{KEY}.json"])
        assert isinstance(document, dict)
        return document


@functools.cache
def clients() -> tuple[DynamoDBClient, S3Client, SQSClient]:
    """Give the clients, made once: making them takes longer than what most tests do with them."""
    return (
        boto3.client("dynamodb", config=ONE_ATTEMPT),
        boto3.client("s3", config=ONE_ATTEMPT),
        boto3.client("sqs", config=ONE_ATTEMPT),
    )


def entry(**changes: Any) -> Recording:  # noqa: ANN401 -- any field of an entry
    """Give the ledger's entry for the leg's first recording, as its webhook left it."""
    recording = Recording(
        call_session_id=SESSION,
        call_leg_id=LEG,
        number=1,
        turn=3,
        requested_at="2026-09-21T12:00:02.500000Z",
        source="record_start",
        status=SAVED,
        channels="dual",
        format="wav",
        started_at=BEGAN_AT,
        ended_at=ENDED_AT,
    )
    return recording._replace(**changes)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def metrics(lines: Iterable[str]) -> dict[str, list[float]]:
    """Give what was measured, by name, from what a function wrote."""
    found: dict[str, list[float]] = {}
    for line in lines:
        document = json.loads(line) if line.startswith('{"_aws"') else {}
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == NAMESPACE
            assert directive["Dimensions"] == [["service"]]
            assert document["service"] == "archive"
            for metric in directive["Metrics"]:
                found.setdefault(metric["Name"], []).extend(document[metric["Name"]])
    return found


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Give the function's log lines, field by field."""
    return [vars(record) for record in caplog.records if record.name == "archive"]
