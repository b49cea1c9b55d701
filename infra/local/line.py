"""A phone line on this machine: the stack of template.yaml and the simulated carrier, connected to each other."""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import read_numbers
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.decisions import EnteredStep
from infra.carrier.account import CONNECTION_ID, upload_audio
from infra.carrier.applications import Application
from infra.carrier.carrier import Carrier
from infra.carrier.server import CarrierServer, http_fetch, http_post
from infra.checkout import SAMPLES
from infra.local.cloud import LocalCloud, StackSettings
from infra.local.errors import PortInUseError
from infra.local.steps_taken import FOLDER_NAME, steps_taken

WATCHING_WEBHOOK = "infra.local.watching_webhook.handler"
"""What takes the place of `webhook.app.handler` while somebody works on flows."""

SWEEP_SECONDS = 300.0
"""Between two sweeps over what is outstanding, as in template.yaml; of the carrier's time, which the emulator's own
schedule knows nothing of."""

ON_OUR_TIME = {"ReconcileFunctionEveryFiveMinutes": {"State": "DISABLED"}}

DELIVERY_THREADS = 8

WEBHOOK_TIMEOUT_SECONDS = 30.0
"""What `webhook_timeout_secs` allows at most. Emulated functions start several times slower than Lambda's."""


class PhoneLine:
    """Numbers that ring, a carrier that answers commands, and the functions that give them; until the block is left."""

    def __init__(  # noqa: PLR0913 -- each has its default
        self,
        *,
        carrier_port: int = 0,
        cloud_port: int = 0,
        pace: float | None = None,
        properties: Mapping[str, Mapping[str, object]] | None = None,
        watched_flows: Path | None = None,
        start: datetime | None = None,
    ) -> None:
        """`pace` is virtual seconds per second of the wall clock, None for as fast as possible.

        It plays the samples. `watched_flows` takes their place, and is read again whenever it has changed: its
        numbers are for the caller to `connect`, again and again. `start` is the carrier's time at the beginning, None
        for now: opening hours go by it. Raises PortInUseError.
        """
        self.flows = watched_flows or SAMPLES
        self._watched = watched_flows is not None
        changed = {"WebhookFunction": {"Handler": WATCHING_WEBHOOK}} if watched_flows else {}
        self.carrier = Carrier(
            http_post,
            fetch=http_fetch,
            delivery_threads=DELIVERY_THREADS,
            pace=pace,
            start=start,
        )
        try:
            self.server = CarrierServer(self.carrier, carrier_port)
        except OSError as error:
            raise PortInUseError(carrier_port, error.strerror or str(error)) from error
        self.cloud = LocalCloud(
            StackSettings(
                telnyx_public_key=self.carrier.public_key,
                telnyx_base_url=self.server.url,
                telnyx_api_key=self.carrier.api_key,
                port=cloud_port,
                properties={**ON_OUR_TIME, **changed, **(properties or {})},
                environment={"FLOWS_FOLDER": str(self.flows.resolve())},
                parameters={"TelnyxConnectionId": CONNECTION_ID, "ControlDestinations": "+"},
            )
        )
        self._open = ExitStack()

    def __enter__(self) -> Self:
        # The carrier checks commands against the SDK's descriptions, and its first caller should not wait for them.
        sdk.load()
        with ExitStack() as opening:
            opening.enter_context(self.server)
            opening.enter_context(self.cloud)
            if not self._watched:
                self.connect(read_numbers(self.flows))
            self.store = CallsTable(self.cloud.client("dynamodb"), self.cloud.calls_table)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, traceback)

    def sweep(self, *, wait: bool = True) -> Mapping[str, int]:
        """Let the function run that looks for recordings that never came, as of the carrier's time.

        Gives how often what was done; nothing if it is not waited for.
        """
        now = self.carrier.clock.datetime(self.carrier.clock.now)
        answered = self.cloud.client("lambda").invoke(
            FunctionName=self.cloud.function_name("ReconcileFunction"),
            InvocationType="RequestResponse" if wait else "Event",
            Payload=json.dumps({"time": now.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode(),
        )
        counts: Mapping[str, int] = json.loads(answered["Payload"].read() or b"{}")
        return counts

    def check(self) -> None:
        """Raises EmulatorError if the emulator has ended."""
        self.cloud.check()

    def last_fault(self) -> str:
        """What the webhook function wrote about the event that it could not handle last."""
        for text in reversed(self.cloud.logs("WebhookFunction")):
            if '"level":"ERROR"' in text:
                return " ".join(str(json.loads(text).get("detail", "")).split())
        return ""

    def stored_object(self, key: str) -> bytes:
        """A recording or transcript in the bucket."""
        return self.cloud.client("s3").get_object(Bucket=self.cloud.recordings_bucket, Key=key)["Body"].read()

    def steps_taken(self, session: str, after: int) -> list[EnteredStep]:
        """The steps that a call has taken, without the first so many; none where flows are not watched."""
        return steps_taken(self.cloud.folder / FOLDER_NAME, session, after)

    def connect(self, numbers: Iterable[str]) -> None:
        """Give numbers to the application, and the flows' audio to the carrier, as in Telnyx's portal."""
        application = Application(
            CONNECTION_ID,
            self.cloud.webhook_url,
            webhook_timeout_secs=WEBHOOK_TIMEOUT_SECONDS,
            call_cost_in_webhooks=True,
        )
        self.carrier.add_application(application, numbers)
        # As in the portal: a messaging profile that reports to the same address, and payment connectors of any name.
        self.carrier.exchange.messaging.webhook_url = application.webhook_event_url
        self.carrier.exchange.any_pay_connector = True
        upload_audio(self.carrier, self.flows)
