"""A phone line whose webhook function fails, with the failover function behind it, on virtual time."""

import json
import math
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dialtone.adapters.signature import Verifier
from failover.api_key import ApiKey
from failover.decision import Sentence
from failover.endpoint import Endpoint
from failover.telnyx_client import TelnyxClient
from infra.carrier import API_KEY, Carrier, Loss, Request, UndeliveredError
from infra.carrier.account import CONNECTION_ID
from infra.carrier.trace import Bridged, Commanded, Happening, Heard, HungUp
from infra.flowkit.stage import Stage

FAILOVER_HOST = "failover.invalid"
FAILOVER_URL = f"https://{FAILOVER_HOST}/"
SORRY = "We are sorry, something is wrong here. Please call again later."
COLLEAGUE = "+15550177"


class Inline(Executor):
    """Runs each task at once: the carrier's clock stands still meanwhile."""

    def submit(self, task: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 -- Executor's
        """Run it."""
        done: Future[Any] = Future()
        done.set_result(task(*args, **named))
        return done


class CarrierClient(TelnyxClient):
    """The failover's client of Telnyx, with the simulated carrier instead of a network."""

    def __init__(self, carrier: Carrier) -> None:
        super().__init__(sleep=lambda _: None)
        self.carrier = carrier

    def request(  # noqa: PLR0913, PLR0917 -- TelnyxClient's
        self, method: str, path: str, api_key: str, deadline: float, seconds: float, body: bytes | None = None
    ) -> tuple[int, dict[str, Any]]:
        """As TelnyxClient's."""
        del deadline, seconds
        headers = {"authorization": f"Bearer {api_key}", "content-type": "application/json"}
        response = self.carrier.handle(Request(method, f"/v2{path}", {}, headers, body or b""))
        return (0, {}) if isinstance(response.lost, Loss) else (response.status, response.json())


@dataclass(frozen=True, slots=True)
class Fails:
    """How the webhook function fails."""

    status: int = 0
    """What API Gateway answers; 0 for nothing in time."""
    after_doing: bool = False
    """Whether it does its work all the same."""


UP = Fails(HTTPStatus.OK, after_doing=True)


class FailingLine(Stage):
    """A stage whose webhooks fail as `primary` says, and come to the failover instead."""

    def __init__(self, transfer_to: str = "", sentence: str = SORRY, **settings: Any) -> None:  # noqa: ANN401 -- Stage's
        super().__init__(**settings)
        self.primary: Callable[[str, float], Fails] = lambda _type, _now: UP
        """How it fails for a type of event at a time of the carrier's."""
        self.happened: list[Happening] = []
        self.answered: list[tuple[str, int]] = []
        """What the failover answered, by type of event."""
        self.at_failover: list[Request] = []
        self.failing_since = math.inf
        """The carrier's time when a webhook failed first."""
        self.client = CarrierClient(self.carrier)
        self.failover = Endpoint(
            Verifier.from_text(self.carrier.public_key),
            Sentence(sentence, "en-US", "AWS.Polly.Joanna-Neural", transfer_to),
            ApiKey(lambda: API_KEY),
            self.client,
            self.observer,
            now_seconds=lambda: self.carrier.clock.datetime().timestamp(),
            threads=Inline(),
            handling_seconds=60,  # this machine may be busy
        )
        self.carrier.change_application(CONNECTION_ID, webhook_event_failover_url=FAILOVER_URL)
        self.carrier.observe(self.happened.append)

    def _post(self, request: Request, timeout_seconds: float) -> int:
        event_type = json.loads(request.body)["data"]["event_type"]
        if request.path.startswith(FAILOVER_URL):
            self.at_failover.append(request)
            status: int = self.failover.respond(as_function_url(request))["statusCode"]
            if self.observer.fault:
                raise self.observer.fault
            self.answered.append((event_type, status))
            return status
        fails = self.primary(event_type, self.carrier.clock.now)
        status = super()._post(request, timeout_seconds) if fails.after_doing else fails.status
        if fails == UP:
            return status
        self.failing_since = min(self.failing_since, self.carrier.clock.now)
        if not fails.status:
            raise UndeliveredError("time-out")
        return fails.status

    def times_said(self, sentence: str = SORRY) -> int:
        """How often the caller heard the sentence."""
        return sum(isinstance(each, Heard) and each.what == sentence for each in self.happened)

    def obeyed(self, action: str) -> int:
        """How many commands of an action Telnyx has obeyed, of anybody's."""
        return sum(
            isinstance(each, Commanded) and each.action == action and each.result == "accepted"
            for each in self.happened
        )

    def bridges(self) -> int:
        """How many legs were bridged."""
        return sum(isinstance(each, Bridged) for each in self.happened)

    def ended_at(self, session: str) -> float:
        """When the last leg of a call ended. Raises AssertionError if one has not."""
        legs = [leg for leg in self.carrier.legs if leg.session.id == session]
        assert not [leg for leg in legs if leg.alive]
        return max(each.at for each in self.happened if isinstance(each, HungUp))


def as_function_url(request: Request) -> dict[str, Any]:
    """A request as Lambda's function URLs hand it over."""
    return {
        "version": "2.0",
        "headers": dict(request.headers),
        "requestContext": {"domainName": FAILOVER_HOST, "http": {"method": "POST", "path": "/"}},
        "body": request.body.decode(),
        "isBase64Encoded": False,
    }
