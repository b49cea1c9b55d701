"""How many calls a minute the simulated carrier plays on one core: `python tests/benchmarks/carrier_speed.py [calls]`.

A call is an answer, a menu with a wrong key and the right one, a file played, a voicemail and a hang-up: 12 webhooks,
each signed, and 5 commands, each checked.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from infra.carrier import API_KEY, BEEP, Application, Caller, Carrier, HangUp, Hear, Press, Request, Say
from infra.carrier.rendering import Span, audio_file

NUMBER, CALLER = "+15550100", "+15551234567"
DEFAULT_CALLS = 1_000

SCRIPT = Caller(Hear("support"), Press("9"), Hear("support"), Press("1"), BEEP, Say(5, "hello"), Press("#"), HangUp())

REACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "call.initiated": ("answer", {}),
    "call.answered": (
        "gather_using_speak",
        {"payload": "Sales or support?", "voice": "female", "maximum_digits": 1, "valid_digits": "12"},
    ),
    "call.gather.ended": ("playback_start", {"media_name": "hours"}),
    "call.playback.ended": ("speak", {"payload": "After the beep.", "voice": "female"}),
    "call.speak.ended": ("record_start", {"format": "wav", "channels": "single", "play_beep": True}),
}


def main(calls: int) -> None:
    """Play calls and print how fast that went."""
    webhooks = commands = 0

    def post(request: Request, _timeout_seconds: float) -> int:
        nonlocal webhooks, commands
        webhooks += 1
        event = json.loads(request.body)["data"]
        if event["event_type"] in REACTIONS:
            action, parameters = REACTIONS[event["event_type"]]
            path = f"/v2/calls/{event['payload']['call_control_id']}/actions/{action}"
            body = json.dumps({**parameters, "command_id": event["id"]}).encode()
            answer = carrier.handle(Request("POST", path, {}, {"authorization": f"Bearer {API_KEY}"}, body))
            commands += answer.status == 200
        return 200

    carrier = Carrier(post, keep_trace=False)
    carrier.add_application(Application("1", "http://127.0.0.1:9/webhooks"), [NUMBER])
    carrier.media.upload("hours", _silence())
    carrier.call(CALLER, NUMBER, SCRIPT)
    carrier.run()  # the SDK's descriptions are read at their first use
    webhooks = commands = 0
    begun = time.process_time()
    for _ in range(calls):
        carrier.call(CALLER, NUMBER, SCRIPT)
        carrier.run()
    seconds = time.process_time() - begun
    per_call = f"{webhooks / calls:.0f} webhooks and {commands / calls:.0f} commands a call"
    sys.stdout.write(f"{calls} calls, {per_call}: {seconds / calls * 1000:.2f} ms of CPU a call, ")
    sys.stdout.write(f"{calls / seconds * 60:,.0f} calls a minute\n")


def _silence() -> bytes:
    """Give two seconds of silence as a WAV file."""
    return b"".join(audio_file("wav", 1, [Span(16_000, frozenset())]).stream())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_CALLS)
