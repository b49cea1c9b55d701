"""Telnyx's webhooks, as it writes, signs and delivers them, and as API Gateway hands them over."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from dialtone.domain.events import Event, parse_event
from tests.integration.dependencies import Line

SESSION = "428c31b6-7af4-4bcb-b7f5-5013ef9657c1"
LEG = "428c31b6-7af4-4bcb-b7f5-5013ef9657c2"
CONTROL = "v3:u5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO"
CALLER, CALLED = "+15550123", "+15550100"
CARD = "4242424242424242"
SIGNED_URL = "https://recordings.example/1.wav?X-Amz-Signature=f00d"
BEGAN = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)

FLOW = """
flow: front-desk
voice: female
language: en-US
last_resort: sorry
record: {channels: dual, format: wav}
steps:
  welcome:
    say: [Welcome., {ssml: "<speak>This call is recorded.</speak>"}]
  card:
    collect: Your card number, please.
    into: card
    digits: 16
    sensitive: true
    otherwise: bye
  message:
    record: Leave a message after the tone.
    transcription: true
  thanks:
    say: Thank you.
    next: bye
  bye: hangup
  sorry:
    say: We are sorry.
    next: bye
"""
TEAM_NUMBER = "+15550112"
TEAM = """
flow: team
last_resort: nobody
steps:
  ring:
    transfer: {to: ["+15550191", "+15550192", "+15550193"], how: at_once}
    hold: {media: hold-music}
  nobody: {say: Nobody can take your call now., voice: female}
"""
NUMBERS = f'"{CALLED}": front-desk\n"+15550166": broken\n"{TEAM_NUMBER}": team\n'
BROKEN_FLOW = "flow: broken\nsteps:\n  welcome:\n    say: 5\n"


def written_flows(folder: Path) -> Path:
    """Write the flows into the folder, and give it back."""
    (folder / "numbers.yaml").write_text(NUMBERS, encoding="utf-8")
    (folder / "front-desk.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "team.yaml").write_text(TEAM, encoding="utf-8")
    (folder / "broken.yaml").write_text(BROKEN_FLOW, encoding="utf-8")
    return folder


def body(event_type: str, number: int = 1, /, **payload: object) -> bytes:
    """Give a webhook's body: the call's event of that number, one a second."""
    occurred_at = (BEGAN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    whole: dict[str, object] = {
        "call_control_id": CONTROL,
        "call_leg_id": LEG,
        "call_session_id": SESSION,
        "connection_id": "7267xxxxxxxxxxxxxx",
        "from": CALLER,
        "to": CALLED,
    }
    data = {
        "record_type": "event",
        "event_type": event_type,
        "id": f"{number:08x}-0fd4-4d53-b2f6-0b5d1c1bd0e8",
        "occurred_at": occurred_at,
        "payload": whole | payload,
    }
    return json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": "https://example.com"}}).encode()


def event(event_type: str, number: int = 1, /, **payload: object) -> Event:
    """Give the event of such a body."""
    return parse_event(body(event_type, number, **payload))


def initiated(number: int = 1, /, **payload: object) -> Event:
    """Give an incoming call's first event."""
    return event("call.initiated", number, **({"direction": "incoming", "state": "parked"} | payload))


PHONE_CALL: tuple[tuple[str, dict[str, object]], ...] = (
    ("call.initiated", {"direction": "incoming", "state": "parked"}),
    ("call.answered", {}),
    ("call.speak.started", {}),
    ("call.speak.ended", {"status": "completed"}),
    ("call.speak.ended", {"status": "completed"}),
    ("call.dtmf.received", {"digit": "4"}),
    ("call.gather.ended", {"digits": CARD, "status": "valid"}),
    ("call.speak.ended", {"status": "completed"}),
    ("call.dtmf.received", {"digit": "#"}),
    ("call.speak.ended", {"status": "completed"}),
    ("call.hangup", {"hangup_cause": "normal_clearing", "hangup_source": "callee"}),
    ("call.recording.saved", {"channels": "single", "recording_urls": {"mp3": SIGNED_URL}}),
    ("call.recording.saved", {"channels": "dual", "recording_urls": {"wav": SIGNED_URL}, "recording_id": "r-1"}),
    ("call.recording.transcription.saved", {"recording_id": "r-1", "transcription_text": "Please call back."}),
    ("call.cost", {"cost_parts": [], "status": "completed"}),
    ("call.refer.started", {"sip_response": "?"}),
)
"""One whole call through FLOW: a card number, a message left, two recordings that come after the hang-up."""


def phone_call(line: Line) -> Iterator[Event]:
    """Give the events of PHONE_CALL one by one: each carries the mark that the commands before it left."""
    for number, (event_type, payload) in enumerate(PHONE_CALL, start=1):
        marked = {"client_state": line.telnyx.client_state} if line.telnyx.client_state else {}
        yield event(event_type, number, **(payload | marked))


TEAM_CALL: tuple[tuple[str, int, dict[str, object]], ...] = (
    ("call.initiated", 0, {"direction": "incoming", "state": "parked"}),
    ("call.answered", 0, {}),
    ("call.playback.started", 0, {}),
    ("call.initiated", 1, {"direction": "outgoing"}),
    ("call.initiated", 2, {"direction": "outgoing"}),
    ("call.initiated", 3, {"direction": "outgoing"}),
    ("call.answered", 2, {}),
    ("call.bridged", 0, {}),
    ("call.bridged", 2, {}),
    ("call.hangup", 1, {"hangup_cause": "originator_cancel", "hangup_source": "caller"}),
    ("call.hangup", 3, {"hangup_cause": "originator_cancel", "hangup_source": "caller"}),
    ("call.playback.ended", 0, {"status": "cancelled"}),
    ("call.hangup", 0, {"hangup_cause": "normal_clearing", "hangup_source": "caller"}),
    ("call.hangup", 2, {"hangup_cause": "normal_clearing", "hangup_source": "callee"}),
)
"""A whole call through TEAM: three are rung at once, the second answers. With each event, whose leg: 0 the caller's."""


def team_call(line: Line) -> Iterator[Event]:
    """Give the events of TEAM_CALL one by one, each with the mark of its leg; of people who were rung, theirs only."""
    for number, (event_type, leg, payload) in enumerate(TEAM_CALL, start=1):
        obeyed = [command for _, command in sorted(line.telnyx.obeyed, key=lambda each: each[1].action)]
        rung = {
            str(each.parameters["to"])[-1]: each.parameters["client_state"] for each in obeyed if each.action == "dial"
        }
        marks = [
            each.parameters["client_state"]
            for each in obeyed
            if each.call_control_id == CONTROL and "client_state" in each.parameters
        ]
        ids: dict[str, object] = {"to": TEAM_NUMBER}
        if leg:
            ids = {"call_leg_id": f"{LEG}-{leg}", "call_control_id": f"{CONTROL}-{leg}", "to": f"+1555019{leg}"}
        mark = rung.get(str(leg), "") if leg else (marks[-1] if marks else "")
        yield event(event_type, number, **(payload | ids | ({"client_state": mark} if mark else {})))


@dataclass(frozen=True)
class Signer:
    """Who holds Telnyx's private key."""

    key: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def public_key(self) -> str:
        return base64.b64encode(bytes(self.key.verify_key)).decode()

    def sign(self, body: bytes, timestamp: str) -> str:
        return base64.b64encode(self.key.sign(timestamp.encode() + b"|" + body).signature).decode()

    def headers(self, body: bytes, timestamp: str = "") -> dict[str, str]:
        timestamp = timestamp or str(int(time.time()))
        return {"telnyx-signature-ed25519": self.sign(body, timestamp), "telnyx-timestamp": timestamp}

    def request(self, body: bytes, timestamp: str = "", *, as_base64: bool = False) -> dict[str, Any]:
        """Give the request as API Gateway hands it over (payload 2.0)."""
        return request(body, self.headers(body, timestamp), as_base64=as_base64)


def request(body: bytes | None, headers: dict[str, str] | None, *, as_base64: bool = False) -> dict[str, Any]:
    """Give what API Gateway's HTTP API hands to a function, payload format 2.0."""
    whole: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "POST /webhooks/telnyx",
        "rawPath": "/webhooks/telnyx",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": "POST", "path": "/webhooks/telnyx", "sourceIp": "192.76.120.10"}},
        "isBase64Encoded": as_base64,
    }
    if headers is None:
        del whole["headers"]
    if body is not None:
        whole["body"] = base64.b64encode(body).decode() if as_base64 else body.decode("utf-8", "surrogateescape")
    return whole
