"""The client: signs requests with the environment's AWS credentials and parses the responses.

If the API is busy, requests are retried; those that act have the same Idempotency-Key, so they are carried out once.
Every method raises Refused for an error response, and httpx.TransportError without a response.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import quote, urlencode

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from botocore.credentials import Credentials

    from dialtone.client.answers import (
        ActionAnswer,
        CallDetail,
        CallList,
        CampaignDetail,
        CampaignRecipient,
        CampaignState,
        CampaignStates,
        DeletedRecording,
        DialAnswer,
        FlowDetail,
        FlowList,
        Health,
        Leg,
        QueueList,
        RecordingDetail,
        RecordingList,
        RecordingSummary,
        Redriven,
    )

TIMEOUT_SECONDS = 35.0
"""Longer than the API itself waits."""

TRIES = 4
BUSY = frozenset({429, 502, 503, 504})
"""Statuses after which a request is retried."""

PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
"""Upper limit of `Retry-After`."""

SERVICE = "execute-api"


class Refused(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the request was refused
    """An error response: HTTP status, the API's error code, and the parameter that was wrong."""

    def __init__(self, status: int, code: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.parameter = parameter


class Client:
    """The control API at a URL, a stack's output `ControlUrl`; a context manager."""

    def __init__(self, url: str, region: str = "", credentials: Credentials | None = None) -> None:
        """Region and credentials come from the environment by default. Raises DialtoneError if there are none."""
        session = boto3.Session()
        found = credentials or session.get_credentials()
        if found is None:
            raise DialtoneError("there are no AWS credentials: run `aws configure`, or `aws sso login`")
        self.url = url.rstrip("/")
        self._credentials = found
        self._region = region or session.region_name or ""
        if not self._region:
            raise DialtoneError("the AWS region is not set: pass it, or export AWS_DEFAULT_REGION")
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def calls(self, **asked: str | int) -> CallList:
        """A page of calls, newest first; takes the parameters of `GET /calls`."""
        return cast("CallList", self._get("/calls", asked))

    def every_call(self, **asked: str | int) -> Iterator[Leg]:
        """All of them, over all pages."""
        page = self.calls(**asked)
        yield from page["calls"]
        while until := page["next_until"]:
            page = self.calls(**{**asked, "until": until})
            yield from page["calls"]

    def call(self, identifier: str) -> CallDetail:
        """One call with its timeline; by its session, a leg, or its call-control id."""
        return cast("CallDetail", self._get(f"/calls/{_segment(identifier)}"))

    def recordings(self, **asked: str | int) -> RecordingList:
        """A page of recordings, newest calls first; takes the parameters of `GET /recordings`."""
        return cast("RecordingList", self._get("/recordings", asked))

    def every_recording(self, **asked: str | int) -> Iterator[RecordingSummary]:
        """All of them, over all pages."""
        page = self.recordings(**asked)
        yield from page["recordings"]
        while until := page["next_until"]:
            page = self.recordings(**{**asked, "until": until})
            yield from page["recordings"]

    def recording(self, identifier: str) -> RecordingDetail:
        """One recording with a link to its audio. The link is recorded as listening."""
        return cast("RecordingDetail", self._get(f"/recordings/{_segment(identifier)}"))

    def flows(self, **asked: str | int) -> FlowList:
        """Flows with the outcomes of their calls; takes the parameters of `GET /flows`."""
        return cast("FlowList", self._get("/flows", asked))

    def flow(self, name: str, **asked: str | int) -> FlowDetail:
        """A flow: its versions, the steps reached, and its files; takes the parameters of `GET /flows/{name}`."""
        return cast("FlowDetail", self._get(f"/flows/{_segment(name)}", asked))

    def act(
        self, identifier: str, action: str, parameters: Mapping[str, Any] | None = None, *, key: str = ""
    ) -> ActionAnswer:
        """Send one of Telnyx's actions to a call, with Telnyx's own parameters.

        Repeated with the same key within a day, it is not carried out again. If the call has moved on, a repetition is
        refused: as `too_late` if Telnyx never accepted it, as `not_known` if it may have.
        """
        path = f"/calls/{_segment(identifier)}/actions/{_segment(action)}"
        return cast("ActionAnswer", self._post(path, parameters or {}, key))

    def put_into_flow(  # noqa: PLR0913 -- the request's parameters
        self,
        identifier: str,
        flow: str = "",
        *,
        step: str = "",
        variables: Mapping[str, str] | None = None,
        from_step: str = "",
        key: str = "",
    ) -> ActionAnswer:
        """Move a call to a flow (default: its own) and a step (default: the first).

        With `from_step` only while the call is in that step, so that one of two simultaneous requests is refused.
        """
        asked = {"flow": flow, "step": step, "variables": dict(variables or {}), "from_step": from_step}
        return cast("ActionAnswer", self._post(f"/calls/{_segment(identifier)}/flow", asked, key))

    def dial(self, asked: Mapping[str, Any], *, key: str = "") -> DialAnswer:
        """Dial somebody; takes the parameters of `POST /calls`. Repeated with the same key, it dials only once."""
        return cast("DialAnswer", self._post("/calls", asked, key))

    def campaigns(self, **asked: int) -> CampaignStates:
        """Campaigns, newest first; takes the parameters of `GET /campaigns`."""
        return cast("CampaignStates", self._get("/campaigns", asked))

    def campaign(self, identifier: str) -> CampaignDetail:
        """One campaign: progress, history and cost."""
        return cast("CampaignDetail", self._get(f"/campaigns/{_segment(identifier)}"))

    def every_recipient(self, identifier: str) -> Iterator[CampaignRecipient]:
        """The results of its recipients, in the order of the list, over all parts."""
        part: int | None = 0
        while part is not None:
            page = self._get(f"/campaigns/{_segment(identifier)}/recipients", {"part": part})
            yield from page["recipients"]
            part = page["next_part"]

    def order(self, identifier: str, order: str, reason: str = "", *, key: str = "") -> CampaignState:
        """Pause, resume or cancel a campaign: `pause`, `resume`, `cancel`."""
        path = f"/campaigns/{_segment(identifier)}/{_segment(order)}"
        return cast("CampaignState", self._post(path, {"reason": reason}, key))

    def queues(self) -> QueueList:
        """The queues and their waiting callers."""
        return cast("QueueList", self._get("/queues"))

    def take(self, queue: str, agent: str, *, shown: str = "", key: str = "") -> DialAnswer:
        """Dial an agent and connect the first caller of a queue.

        Repeated with the same key, it dials only once. `shown` is the caller ID for the agent; by default the number
        that the caller dialled.
        """
        asked = {"agent": agent, **({"from": shown} if shown else {})}
        return cast("DialAnswer", self._post(f"/queues/{_segment(queue)}/take", asked, key))

    def delete_recording(self, identifier: str) -> DeletedRecording:
        """Delete a recording permanently, if RecordingDeletion is on. Repeat it to finish an interrupted deletion."""
        path = f"/recordings/{_segment(identifier)}"
        return cast("DeletedRecording", self._asked(lambda: self.send("DELETE", path)))

    def health(self) -> Health:
        """What needs attention: alarms, unverified recordings, messages in queues, and parked webhooks."""
        return cast("Health", self._get("/health"))

    def redrive(self, queue: str) -> Redriven:
        """Redrive a dead-letter queue's messages; refused (409) while another request is doing so."""
        return cast("Redriven", self._post(f"/health/queues/{_segment(queue)}/redrive", {}, ""))

    def send(
        self, method: str, path: str, query: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Sign a request and send it once, without retries; path and query URL-encoded."""
        url = f"{self.url}{path}{query and '?'}{query}"
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
        SigV4Auth(self._credentials, SERVICE, self._region).add_auth(request)
        return self._http.request(method, url, content=body, headers=dict(request.headers))

    def _get(self, path: str, asked: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 -- any JSON
        query = urlencode(asked or {}, quote_via=quote)
        return self._asked(lambda: self.send("GET", path, query))

    def _post(self, path: str, asked: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 -- any JSON
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid.uuid4())}
        body = json.dumps(asked).encode()
        return self._asked(lambda: self.send("POST", path, body=body, headers=headers))

    @staticmethod
    def _asked(send: Callable[[], httpx.Response]) -> Any:  # noqa: ANN401 -- any JSON
        for _ in range(TRIES - 1):
            answer = send()
            if answer.status_code not in BUSY:
                return _success(answer)
            time.sleep(_pause(answer))
        return _success(send())


def _segment(identifier: str) -> str:
    return quote(identifier, safe="")


def _pause(answer: httpx.Response) -> float:
    said = answer.headers.get("retry-after", "")
    return min(float(said), LONGEST_PAUSE_SECONDS) if said.isascii() and said.isdecimal() else PAUSE_SECONDS


def _success(answer: httpx.Response) -> Any:  # noqa: ANN401 -- any JSON
    """The body. Raises Refused."""
    try:
        body = answer.json()
    except ValueError:
        raise Refused(answer.status_code, "no_json", f"what answered is not the control API: {answer.url}") from None
    if answer.is_success:
        return body
    body = body if isinstance(body, dict) else {}
    error = body.get("error")
    if not isinstance(error, dict):  # API Gateway's own answer
        raise Refused(answer.status_code, "gateway", str(body.get("message") or answer.reason_phrase))
    raise Refused(answer.status_code, str(error.get("code")), str(error.get("message")), error.get("parameter"))
