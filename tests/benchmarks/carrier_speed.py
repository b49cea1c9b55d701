"""How many calls a minute the simulated carrier plays on one core: `python -m tests.benchmarks.carrier_speed`.

A call is an answer, a menu with a wrong key and the right one, a file played, a voicemail and a hang-up: 12 webhooks,
each signed, and 5 commands, each checked.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from infra.carrier import API_KEY, BEEP, Application, Caller, Carrier, HangUp, Hear, Press, Request, Say
from infra.carrier.rendering import Span, audio_file
from tests.benchmarks.figures import spread
from tests.benchmarks.section import Goal, Section

NUMBER, CALLER = "+15550100", "+15551234567"
CALLS, QUICK_CALLS = 500, 100
RUNS = 5
WANTED_CALLS_A_MINUTE = 10_000

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


def section(*, quick: bool = False) -> Section:
    """Play calls, and say how many a minute that is."""
    runs = [measured(QUICK_CALLS) if quick else measured(CALLS) for _ in range(1 if quick else RUNS)]
    a_minute = [calls for calls, _ in runs]
    text = f"{runs[0][1]}, on virtual time: {spread(a_minute, 0)} calls a minute of CPU."
    goal = Goal(
        "at least 10,000 calls a minute on one core, on virtual time",
        spread(a_minute, 0),
        statistics.median(a_minute) >= WANTED_CALLS_A_MINUTE / (2 if quick else 1),
    )
    return Section("simulator", "Speed of the simulated carrier", text, (goal,))


def measured(calls: int) -> tuple[float, str]:
    """Play so many calls: how many a minute, and what a call is."""
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
    return calls / seconds * 60, f"{webhooks / calls:.0f} webhooks and {commands / calls:.0f} commands a call"


def _silence() -> bytes:
    """Give two seconds of silence as a WAV file."""
    return b"".join(audio_file("wav", 1, [Span(16_000, frozenset())]).stream())


if __name__ == "__main__":
    sys.stdout.write(section().text + "\n")
