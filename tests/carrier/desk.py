"""The application's side of the line, for tests of the carrier: keeps every webhook and sends commands."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable, Iterator
from typing import Any

from infra.carrier import API_KEY, Application, Caller, Carrier, Request, Response, Silence
from infra.carrier.parties import Step

NUMBER = "+15550100"
CALLER = "+15551234567"
CONNECTION = "1293384261075731499"
URL = "http://127.0.0.1:9/webhooks/telnyx"
FAILOVER_URL = "http://127.0.0.1:9/failover"

Payload = dict[str, Any]


def wav_of(seconds: float) -> bytes:
    """Give a silent WAV file of a length."""
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8_000)
        audio.writeframes(bytes(2 * round(8_000 * seconds)))
    return file.getvalue()


class Desk:
    """A carrier with one application, which reacts to events as `on` says and answers 200."""

    def __init__(self, application: Application | None = None, **settings: Any) -> None:  # noqa: ANN401 - Carrier's own
        self.carrier = Carrier(self.post, **settings)
        self.carrier.add_application(application or Application(CONNECTION, URL), [NUMBER])
        self.events: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.on: dict[str, Callable[[Payload], object]] = {}
        self.answers: Iterator[int] = iter(())

    def post(self, request: Request, _timeout_seconds: float) -> int:
        body = json.loads(request.body)
        self.requests.append(request)
        self.events.append({**body["data"], "at": self.carrier.clock.now, "meta": body["meta"]})
        reaction = self.on.get(body["data"]["event_type"])
        if reaction is not None:
            reaction(body["data"]["payload"])
        return next(self.answers, 200)

    def api(self, method: str, path: str, body: object = None, query: dict[str, str] | None = None) -> Response:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {API_KEY}"}
        return self.carrier.handle(Request(method, f"/v2{path}", query or {}, headers, content))

    def command(self, control_id: str, action: str, **parameters: object) -> Response:
        method = "PUT" if action == "client_state_update" else "POST"
        return self.api(method, f"/calls/{control_id}/actions/{action}", parameters)

    def obeyed(self, control_id: str, action: str, **parameters: object) -> dict[str, Any]:
        response = self.command(control_id, action, **parameters)
        assert response.status == 200, response.content()
        data: dict[str, Any] = response.json()["data"]
        return data

    def code(self, control_id: str, action: str, **parameters: object) -> tuple[int, str]:
        response = self.command(control_id, action, **parameters)
        return response.status, response.json()["errors"][0]["code"]

    def dial(self, to: object, **parameters: object) -> dict[str, Any]:
        response = self.api("POST", "/calls", {"connection_id": CONNECTION, "from": NUMBER, "to": to, **parameters})
        assert response.status == 200, response.content()
        data: dict[str, Any] = response.json()["data"]
        return data

    def answering(self) -> Desk:
        """Answer every incoming call, once, however often its webhook comes."""
        self.on["call.initiated"] = lambda payload: (
            self.command(payload["call_control_id"], "answer", command_id="answer")
            if payload["direction"] == "incoming"
            else None
        )
        return self

    def answered_call(self, *steps: Step) -> str:
        """Let a call come in and be answered; gives its call control id, an instant after the answer."""
        self.answering()
        line = self.carrier.call(CALLER, NUMBER, Caller(Silence(0.1), *steps))
        call = line.name.call_control_id
        self.carrier.run(when=lambda: any(each["call_control_id"] == call for each in self.of("call.answered")))
        return call

    def of(self, event_type: str) -> list[Payload]:
        return [event["payload"] for event in self.events if event["event_type"] == event_type]

    def types(self) -> list[str]:
        return [event["event_type"] for event in self.events]
