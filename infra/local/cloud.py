"""LocalCloud: the stack of template.yaml, running on this machine.

    with LocalCloud(StackSettings(telnyx_public_key=key, telnyx_base_url="http://127.0.0.1:8080/v2")) as cloud:
        httpx.post(cloud.webhook_url, …)
        cloud.client("dynamodb").query(TableName=cloud.calls_table, …)

The template is translated and deployed by CloudFormation as on AWS; its functions run as processes of their own with
the code in functions/. When the block is left, however it is left, all of it is gone.
"""

import json
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError

from archive.settings import LOCAL_AUDIO
from infra.checkout import ROOT
from infra.local import translate
from infra.local.clients import Clients
from infra.local.emulator import API_PATH, REGION, Emulator
from infra.local.errors import EmulatorError, LocalCloudError, StackFailedError
from infra.local.package import zip_functions
from infra.local.stack_name import STACK_NAME
from infra.local.steps_taken import LOCAL_FOLDER
from infra.local.translate import CodeObject, Template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

TEMPLATE = ROOT / "template.yaml"
FUNCTIONS = ROOT / "functions"
# Where `sam deploy` would put what it uploads.
ARTIFACTS = CodeObject(bucket="dialtone-artifacts", key="functions.zip")
NOTHING: Mapping[str, Mapping[str, object]] = MappingProxyType({})
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

# Our stack takes about 2 s here; on a busy machine several times that.
DEPLOY_TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.1
# By then it is known that the emulator has ended whose last connection was cut.
DEATH_SECONDS = 0.5

# What Lambda itself writes around each invocation.
PLATFORM_LINE = re.compile(r"(START|END|REPORT) RequestId: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings:
    """What a local stack is made from.

    `telnyx_base_url` includes /v2. `port` 0 takes a free one. At most `webhook_workers` webhooks run at once, the
    others wait. `properties` changes resources' properties, by logical name, before they are deployed. `environment` is
    given to every function beside what the template gives it; `parameters` are the template's.
    """

    telnyx_public_key: str
    telnyx_base_url: str
    telnyx_api_key: str = "KEY_local"
    template: Path = TEMPLATE
    functions: Path = FUNCTIONS
    port: int = 0
    webhook_workers: int = 4
    properties: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: NOTHING)
    environment: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)
    parameters: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)


class LocalCloud:
    """The stack, from entering the block to leaving it.

    `client(service)` gives a typed boto3 client for its dynamodb, s3, sqs, logs, lambda, secretsmanager and
    cloudformation. As on AWS, a function may do only what its role in the template allows.
    Raises PortInUseError, EmulatorError, TemplateError, StackFailedError: each says what to do.
    """

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self._emulator = Emulator(port=settings.port, webhook_workers=settings.webhook_workers)
        self._clients = Clients(self._emulator)
        self._open = ExitStack()
        self.client = self._clients.client
        self.outputs: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        """Start the emulator and deploy the stack: about 4 s."""
        with ExitStack() as opening:
            opening.enter_context(self._emulator)
            opening.callback(self._clients.close)
            template = self._local_template()  # while the emulator starts
            self._emulator.wait_until_ready()
            self._put_secret(template)
            self._upload_code()
            self.outputs = self._deploy(template)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it all. Raises EmulatorError for an error that comes of the emulator's own end."""
        try:
            if isinstance(error, Exception):
                self._emulator.check(DEATH_SECONDS)
        finally:
            self._open.close()

    def check(self) -> None:
        """Raises EmulatorError if the emulator has ended."""
        self._emulator.check()

    @property
    def endpoint_url(self) -> str:
        """Where the AWS APIs are, for other clients' AWS_ENDPOINT_URL."""
        return self._emulator.endpoint_url

    @property
    def folder(self) -> Path:
        """A folder that is there as long as the stack, for its functions and the program that started it."""
        return self._emulator.folder

    @property
    def webhook_url(self) -> str:
        """Where Telnyx delivers its webhooks."""
        return self.api_url(self.outputs["WebhookUrl"])

    @property
    def control_url(self) -> str:
        """Where people and programs read calls and recordings."""
        return self.api_url(self.outputs["ControlUrl"])

    @property
    def calls_table(self) -> str:
        """Name of the table of calls."""
        return self.outputs["CallsTableName"]

    @property
    def recordings_bucket(self) -> str:
        """Name of the bucket of recordings."""
        return self.outputs["RecordingsBucketName"]

    @property
    def archive_queue_url(self) -> str:
        """Queue of recordings to be kept."""
        return self.outputs["ArchiveQueueUrl"]

    @property
    def archive_dead_letter_queue_url(self) -> str:
        """Queue of recordings that could not be kept."""
        return self.outputs["ArchiveDeadLetterQueueUrl"]

    def api_url(self, url_on_aws: str) -> str:
        """The address on this machine of an HTTP API's address on AWS, whose host name begins with the API's id."""
        url = urlsplit(url_on_aws)
        api_id = url.netloc.partition(".")[0]
        return f"{self.endpoint_url}{API_PATH}{api_id}/$default{url.path}"

    def logs(self, function: str) -> list[str]:
        """What a function, by its name in the template, wrote so far, line by line, without Lambda's own lines."""
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self._log_group(function))
        messages = [event["message"] for page in pages for event in page["events"]]
        return [message for message in messages if not PLATFORM_LINE.match(message)]

    def function_name(self, function: str) -> str:
        """What a function is called, by its name in the template."""
        return self.physical_id(function)

    def physical_id(self, resource_name: str) -> str:
        """What a resource is called, by its name in the template; a queue by its URL."""
        resource = self.client("cloudformation").describe_stack_resource(
            StackName=STACK_NAME, LogicalResourceId=resource_name
        )
        name: str = resource["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def _log_group(self, function: str) -> str:
        name = self.function_name(function)
        configuration = self.client("lambda").get_function_configuration(FunctionName=name)
        return configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"

    def _local_template(self) -> Template:
        sam = translate.read(self._settings.template)
        cloudformation = translate.to_cloudformation(sam, ARTIFACTS, self._parameters(sam), REGION)
        local = translate.for_emulator(cloudformation)
        environment = {
            "TELNYX_BASE_URL": self._settings.telnyx_base_url,
            LOCAL_AUDIO: "true",  # the simulated carrier's recordings lie on this machine
            LOCAL_FOLDER: str(self.folder),
            **self._settings.environment,
        }
        local = translate.with_environment(local, environment)
        return translate.with_properties(local, self._settings.properties)

    def _parameters(self, template: Template) -> dict[str, str]:
        values = {"TelnyxPublicKey": self._settings.telnyx_public_key, **self._settings.parameters}
        return {name: value for name, value in values.items() if name in template.get("Parameters", {})}

    def _put_secret(self, template: Template) -> None:
        """The API key's secret, which on AWS stands before the stack."""
        if parameter := template.get("Parameters", {}).get("TelnyxApiKeySecretName"):
            self.client("secretsmanager").create_secret(
                Name=parameter["Default"], SecretString=self._settings.telnyx_api_key
            )

    def _upload_code(self) -> None:
        self.client("s3").create_bucket(Bucket=ARTIFACTS.bucket)
        self._upload(ARTIFACTS.key, zip_functions(self._settings.functions))

    def _upload(self, key: str, body: bytes) -> str:
        self.client("s3").put_object(Bucket=ARTIFACTS.bucket, Key=key, Body=body)
        return f"{self.endpoint_url}/{ARTIFACTS.bucket}/{key}"

    def _deploy(self, template: Template) -> dict[str, str]:
        self._upload_nested(template)
        self._create_stack(template)
        stack = self._settled_stack()
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise StackFailedError(self._why_it_failed())
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _create_stack(self, template: Template) -> None:
        parameters = self._parameters(template)
        cloudformation = self.client("cloudformation")
        try:
            cloudformation.create_stack(
                StackName=STACK_NAME,
                TemplateURL=self._upload("template.json", json.dumps(template).encode()),
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
                Capabilities=["CAPABILITY_IAM"],
            )
        except cloudformation.exceptions.ClientError as error:
            raise StackFailedError(
                f"{self._settings.template}: CloudFormation refused it: {error.response['Error'].get('Message')}"
            ) from error

    def _upload_nested(self, template: Template) -> None:
        """Nested stacks' templates go to S3, as `sam package` sends them."""
        for name, stack in translate.of_type(template, "AWS::CloudFormation::Stack").items():
            nested = translate.read(self._settings.template.parent / stack["Properties"]["TemplateURL"])
            body = json.dumps(translate.for_emulator(nested)).encode()
            stack["Properties"]["TemplateURL"] = self._upload(f"{name}.json", body)

    def _settled_stack(self) -> "StackTypeDef":
        deadline = time.monotonic() + DEPLOY_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            stack = self._stack()
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(POLL_SECONDS)
        raise StackFailedError(
            f"The stack was not deployed within {DEPLOY_TIMEOUT_SECONDS:.0f} s. The end of the emulator's log:\n"
            f"{self._emulator.log_tail()}"
        )

    def _stack(self) -> "StackTypeDef":
        try:
            return self.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        except BotoCoreError as error:
            ending = self._emulator.ending() or "does not answer"
            raise EmulatorError(
                f"The AWS emulator {ending} while deploying. The end of its log:\n{self._emulator.log_tail()}"
            ) from error

    def _why_it_failed(self) -> str:
        """The first failure, which led to all others; a nested stack's reason is that of its own first failure."""
        failure = self._first_failure()
        return (
            f"{failure['LogicalResourceId']} ({failure['ResourceType']}) could not be made: "
            f"{failure.get('ResourceStatusReason', 'no reason given')}"
        )

    def _first_failure(self) -> "StackEventTypeDef":
        pages = self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=STACK_NAME)
        newest_first = [event for page in pages for event in page["StackEvents"]]
        for event in reversed(newest_first):
            if event["ResourceStatus"].endswith("_FAILED"):
                return event
        raise LocalCloudError(f"The stack failed, but none of its resources did: {newest_first[:1]}")
