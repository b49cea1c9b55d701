"""AWS in memory behind the gate: its clients' methods, as far as the functions use them, with botocore's own errors.

`test_oracle.py` and `oracle.py` hold table and bucket to what moto and the emulator answer.
"""

# ruff: noqa: N803, ANN401 -- boto's own names, and its requests and answers are dictionaries of anything

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from dialtone.domain.deadline import SHORTEST_REQUEST_SECONDS, DeadlinePassed, seconds_left
from infra.carrier.clock import Clock
from infra.flowkit.memory_table import MemoryTable
from tests.drills.gate import AWS_TIMEOUT_SECONDS, INVOCATION_SECONDS, Failed, Fault, Gate, TimedOut
from tests.drills.processes import Killed
from tests.sqs_records import sqs_record

_CODES: Mapping[tuple[str, Fault], str] = {
    ("dynamodb", Fault.THROTTLED): "ProvisionedThroughputExceededException",
    ("dynamodb", Fault.CONFLICT): "TransactionConflictException",
    ("s3", Fault.THROTTLED): "SlowDown",
    ("s3", Fault.CONFLICT): "ConditionalRequestConflict",
    ("s3", Fault.SERVER_ERROR): "InternalError",
    ("lambda", Fault.THROTTLED): "TooManyRequestsException",
    ("lambda", Fault.SERVER_ERROR): "ServiceException",
    ("secretsmanager", Fault.SERVER_ERROR): "InternalServiceError",
}
_STATUSES = {Fault.THROTTLED: 400, Fault.CONFLICT: 409, Fault.SERVER_ERROR: 500}


class Gated:
    """A client whose requests go through the gate, and end at the deadline as `DeadlineClient`'s do."""

    def __init__(self, service: str, client: object, gate: Gate) -> None:
        self._service = service
        self._client = client
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        if name == "get_paginator":
            return self._paginator
        found = getattr(self._client, name)
        if name in {"exceptions", "meta"}:
            return found
        return lambda **parameters: self._request(name, lambda: found(**parameters))

    def _paginator(self, operation: str) -> Any:
        obey = getattr(self._client, operation)
        return SimpleNamespace(paginate=lambda **parameters: [self._request(operation, lambda: obey(**parameters))])

    def _request(self, method: str, effect: Callable[[], Any]) -> Any:
        operation = method.title().replace("_", "")
        if seconds_left() < SHORTEST_REQUEST_SECONDS:
            raise DeadlinePassed(operation)
        try:
            return self._gate.request(self._service, operation, effect, self._patience(operation))
        except TimedOut:
            raise ReadTimeoutError(endpoint_url=f"{self._service}:{operation}") from None
        except Failed as failed:
            raise self._error(failed.fault, operation) from None

    def _patience(self, operation: str) -> float:
        process = self._gate.processes.current
        function = process.function if process else "archive"
        own = (
            INVOCATION_SECONDS
            if operation == "Invoke" and function in {"control", "reconcile", "watchdog"}
            else AWS_TIMEOUT_SECONDS[function]
        )
        return min(own, seconds_left())

    def _error(self, fault: Fault, operation: str) -> Exception:
        if fault in {Fault.RESET, Fault.RESET_AFTER, Fault.GARBLED}:
            return ConnectionClosedError(endpoint_url=f"{self._service}:{operation}")
        default = {Fault.THROTTLED: "ThrottlingException"}.get(fault, "InternalServerError")
        code = _CODES.get((self._service, fault), default)
        return refusal(code, operation, _STATUSES[fault])


def refusal(code: str, operation: str, status: int = 400) -> ClientError:
    """What botocore raises for an error of AWS's."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


# --- DynamoDB ----


class AuditedTable(MemoryTable):
    """The calls table, which notes what is written over: no condition of ours decides what that is."""

    def __init__(self) -> None:
        super().__init__()
        self.overwritten: list[str] = []

    def transact_write_items(self, *, TransactItems: Any) -> Any:
        """As MemoryTable's."""
        puts = [(each["Put"]["Item"], self.get(each["Put"]["Item"])) for each in TransactItems if "Put" in each]
        answer = super().transact_write_items(TransactItems=TransactItems)
        self.overwritten += [item["item"]["S"] for item, before in puts if _writes_over(item, before)]
        return answer


def _writes_over(item: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """Whether an event is stored a second time, or a leg's state did not follow from the one that it replaces."""
    if item["item"]["S"].startswith("EVENT#"):
        return before is not None
    if item["item"]["S"].startswith("LEG#"):
        return int(item["version"]["N"]) != (int(before["version"]["N"]) if before else 0) + 1
    return False


# --- SQS -------------------------------------------------------------------------------------------------------

MAX_RECEIVES = 5
VISIBILITY_SECONDS = 1_800.0
QUEUE_URL = "https://sqs.invalid/123456789012/archive"
"""As template.yaml has them."""


@dataclass(slots=True, eq=False)
class Message:
    """A message of the queue."""

    body: str
    sent_at: float
    number: int
    visible_at: float = 0.0
    receives: int = 0
    done: bool = False


@dataclass(slots=True)
class MemoryQueue:
    """A queue with the function that it feeds, on virtual time: redelivery, visibility, dead letters."""

    clock: Clock
    feed: Callable[[Mapping[str, Any], Callable[[], None]], None]
    """Lets the function process an event; the second is called when it took the message."""
    twice: Callable[[], bool] = lambda: False
    """Whether a message is delivered twice at once, as a standard queue may."""
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    delays_seconds: float = 0.0
    """How long a message waits for its first delivery, at least."""
    visibility_seconds: float = VISIBILITY_SECONDS
    """How long one that was delivered is nobody else's."""
    max_receives: int = MAX_RECEIVES
    """How often a message is delivered before it is given up."""
    drops: int = 0
    """How many messages are still to be lost."""
    meta: Any = field(default_factory=lambda: SimpleNamespace(endpoint_url="https://sqs.invalid"))

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> Any:
        """Take a message."""
        del QueueUrl
        message = Message(MessageBody, self.clock.now, len(self.messages), done=self.drops > 0)
        self.messages.append(message)
        self.drops -= message.done
        self._show_in(message, max(self.delays_seconds, DelaySeconds))
        return {}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> Any:
        """Let a message come again after so long."""
        del QueueUrl
        message = self.messages[int(ReceiptHandle)]
        if not message.done:
            self._show_in(message, VisibilityTimeout)
        return {}

    @property
    def open(self) -> list[Message]:
        """What is neither done nor given up."""
        return [each for each in self.messages if not each.done]

    def _show_in(self, message: Message, seconds: float) -> None:
        message.visible_at = self.clock.now + seconds
        self.clock.at(message.visible_at, lambda: self._deliver(message))

    def _deliver(self, message: Message) -> None:
        if message.done or self.clock.now < message.visible_at:
            return
        if message.receives >= self.max_receives:
            message.done = True
            self.dead.append(message)
            return
        for _ in range(2 if self.twice() else 1):
            message.receives += 1
            self.feed({"Records": [self._record(message)]}, lambda: self._took(message))
        self._show_in(message, self.visibility_seconds)

    def _took(self, message: Message) -> None:
        message.done = True

    def _record(self, message: Message) -> dict[str, Any]:
        sent = self.clock.datetime(message.sent_at).timestamp()
        attributes = {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(round(sent * 1_000)),
        }
        return sqs_record(message.body, receipt=str(message.number), attributes=attributes)


@dataclass(slots=True)
class Queues:
    """All queues, by their addresses."""

    queues: Mapping[str, MemoryQueue]
    meta: Any = field(default_factory=lambda: SimpleNamespace(endpoint_url="https://sqs.invalid"))

    def send_message(self, *, QueueUrl: str, **message: Any) -> Any:
        """Put a message into one of them."""
        return self.queues[QueueUrl].send_message(QueueUrl=QueueUrl, **message)

    def change_message_visibility(self, *, QueueUrl: str, **message: Any) -> Any:
        """Let a message of one of them come again after so long."""
        return self.queues[QueueUrl].change_message_visibility(QueueUrl=QueueUrl, **message)


# --- S3 --------------------------------------------------------------------------------------------------------


class Body(io.BytesIO):
    """An object's content as it is read."""

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        """In pieces."""
        while piece := self.read(size):
            yield piece


class MemoryBucket:
    """A bucket."""

    def __init__(self, spoils: Callable[[], bool] = lambda: False) -> None:
        """`spoils` says whether an upload that is completed now is kept otherwise than it came."""
        self._spoils = spoils
        self.objects: dict[str, bytes] = {}
        self.written: Counter[str] = Counter()
        """How often each key was written."""
        self.uploads: dict[str, tuple[str, dict[int, bytes]]] = {}
        self._ids = count(1)
        self.exceptions = SimpleNamespace(NoSuchKey=NoSuchKey, NoSuchUpload=NoSuchUpload)

    def put_object(self, *, Key: str, Body: bytes, **_: object) -> Any:
        """Write an object."""
        self.objects[Key] = bytes(Body)
        self.written[Key] += 1
        return {}

    def get_object(self, *, Key: str, **_: object) -> Any:
        """Read an object."""
        if Key not in self.objects:
            raise NoSuchKey(refusal("NoSuchKey", "GetObject").response, "GetObject")
        return {"Body": Body(self.objects[Key])}

    def head_object(self, *, Key: str, **_: object) -> Any:
        """Say that an object is there."""
        if Key not in self.objects:
            raise refusal("404", "HeadObject")
        return {}

    def create_multipart_upload(self, *, Key: str, **_: object) -> Any:
        """Begin an upload in parts."""
        upload_id = f"upload-{next(self._ids)}"
        self.uploads[upload_id] = (Key, {})
        return {"UploadId": upload_id}

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: bytes, **_: object) -> Any:
        """Take a part."""
        self._parts(UploadId, "UploadPart")[PartNumber] = bytes(Body)
        return {"ETag": f"part-{PartNumber}", "ChecksumCRC32": "AAAAAA=="}

    def complete_multipart_upload(
        self, *, Key: str, UploadId: str, MultipartUpload: Any, IfNoneMatch: str = "", **_: object
    ) -> Any:
        """Make an object of the parts."""
        parts = self._parts(UploadId, "CompleteMultipartUpload")
        if IfNoneMatch and Key in self.objects:
            raise refusal("PreconditionFailed", "CompleteMultipartUpload", 412)
        whole = b"".join(parts[each["PartNumber"]] for each in MultipartUpload["Parts"])
        if self._spoils():
            whole = whole[:-1] + bytes([whole[-1] ^ 1])
        del self.uploads[UploadId]
        return self.put_object(Key=Key, Body=whole)

    def abort_multipart_upload(self, *, UploadId: str, **_: object) -> Any:
        """Throw the parts away."""
        self._parts(UploadId, "AbortMultipartUpload")
        del self.uploads[UploadId]
        return {}

    def list_multipart_uploads(self, *, Prefix: str, **_: object) -> Any:
        """What was begun under a prefix and neither completed nor aborted."""
        found = [{"Key": key, "UploadId": each} for each, (key, _) in self.uploads.items() if key.startswith(Prefix)]
        return {"Uploads": found} if found else {}

    def _parts(self, upload_id: str, operation: str) -> dict[int, bytes]:
        if upload_id not in self.uploads:
            raise NoSuchUpload(refusal("NoSuchUpload", operation).response, operation)
        return self.uploads[upload_id][1]


class NoSuchKey(ClientError):  # noqa: N818 -- boto3's own name
    """As boto3's client of S3 has it."""


class NoSuchUpload(ClientError):  # noqa: N818 -- boto3's own name
    """As boto3's client of S3 has it."""


# --- Lambda and Secrets Manager ----------------------------------------------------------------------------------


class FunctionFailed(Exception):  # noqa: N818 -- reads as the sentence it is: the function failed
    """A function raised an error."""


@dataclass(slots=True)
class MemoryFunctions:
    """Lambda: functions that are invoked, and waited for or not."""

    gate: Gate
    do: Callable[[str, Any], Any]
    """What a function of that name does with what it is invoked with. Raises FunctionFailed."""
    leave: Callable[[str, Any], None]
    """Starts a function that nobody waits for."""

    def invoke(self, *, FunctionName: str, Payload: bytes, InvocationType: str = "RequestResponse") -> Any:
        """Invoke a function, in a process of its own."""
        asked = json.loads(Payload)
        if InvocationType == "Event":
            self.leave(FunctionName, asked)
            return {"StatusCode": 202}
        try:
            answer = self.gate.processes.within(FunctionName, lambda: self.do(FunctionName, asked))
        except (Killed, FunctionFailed):
            if self.gate.processes.closed:
                raise
            error = b'{"errorType": "Runtime.ExitError"}'
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(error)}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@dataclass(frozen=True, slots=True)
class MemorySecrets:
    """Secrets Manager."""

    texts: Mapping[str, str]
    """By the name of the secret."""

    def get_secret_value(self, *, SecretId: str) -> Any:
        """The text."""
        return {"SecretString": self.texts[SecretId]}
