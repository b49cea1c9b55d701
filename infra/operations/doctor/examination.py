"""Looks at all that a line needs, one thing after another. What does not answer is said, and is no pass."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from dialtone.domain.errors import DialtoneError
from dialtone.flow.document import Document
from dialtone.flow.parser import parse_flow
from infra.flowkit.linting.prompts import pieces_in
from infra.operations import aws
from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.lines import Lines
from infra.operations.connect.plan import Wanted
from infra.operations.connect.record import ConnectionRecord
from infra.operations.connect.telnyx_account import RequestRefused, TelnyxAccount, TelnyxSilent
from infra.operations.doctor import judging
from infra.operations.doctor.result import Result, Status, failed, ok, warning
from infra.operations.stack_outputs import Deployed, deployed, region_of
from infra.packing.tools import PYTHON, find_python, find_sam

Fact = TypeVar("Fact")

FLOW_FILE = re.compile(r"[a-z0-9][a-z0-9-]*\.yaml")

NEEDED_OUTPUTS = ("WebhookUrl", "FailoverUrl", "AlarmTopicArn", "NoticeTopicArn")

MINUTE_SECONDS, HOUR_SECONDS = 60, 3_600
RECENT = timedelta(hours=3)
"""In which the last webhook is looked for by the minute, and before that by the hour."""


class NeedsError(Exception):
    """A check needs what an earlier one did not find."""


@dataclass(slots=True)
class Examination:
    """One look at one line. The facts that a check finds are there for those after it."""

    stack_name: str
    region: str
    flows: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    stack: Deployed | None = None
    account: TelnyxAccount | None = None
    application_id: str | None = None
    account_known: bool = False

    def results(self) -> Iterator[Result]:
        """Every check's results, as they are found."""
        checks: dict[str, Callable[[], Iterator[Result]]] = {
            "Python": self._python,
            "SAM": self._sam,
            "AWS credentials": self._credentials,
            "stack": self._stack,
            "functions at once": self._functions_at_once,
            "API requests": self._api_requests,
            "API key": self._key,
            "public key": self._public_key,
            "application": self._application,
            "numbers": self._numbers,
            "audio": self._audio,
            "alarms": partial(self._subscribed, "alarms", "AlarmTopicArn"),
            "notices": partial(self._subscribed, "notices", "NoticeTopicArn"),
            "last webhook": self._last_webhook,
        }
        for name, check in checks.items():
            yield from _examined(name, check)

    # This machine

    def _python(self) -> Iterator[Result]:
        version = ".".join(map(str, sys.version_info[:3]))
        if find_python():
            yield ok("Python", f"{version}, and {PYTHON} to pack the functions with")
        else:
            remedy = "install it (pyenv install 3.13); only deploying needs it"
            yield warning("Python", f"{version}, but no {PYTHON} to pack the functions with", remedy)

    def _sam(self) -> Iterator[Result]:
        if found := find_sam():
            yield ok("SAM", f"{found}")
        else:
            remedy = "nothing in a checkout, `make deploy` does it; else pipx install aws-sam-cli"
            yield warning("SAM", "is not set up yet", remedy)

    # AWS

    def _credentials(self) -> Iterator[Result]:
        region = region_of(self.stack_name, self.region)
        with aws.explained():
            answer = aws.client("sts", region, aws.BRISK).get_caller_identity()
        self.account_known = True
        yield ok("AWS credentials", f"{answer['Arn']}, account {answer['Account']}")
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        if date:
            yield judging.clock(self.now(), parsedate_to_datetime(date))

    def _functions_at_once(self) -> Iterator[Result]:
        self._need(self.account_known, "AWS credentials")
        region = region_of(self.stack_name, self.region)
        with aws.explained():
            limits = aws.client("lambda", region, aws.BRISK).get_account_settings()["AccountLimit"]
        unreserved = limits["UnreservedConcurrentExecutions"]
        parameters = self.stack.parameters if self.stack else {}
        background = int(parameters.get("BackgroundConcurrency", judging.BACKGROUND_AT_ONCE))
        yield judging.functions_at_once(limits["ConcurrentExecutions"], unreserved, background)

    def _api_requests(self) -> Iterator[Result]:
        self._need(self.account_known, "AWS credentials")
        region = region_of(self.stack_name, self.region)
        with aws.explained():
            throttle = aws.client("apigateway", region, aws.BRISK).get_account()["throttleSettings"]
        yield judging.api_quota(throttle["rateLimit"], throttle["burstLimit"])

    def _stack(self) -> Iterator[Result]:
        self._need(self.account_known, "AWS credentials")
        stack = deployed(self.stack_name, region_of(self.stack_name, self.region), aws.BRISK)
        stack.check_up()
        missing = [name for name in NEEDED_OUTPUTS if name not in stack.outputs]
        if missing:
            yield failed("stack", f"{stack.name} has no output {', '.join(missing)}", "deploy this version of it")
        else:
            yield ok("stack", f"{stack.name} in {stack.region} is {stack.status}")
        self.stack = stack

    def _key(self) -> Iterator[Result]:
        stack = self._needed(self.stack, "stack")
        name = secret_name(stack)
        account = TelnyxAccount.of_key(stored_key(name, stack.region, aws.BRISK), retries=1)
        account.check_key()
        self.account = account
        yield ok("API key", f"the secret {name} holds one that Telnyx accepts")

    def _subscribed(self, name: str, topic: str) -> Iterator[Result]:
        stack = self._needed(self.stack, "stack")
        with aws.explained():
            sns = aws.client("sns", stack.region, aws.BRISK)
            found = sns.list_subscriptions_by_topic(TopicArn=stack.output(topic))["Subscriptions"]
        yield judging.subscribed(name, found)

    def _last_webhook(self) -> Iterator[Result]:
        stack, now = self._needed(self.stack, "stack"), self.now()
        function = _function_name(stack.output("WebhookFunctionName"))
        times = self._ran(stack, function, now - RECENT, MINUTE_SECONDS)
        times = times or self._ran(stack, function, now - judging.CALLS_QUIET, HOUR_SECONDS)
        yield judging.last_webhook(times, now)

    def _ran(self, stack: Deployed, function: str, since: datetime, period: int) -> list[datetime]:
        """In which minutes or hours a function ran."""
        with aws.explained():
            answer = aws.client("cloudwatch", stack.region, aws.BRISK).get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName="Invocations",
                Dimensions=[{"Name": "FunctionName", "Value": function}],
                StartTime=since,
                EndTime=self.now() + timedelta(minutes=1),
                Period=period,
                Statistics=["Sum"],
            )
        return [each["Timestamp"] for each in answer["Datapoints"] if each["Sum"] > 0]

    # Telnyx

    def _public_key(self) -> Iterator[Result]:
        stack, account = self._needed(self.stack, "stack"), self._needed(self.account, "API key")
        try:
            theirs = account.public_key()
        except RequestRefused as refused:
            raise TelnyxSilent(f"Telnyx does not say it ({refused}): compare it in the portal by hand") from refused
        yield judging.public_key(stack.parameters.get("TelnyxPublicKey", ""), theirs)

    def _application(self) -> Iterator[Result]:
        stack, account = self._needed(self.stack, "stack"), self._needed(self.account, "API key")
        known = ConnectionRecord.of(stack.name, stack.region, aws.BRISK).read().application_id
        if not known:
            yield failed("application", f"{stack.name} is not connected to Telnyx", judging.CONNECT)
            return
        found = next((each for each in account.applications() if each.id == known), None)
        if found is None:
            yield failed(
                "application", f"{known} is not in the account: deleted, or the key's is another", judging.CONNECT
            )
            return
        self.application_id = known
        wanted = Wanted(found.name, stack.url("WebhookUrl"), stack.url("FailoverUrl"), 0, Lines({}, {}), {})
        yield from judging.application(wanted, found, account.profiles())

    def _numbers(self) -> Iterator[Result]:
        account = self._needed(self.account, "API key")
        application_id = self._needed(self.application_id, "application")
        yield from judging.numbers(
            Lines.beside(self.flows), {each.number: each for each in account.numbers()}, application_id
        )

    def _audio(self) -> Iterator[Result]:
        account = self._needed(self.account, "API key")
        stored = {each.name: each for each in account.stored_audio()}
        yield from judging.audio(audio_named_in(self.flows), stored, self.now())

    @staticmethod
    def _need(there: object, check: str) -> None:
        if not there:
            raise NeedsError(check)

    @staticmethod
    def _needed(fact: Fact | None, check: str) -> Fact:
        if fact is None:
            raise NeedsError(check)
        return fact


def audio_named_in(flows: Path) -> dict[str, str]:
    """The names of stored audio that flows play → a flow that plays it; not those that a call's variables make."""
    names: dict[str, str] = {}
    for file in sorted(flows.glob("*.yaml")):
        if not FLOW_FILE.fullmatch(file.name):
            continue
        document = Document.read(file.name, file.read_text(encoding="utf-8"))
        flow = parse_flow(document)
        for piece in pieces_in(flow, document) if flow else ():
            if piece.kind in ("media", "file") and "{" not in piece.value:
                name = piece.value.rpartition(".")[0] if piece.kind == "file" else piece.value
                names.setdefault(name, file.stem)
    return names


def _examined(name: str, check: Callable[[], Iterator[Result]]) -> Iterator[Result]:
    """A check's results, or what kept it from having any."""
    try:
        yield from check()
    except NeedsError as needs:
        yield Result(name, Status.SKIPPED, f"needs: {needs}")
    except (aws.AwsSilent, TelnyxSilent) as silent:
        found, _, remedy = str(silent).partition(": ")
        yield Result(name, Status.UNKNOWN, found, remedy)
    except DialtoneError as error:
        found, _, remedy = str(error).partition(": ")
        yield Result(name, Status.FAILED, found, remedy)


def _function_name(output: str) -> str:
    """A function's name, out of the ARN of one of its versions."""
    parts = output.split(":")
    return parts[6] if output.startswith("arn:") else parts[0]
