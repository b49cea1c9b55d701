"""Messages delivered to people: stream, queue on virtual time and SES, with the deliver function between them."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from deliver.bucket import Objects
from deliver.chat import Chat
from deliver.claims import Claims
from deliver.consumer import Consumer
from deliver.delivery import Deliveries
from deliver.due_deliveries import DueDeliveries
from deliver.mail import Mail
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.secrets import FixedSecret
from dialtone.adapters.telemetry import Observer
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.delivery_targets import DeliveryTarget
from dialtone.domain.events import Event
from dialtone.domain.recordings import AudioCopy, Recording, TranscriptCopy, Transcription
from tests.drills.aws_memory import MemoryBucket
from tests.integration.dependencies import Died, Fault, Faults, Tapped, Wire
from tests.integration.streaming import COMMITTED_AT, StreamedTable, passes_filters

SESSION, LEG, AT = "session", "leg", "2026-11-30T10:42:00.000000Z"
CALLER, CALLED, SENDER, ADA = "+15550142", "+15550100", "voicemail@example.com", "ada@example.com"
AUDIO = b"ID3" + bytes(2_000)
WORDS = "Hello, this is Ada. Please call me back."
BY_EMAIL = DeliveryTarget("email", ADA)
BY_CHAT = DeliveryTarget("chat", "support")
VISIBILITY_SECONDS = 540


def message(**changes: Any) -> Recording:  # noqa: ANN401 -- any field
    """A message that a caller has left, saved and not yet kept."""
    recording = Recording(
        SESSION, LEG, 1, 2, AT, "record_start", "saved", format="mp3", from_number=CALLER, to_number=CALLED
    )
    fields = {"started_at": AT, "direction": "incoming", "flow": "mailbox", "step": "message", "deliver": (BY_EMAIL,)}
    return recording._replace(**{**fields, **changes})


class VirtualQueue:
    """SQS on virtual time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.waiting: list[dict[str, Any]] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> object:  # noqa: N803 -- boto's own
        del QueueUrl
        number = str(len(self.waiting) + 1_000 * len(MessageBody))
        at = self._house.now + DelaySeconds
        self.waiting.append({"id": number, "body": MessageBody, "at": at, "receives": 0})
        return {}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> object:  # noqa: N803 -- as above
        del QueueUrl
        [each] = [each for each in self.waiting if each["id"] == ReceiptHandle]
        each["at"] = self._house.now + VisibilityTimeout
        return {}


class Ses:
    """SES in memory; what it answers may be scripted, by the request's number from 1."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []
        self.requests = 0
        self.refuses: Callable[[int], str] = lambda _: ""

    def send_email(self, *, FromEmailAddress: str, Destination: Any, Content: Any) -> dict[str, str]:  # noqa: ANN401, N803 -- boto's own
        self.requests += 1
        if code := self.refuses(self.requests):
            raise ClientError(
                {"Error": {"Code": code, "Message": f"Email address is not verified: {ADA}"}}, "SendEmail"
            )
        parsed = email.message_from_bytes(Content["Raw"]["Data"], policy=email.policy.default)
        assert parsed["From"] == FromEmailAddress
        assert [parsed["To"]] == Destination["ToAddresses"]
        self.sent.append(parsed)
        return {"MessageId": str(self.requests)}


@dataclass
class House:
    """Everything around the deliver function, with the recording's ledger and call."""

    plan: Mapping[int, Fault] = field(default_factory=dict)
    chats: Mapping[str, str] = field(default_factory=dict)
    now: float = COMMITTED_AT
    links_url: str = "https://console.example.com"
    sender: str = SENDER
    table: StreamedTable = field(default_factory=StreamedTable)
    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    ses: Ses = field(default_factory=Ses)
    dead: list[str] = field(default_factory=list)

    @cached_property
    def queue(self) -> VirtualQueue:
        """The delivery queue."""
        return VirtualQueue(self)

    @cached_property
    def wire(self) -> Wire:
        """What the function's requests go over."""
        return Wire(Faults(self.plan))

    @property
    def store(self) -> CallsTable:
        """The table, past the faults."""
        return CallsTable(self.table, "calls")  # type: ignore[arg-type]  # in memory

    def recorded(self, recording: Recording, **leg: Any) -> None:  # noqa: ANN401 -- any field of the call
        """Let the webhook function have committed a recording and its call, and the archive keep it with its words."""
        call = Call(SESSION, LEG, direction="incoming", step="message", turn=2)
        call = call._replace(**{"initiated_at": AT, "ended_at": AT, "hangup_cause": "normal_clearing", **leg})
        event = Event("event", "call.recording.saved", AT, {"call_session_id": SESSION, "call_leg_id": LEG})
        self.store.commit(event, Call(SESSION, LEG), Decision(call, recordings=(recording,)), at_seconds=self.now)

    def kept(self, recording: Recording, *, content: bytes = AUDIO, status: str = "verified") -> Recording:
        """Let the archive have kept its audio."""
        key = f"recordings/{recording.name}.{recording.format}"
        self.bucket.objects[key] = content
        audio = AudioCopy(key, len(content), hashlib.sha256(content).hexdigest(), 42_000)
        kept = recording._replace(status=status, audio=audio)
        assert self.store.mark_recording(kept, was=(recording.status,))
        return kept

    def transcribed(self, recording: Recording, words: str = WORDS) -> Recording:
        """Let its transcript have come."""
        key = f"recordings/{recording.name}.txt"
        self.bucket.objects[key] = words.encode()
        transcription = Transcription("completed") if recording.transcription else None
        done = recording._replace(transcript=TranscriptCopy(key, "1" * 64), transcription=transcription)
        assert self.store.mark_recording(done, was=(recording.status,))
        return done

    def consumer(self) -> Consumer:
        """A process that has just started."""
        dynamodb: Any = Tapped(self.table, self.wire)
        store = CallsTable(dynamodb, "calls")
        s3: Any = Tapped(self.bucket, self.wire)
        s3.exceptions = SimpleNamespace(NoSuchKey=self.bucket.exceptions.NoSuchKey)
        ses: Any = Tapped(self.ses, self.wire)
        queue: Any = Tapped(self.queue, self.wire)
        chat = Chat(FixedSecret(self.chats), local=True)
        deliveries = Deliveries(
            store, Objects(s3, "recordings"), Claims(store), Mail(ses, self.sender), chat, self.links_url
        )
        return Consumer(deliveries, queue, "queue", Observer("deliver"), lambda: self.now)

    def stream(self) -> None:
        """Let Lambda read the stream to its end, each batch until it is done with."""
        consumer = self.consumer()
        position = 0
        records = [each for each in self.table.records if passes_filters(each, "DeliverFunction", "Due")]
        while some := records[position : position + 5]:
            try:
                due = DueDeliveries(consumer.queue, "queue", consumer.observer)
                failed = due.take({"Records": some})["batchItemFailures"]
            except Died:
                continue
            numbers = [each["dynamodb"]["SequenceNumber"] for each in some]
            position += numbers.index(failed[0]["itemIdentifier"]) if failed else len(some)

    def work(self, *, until_seconds: float = 86_400, receives: int = 10) -> None:
        """Let time pass and the function have each message when it is to be seen, and ten tries at most."""
        ends = self.now + until_seconds
        while self.queue.waiting:
            next_one = min(self.queue.waiting, key=lambda each: each["at"])
            if next_one["at"] > ends:
                return
            self.now = max(self.now, next_one["at"])
            if next_one["receives"] == receives:
                self.queue.waiting.remove(next_one)
                self.dead.append(next_one["body"])
                continue
            next_one["receives"] += 1
            next_one["at"] = self.now + VISIBILITY_SECONDS
            record = {
                "messageId": next_one["id"],
                "receiptHandle": next_one["id"],
                "body": next_one["body"],
                "attributes": {"ApproximateReceiveCount": str(next_one["receives"])},
            }
            try:
                failed = self.consumer().consume({"Records": [record]})["batchItemFailures"]
            except Died:
                continue
            if not failed:
                self.queue.waiting.remove(next_one)

    def jobs(self) -> list[dict[str, Any]]:
        """What waits on the queue."""
        return [json.loads(each["body"]) for each in self.queue.waiting]
