"""Which table, bucket and queues are meant: those of a stack, by its outputs, or those that the environment names."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from dialtone.adapters.secrets import Secret
from dialtone.adapters.settings import telnyx_api_key
from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.operations import aws
from infra.projects.project import nearest, stack_named

if TYPE_CHECKING:
    from botocore.config import Config


NAMES = {
    "CALLS_TABLE": "CallsTableName",
    "RECORDINGS_BUCKET": "RecordingsBucketName",
    "ARCHIVE_QUEUE_URL": "ArchiveQueueUrl",
    "ARCHIVE_DEAD_LETTER_QUEUE_URL": "ArchiveDeadLetterQueueUrl",
    "EVENTS_DEAD_LETTER_QUEUE_URL": "EventsDeadLetterQueueUrl",
    "PARKED_EVENTS_BUCKET": "ParkedEventsBucketName",
    "CAMPAIGNS_BUCKET": "CampaignsBucketName",
    "WEBHOOK_FUNCTION": "WebhookFunctionName",
    "CONTROL_URL": "ControlUrl",
}
"""Environment variable → output of template.yaml."""

API_KEY_SECRET = "TelnyxApiKeySecretName"  # noqa: S105 -- the parameter's name
"""The parameter that names the secret with Telnyx's API key."""

_UNKNOWN_STACK = "ValidationError"
"""CloudFormation's answer about a stack that there is none of."""

USABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
"""A stack in any other state has not been made, or is being changed."""

LOCAL_PATHS = {"execute-api": "/_aws/execute-api/{id}/$default{path}", "lambda-url": "/_aws/lambda-url/{id}{path}"}
"""Where the emulator serves what AWS serves under a host name of its own."""


class StackMissing(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the stack is missing
    """There is no such stack."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as CloudFormation has it."""

    name: str
    region: str
    status: str = "CREATE_COMPLETE"
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def output(self, name: str) -> str:
        """An output's value. Raises DialtoneError if an older template has none of that name."""
        if name not in self.outputs:
            raise DialtoneError(f"the stack {self.name} has no output {name}: deploy this version of it")
        return self.outputs[name]

    def url(self, name: str) -> str:
        """An output that is a URL, mapped to the local emulator if needed; '' for none."""
        return reached_at(self.outputs.get(name, ""), os.environ.get("AWS_ENDPOINT_URL", ""))

    def check_up(self) -> None:
        """Raises DialtoneError for a stack that is being changed, or could not be made."""
        if self.status.endswith("_IN_PROGRESS"):
            remedy = "wait until it is done, and run this again"
            raise DialtoneError(f"the stack {self.name} is being changed ({self.status}): {remedy}")
        if self.status not in USABLE:
            remedy = "see its events in CloudFormation's console, and deploy it again"
            raise DialtoneError(f"the stack {self.name} could not be made ({self.status}): {remedy}")


@dataclass(frozen=True, slots=True)
class Stack:
    """What a deployed stack is made of, by name."""

    name: str
    """'' if the environment named its parts."""
    parts: Mapping[str, str]
    """Environment variable → value."""

    @property
    def calls_table(self) -> str:
        """Name of the table of calls. Raises DialtoneError if it is not known, as do the others."""
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
    def events_dead_letter_queue_url(self) -> str:
        """Queue of items whose events could not be sent."""
        return self._part("EVENTS_DEAD_LETTER_QUEUE_URL")

    @property
    def parked_events_bucket(self) -> str:
        """Name of the bucket of events that failed by a fault of ours."""
        return self._part("PARKED_EVENTS_BUCKET")

    @property
    def campaigns_bucket(self) -> str:
        """Name of the bucket of campaigns' lists."""
        return self._part("CAMPAIGNS_BUCKET")

    @property
    def webhook_function(self) -> str:
        """The webhook function, in the version that takes webhooks."""
        return self._part("WEBHOOK_FUNCTION")

    @property
    def control_url(self) -> str:
        """The control API's URL."""
        return reached_at(self._part("CONTROL_URL"), os.environ.get("AWS_ENDPOINT_URL", ""))

    def telnyx_api_key(self) -> Secret[str]:
        """Telnyx's API key: from the environment, else from the stack's secret."""
        return telnyx_api_key(self.parts)

    def _part(self, variable: str) -> str:
        if value := self.parts.get(variable, "").strip():
            return value
        if self.name:
            raise DialtoneError(f"the stack {self.name} has no output {NAMES[variable]}: deploy this version of it")
        raise DialtoneError(
            f"which stack? Pass --stack NAME, or export {variable} and what else `dialtone up` prints at its start"
        )


def find_stack(name: str, environ: Mapping[str, str]) -> Stack:
    """The stack of that name, by CloudFormation.

    Without a name it is the one that the environment names part by part, else that of the project's first environment.
    TELNYX_API_KEY of the environment is used in either case. Raises DialtoneError for a stack that is not there.
    """
    name = name or ("" if any(part in environ for part in NAMES) else next(iter(nearest().environments()), ""))
    if not name:
        return Stack("", environ)
    name = stack_named(name)
    if region := region_of(name):
        aws.use_region(region)
    found = deployed(name, region)
    parts = {variable: found.outputs.get(output, "") for variable, output in NAMES.items()}
    own_key = {name: environ[name] for name in ("TELNYX_API_KEY",) if name in environ}
    return Stack(name, parts | {"TELNYX_API_KEY_SECRET": found.parameters.get(API_KEY_SECRET, "")} | own_key)


def deployed(name: str, region: str = "", config: Config = aws.PATIENT) -> Deployed:
    """A stack in a region, or in the environment's. Raises StackMissing, and AwsFault for what AWS answers instead."""
    with aws.explained():
        formation = aws.client("cloudformation", region, config)
        try:
            (found,) = formation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if aws.code_of(error) != _UNKNOWN_STACK:
                raise
            raise StackMissing(
                f"there is no stack {name} in this account and region ({formation.meta.region_name}):"
                " deploy it with `dialtone deploy`, or see which there are with `aws cloudformation list-stacks`"
            ) from None
    return Deployed(
        name,
        formation.meta.region_name,
        found["StackStatus"],
        {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
    )


def region_of(name: str, region: str = "") -> str:
    """The region of a stack: as given, else as its project or samconfig.toml has it, else '' for the environment's."""
    in_project = (each.region for each in nearest().environments().values() if each.stack == name)
    return region or next(in_project, "") or region_in(samconfig(), name)


def samconfig() -> str:
    """What samconfig.toml says; '' without one."""
    file = ROOT / "samconfig.toml"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def region_in(config: str, stack: str) -> str:
    """The region that a samconfig.toml deploys a stack to; '' if it does not know the stack."""
    for environment in tomllib.loads(config).values():
        settings = environment.get("global", {}).get("parameters", {}) if isinstance(environment, dict) else {}
        if settings.get("stack_name") == stack:
            return str(settings.get("region", ""))
    return ""


def reached_at(url: str, endpoint_url: str) -> str:
    """The URL on the emulator at `endpoint_url` for an AWS `url`; unchanged without an emulator."""
    parts = urlsplit(url)
    identifier, _, rest = parts.netloc.partition(".")
    path = LOCAL_PATHS.get(rest.partition(".")[0])
    if not endpoint_url or path is None:
        return url
    return endpoint_url.rstrip("/") + path.format(id=identifier, path=parts.path)
