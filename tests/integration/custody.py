"""An operator at work: `dialtone recordings …` on a stack by moto, with recordings that the archive took in."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from archive.metadata import metadata
from dialtone.adapters import queue_messages
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import VERIFIED, ArchiveJob, AudioCopy, Recording
from infra.cli.main import main
from infra.operations import aws
from tests.integration.archiving import ENDED_AT, ArchiveHouse, entry, sha256
from tests.integration.deliveries import CALLED, CALLER, LEG, SESSION
from tests.integration.dependencies import ONE_ATTEMPT, Died

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType


STACK = "dialtone-prod"
TEMPLATE = """
Resources: {{Topic: {{Type: AWS::SNS::Topic}}}}
Parameters: {{TelnyxApiKeySecretName: {{Type: String, Default: dialtone/telnyx-api-key}}}}
Outputs:
  CallsTableName: {{Value: {name}}}
  RecordingsBucketName: {{Value: {name}}}
  ArchiveQueueUrl: {{Value: "{queue}"}}
  ArchiveDeadLetterQueueUrl: {{Value: "{dead}"}}
  ParkedEventsBucketName: {{Value: {name}}}
"""
NAME = entry().name


@dataclass
class Operator:
    """Someone with credentials, at a shell."""

    house: ArchiveHouse
    dead_letters_url: str
    capsys: pytest.CaptureFixture[str]

    def deploy(self) -> None:
        """Let there be a stack with these outputs."""
        body = TEMPLATE.format(name=self.house.name, queue=self.house.queue_url, dead=self.dead_letters_url)
        cloudformation().create_stack(StackName=STACK, TemplateBody=body)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `dialtone recordings` with these arguments; gives status, output and errors."""
        self.capsys.readouterr()
        try:
            status = main(["recordings", *arguments])
        except SystemExit as ended:  # argparse refuses arguments by ending the program
            status = ended.code if isinstance(ended.code, int) else 1
        out, err = self.capsys.readouterr()
        return status, out, err

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """What `list --json` gives."""
        status, out, err = self.run("list", "--json", *arguments)
        assert (status, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    def lock(self) -> None:
        """Let the bucket have object lock."""
        with self.house.unharmed():
            self.house.s3.delete_bucket(Bucket=self.house.name)
            self.house.s3.create_bucket(Bucket=self.house.name, ObjectLockEnabledForBucket=True)

    def end_call(self) -> None:
        """Let the call of the house's recording be over, long ago."""
        table, key = self.house.dynamodb, {"call_session_id": {"S": SESSION}, "item": {"S": f"LEG#{LEG}"}}
        with self.house.unharmed():
            leg = table.get_item(TableName=self.house.name, Key=key)["Item"]
            ended = {"ended_at": {"S": ENDED_AT}, "direction": {"S": "incoming"}}
            table.put_item(TableName=self.house.name, Item={**leg, **ended})

    def archive(self, *, transcript: bool = False) -> Recording:
        """Let the archive take the house's recording in."""
        assert self.house.deliver(self.house.job()) == []
        if transcript:
            assert self.house.deliver(self.house.transcript_job()) == []
        return self.house.entry()

    def keep(self, recording: Recording, content: bytes = b"RIFF") -> Recording:
        """Put a verified recording into ledger and bucket, as the archive leaves it."""
        key = object_key(recording, "wav")
        kept = recording._replace(status=VERIFIED, audio=AudioCopy(key, len(content), sha256(content), 2_000))
        with self.house.unharmed():
            self.house.save(kept)
            for each, body in {key: content, object_key(kept, "json"): metadata(kept)}.items():
                self.house.s3.put_object(Bucket=self.house.name, Key=each, Body=body)
        return kept

    def cut_off(self, *arguments: str) -> int:
        """Run a command that may die on the way; gives its status, 137 for a death."""
        try:
            return self.run(*arguments)[0]
        except Died:
            return 137
        finally:
            self.house.faults.plan, self.house.wire.dead = {}, False

    def hidden(self) -> int:
        """How many messages of the dead-letter queue were received and not removed: they come back."""
        with self.house.unharmed():
            name: QueueAttributeNameType = "ApproximateNumberOfMessagesNotVisible"
            attributes = self.house.sqs.get_queue_attributes(QueueUrl=self.dead_letters_url, AttributeNames=[name])
        return int(attributes["Attributes"][name])

    def give_up(self, body: ArchiveJob | str) -> None:
        """Leave a message in the dead-letter queue."""
        text = body if isinstance(body, str) else body.to_json()
        with self.house.unharmed():
            self.house.sqs.send_message(QueueUrl=self.dead_letters_url, MessageBody=text)

    def queued(self) -> list[dict[str, Any]]:
        """The jobs on the archive's queue; they stay there."""
        return [json.loads(body) for body in self._bodies(self.house.queue_url)]

    def given_up(self) -> list[str]:
        """The messages of the dead-letter queue that are to be seen; they stay there."""
        return self._bodies(self.dead_letters_url)

    def _bodies(self, url: str) -> list[str]:
        with self.house.unharmed():
            received = self.house.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [each["Body"] for each in received.get("Messages", [])]


@functools.cache
def cloudformation() -> CloudFormationClient:
    """Give the client, made once."""
    return boto3.client("cloudformation", config=ONE_ATTEMPT)


@contextlib.contextmanager
def operator(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Give an operator of a stack with one recording that is saved; to be used where moto is active."""
    with ArchiveHouse.open() as house:
        dead_letters = house.sqs.create_queue(QueueName="dead")["QueueUrl"]
        clients = {"dynamodb": house.dynamodb, "s3": house.s3, "sqs": house.sqs, "cloudformation": cloudformation()}
        # Clients are made once for all tests, and a fault that a test orders reaches the command's own code.
        monkeypatch.setattr(aws, "client", lambda service, *_: clients[service])
        monkeypatch.setattr(queue_messages, "WAIT_SECONDS", 0)  # moto has one server, and really waits
        for name, value in {
            "CALLS_TABLE": house.name,
            "RECORDINGS_BUCKET": house.name,
            "ARCHIVE_QUEUE_URL": house.queue_url,
            "ARCHIVE_DEAD_LETTER_QUEUE_URL": dead_letters,
            "PARKED_EVENTS_BUCKET": house.name,
            "TELNYX_API_KEY": "KEY_test",
            "TELNYX_BASE_URL": f"{house.telnyx.url}/v2",
        }.items():
            monkeypatch.setenv(name, value)
        yield Operator(house, dead_letters, capsys)


def called(number: int, **changes: Any) -> Recording:  # noqa: ANN401 -- any field of an entry
    """An entry of the ledger for another recording of the leg, with the numbers of its call."""
    numbers = {"from_number": CALLER, "to_number": CALLED, "direction": "incoming"}
    return entry(number=number)._replace(**{**numbers, **changes})
