"""What setting up a line meets: a stack and its secret by moto, a Telnyx account behind HTTP, and a terminal."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from infra.carrier import Application, Carrier, Request, Response
from infra.carrier.errors import cannot
from infra.carrier.server import CarrierServer
from infra.cli.main import main
from infra.operations.aws import client
from tests.carrier.desk import wav_of

FRONT_DESK, NIGHT, OTHER = "+13125550100", "+13125550101", "+13125550199"

FLOW = "flow: front-desk\nlanguage: en-US\nsteps:\n  hello:\n    play: {media: hours}\n    next: bye\n  bye: hangup\n"

STACK = "dialtone-dev"
REGION = "us-east-1"
WEBHOOK_URL = "https://abc.execute-api.us-east-1.amazonaws.com/webhooks/telnyx"
FAILOVER_URL = "https://def.lambda-url.us-east-1.on.aws/"
FUNCTION = "dialtone-dev-WebhookFunction-1"
SECRET = "dialtone/telnyx-api-key"
READING = frozenset({"GET", "HEAD"})

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "TelnyxApiKeySecretName": {"Type": "String", "Default": SECRET},
        "TelnyxPublicKey": {"Type": "String", "Default": ""},
    },
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Notices": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        "WebhookUrl": {"Value": WEBHOOK_URL},
        "FailoverUrl": {"Value": FAILOVER_URL},
        "AlarmTopicArn": {"Value": {"Ref": "Topic"}},
        "NoticeTopicArn": {"Value": {"Ref": "Notices"}},
        "WebhookFunctionName": {"Value": f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}:live"},
    },
}


class Terminal(io.StringIO):
    """A person at a keyboard, who types these lines."""

    def isatty(self) -> bool:
        return True


@dataclass(slots=True)
class Death:
    """Lets a run die at one of its changes at Telnyx or in Parameter Store: nothing after it takes effect."""

    at: int = sys.maxsize
    """The first change is 1; with `obeyed`, that one still takes effect, and its answer is lost."""
    obeyed: bool = False
    changes: int = 0

    def dies(self) -> tuple[bool, bool]:
        """Count a change; gives whether it takes effect, and whether it is answered."""
        self.changes += 1
        return self.changes < self.at or (self.obeyed and self.changes == self.at), self.changes < self.at


@dataclass(slots=True)
class LineSetup:
    """An account, a stack, and the `dialtone` command."""

    carrier: Carrier
    flows: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    death: Death = field(default_factory=Death)
    counting: bool = False

    def deploy(self, **template: Any) -> None:  # noqa: ANN401 -- parts of a template
        """Make the stack."""
        body = json.dumps({**TEMPLATE, **template})
        key: Any = {"ParameterKey": "TelnyxPublicKey", "ParameterValue": self.carrier.public_key}
        boto3.client("cloudformation").create_stack(StackName=STACK, TemplateBody=body, Parameters=[key])

    def store_key(self, key: str) -> None:
        """Put the account's key where the functions read it."""
        client("secretsmanager").create_secret(Name=SECRET, SecretString=key)

    def run(self, *arguments: str, typed: str | None = None, piped: str | None = None) -> tuple[int, str, str]:
        """Run `dialtone`, with a person who types or what is piped in; gives status, output and errors."""
        keyboard = Terminal(typed) if typed is not None else io.StringIO(piped or "")
        self.monkeypatch.setattr(sys, "stdin", keyboard)
        self.capsys.readouterr()
        status = main(list(arguments))
        written = self.capsys.readouterr()
        return status, written.out, written.err

    def connect(self, *arguments: str, typed: str | None = None) -> tuple[int, str, str]:
        """Connect without questions, unless a person types."""
        unasked = () if typed is not None else ("--yes",)
        return self.run("connect", "--flows", str(self.flows), *unasked, *arguments, typed=typed)

    def remembered(self) -> dict[str, Any]:
        """What Parameter Store holds."""
        pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/dialtone", Recursive=True)
        return {each["Name"]: json.loads(each["Value"]) for page in pages for each in page["Parameters"]}

    def state(self) -> dict[str, Any]:
        """What matters of the account, without ids and times."""
        exchange = self.carrier.exchange
        names = {each.connection_id: each.application_name for each in exchange.applications.values()}
        profiles = {each.id: each.name for each in exchange.profiles.values()}
        return {
            "applications": [
                (
                    each.application_name,
                    each.webhook_event_url,
                    each.webhook_event_failover_url,
                    each.webhook_api_version,
                    each.webhook_timeout_secs,
                    each.call_cost_in_webhooks,
                    each.settings.get("redact_dtmf_debug_logging"),
                    each.settings.get("inbound", {}).get("shaken_stir_enabled"),
                    profiles.get(each.outbound_voice_profile_id or ""),
                )
                for each in exchange.applications.values()
            ],
            "profiles": [
                (each.name, each.settings.get("daily_spend_limit"), each.settings.get("whitelisted_destinations"))
                for each in exchange.profiles.values()
            ],
            "numbers": {each.number: names.get(each.connection_id or "") for each in exchange.numbers.values()},
            "audio": sorted(exchange.media.stored),
        }

    def let_changes_die(self) -> None:
        """Count changes from now on, at Telnyx and in Parameter Store."""
        handle, self.counting = self.carrier.handle, True
        self.monkeypatch.setattr(self.carrier, "handle", lambda request: self._at_telnyx(handle, request))
        client_events().register("before-send.ssm", self._at_parameter_store)

    def close(self) -> None:
        """Let boto3's session, which outlives the test, count no more."""
        if self.counting:
            client_events().unregister("before-send.ssm", self._at_parameter_store)

    def _at_telnyx(self, handle: Callable[[Request], Response], request: Request) -> Response:
        if request.method in READING:
            return handle(request)
        effective, answered = self.death.dies()
        response = handle(request) if effective else cannot("dead").response()
        return response if answered else cannot("dead").response()

    def _at_parameter_store(self, request: Any, **_: object) -> None:  # noqa: ANN401 -- botocore's
        """Botocore has no hook between effect and answer: a change here is lost whole."""
        target = request.headers["X-Amz-Target"]
        if b"Get" not in target and not self.death.dies()[1]:
            raise BotoCoreError


@contextmanager
def line_setup(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[LineSetup]:
    """A stack that was just deployed, two numbers that ring nothing yet, and one that is another line's."""
    (folder / "audio").mkdir()
    (folder / "audio" / "hours.wav").write_bytes(wav_of(1))
    (folder / "front-desk.yaml").write_text(FLOW, encoding="utf-8")
    numbers = f'"{FRONT_DESK}": front-desk\n"{NIGHT}": front-desk\n"+1312*": front-desk\n"sip:desk": front-desk\n'
    (folder / "numbers.yaml").write_text(numbers, encoding="utf-8")
    carrier = Carrier(lambda _request, _seconds: 200, delivery_threads=1)
    with CarrierServer(carrier) as server:
        monkeypatch.setenv("TELNYX_BASE_URL", server.url)
        carrier.add_numbers([FRONT_DESK, NIGHT])
        sales = Application(
            "7", "https://sales.example/hooks", application_name="sales", outbound_voice_profile_id=None
        )
        carrier.add_application(sales, [OTHER])
        made = LineSetup(carrier, folder, monkeypatch, capsys)
        made.deploy()
        made.store_key(carrier.api_key)
        yield made
        made.close()


def client_events() -> Any:  # noqa: ANN401 -- botocore's
    """What every client that is made from now on tells of its requests."""
    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    return boto3.DEFAULT_SESSION.events  # type: ignore[union-attr]  # just made
