"""Which table, bucket and queues are meant: those of a stack, by its outputs, or those that the environment names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from dialtone.adapters.settings import telnyx_api_key
from dialtone.domain.errors import DialtoneError
from infra import aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.secrets import Secret

NAMES = {
    "CALLS_TABLE": "CallsTableName",
    "RECORDINGS_BUCKET": "RecordingsBucketName",
    "ARCHIVE_QUEUE_URL": "ArchiveQueueUrl",
    "ARCHIVE_DEAD_LETTER_QUEUE_URL": "ArchiveDeadLetterQueueUrl",
    "PARKED_EVENTS_BUCKET": "ParkedEventsBucketName",
    "WEBHOOK_FUNCTION": "WebhookFunctionName",
}
"""Environment variable → output of template.yaml."""

API_KEY_SECRET = "TelnyxApiKeySecretName"  # noqa: S105 -- the parameter's name
"""The parameter that names the secret with Telnyx's API key."""

_UNKNOWN_STACK = "ValidationError"
"""CloudFormation's answer about a stack that there is none of."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What a deployed stack is made of, by name."""

    name: str
    """'' where the environment named its parts."""
    parts: Mapping[str, str]
    """Environment variable → value."""

    @property
    def calls_table(self) -> str:
        """Name of the table of calls. Raises DialtoneError where it is not known, as do the others."""
        return self._part("CALLS_TABLE")

    @property
    def recordings_bucket(self) -> str:
        """Name of the bucket of recordings."""
        return self._part("RECORDINGS_BUCKET")

    @property
    def archive_queue_url(self) -> str:
        """Queue of recordings to be kept."""
        return self._part("ARCHIVE_QUEUE_URL")

    @property
    def archive_dead_letter_queue_url(self) -> str:
        """Queue of recordings that could not be kept."""
        return self._part("ARCHIVE_DEAD_LETTER_QUEUE_URL")

    @property
    def parked_events_bucket(self) -> str:
        """Name of the bucket of events that failed by a fault of ours."""
        return self._part("PARKED_EVENTS_BUCKET")

    @property
    def webhook_function(self) -> str:
        """The webhook function, in the version that takes webhooks."""
        return self._part("WEBHOOK_FUNCTION")

    def telnyx_api_key(self) -> Secret[str]:
        """What gives Telnyx's API key: the environment's own, else the secret of the stack."""
        return telnyx_api_key(self.parts)

    def _part(self, variable: str) -> str:
        if value := self.parts.get(variable, "").strip():
            return value
        if self.name:
            raise DialtoneError(f"the stack {self.name} has no output {NAMES[variable]}: deploy this version of it")
        raise DialtoneError(
            f"which stack? Say --stack NAME, or export {variable} and what else `dialtone up` prints at its start"
        )


def find_stack(name: str, environ: Mapping[str, str]) -> Stack:
    """The stack of that name, by CloudFormation; without a name the one that the environment names part by part.

    TELNYX_API_KEY of the environment is used in either case. Raises DialtoneError for a stack that is not there.
    """
    if not name:
        return Stack("", environ)
    with aws.explained():
        try:
            (found,) = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != _UNKNOWN_STACK:
                raise
            raise DialtoneError(
                f"there is no stack {name} in this account and region: `aws cloudformation list-stacks` lists them"
            ) from None
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
    parts = {variable: outputs.get(output, "") for variable, output in NAMES.items()}
    own_key = {name: environ[name] for name in ("TELNYX_API_KEY",) if name in environ}
    return Stack(name, parts | {"TELNYX_API_KEY_SECRET": parameters.get(API_KEY_SECRET, "")} | own_key)
