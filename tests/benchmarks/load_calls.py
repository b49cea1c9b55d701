"""Many calls at once through one handler; a program of its own, started by `load.py` with what it is to do as JSON.

What of Lambda is modelled: each call has a process of its own that handles one event at a time, warm, as Lambda gives
each concurrent event an environment of its own. What is not: cold starts, Lambda's own few milliseconds, API Gateway.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.httpsession import URLLib3Session
from nacl.signing import SigningKey

from dialtone.domain.client_state import ClientState
from tests.benchmarks.slow_telnyx import WARM
from tests.integration.deliveries import Signer, body

if TYPE_CHECKING:
    from collections.abc import Callable

SPARE_SECONDS = 1.0
"""Between the last fork and the first webhook."""

EVENT_OF_ANY_CALL = b"0fd4-4d53-b2f6-0b5d1c1bd0e8"
"""What the ids of `deliveries.body` end with, after the event's number."""

DELIVERIES = 20
"""Of a webhook that is not counted, at most."""

BEGINNING_BYTES = 20
"""Of the time at which all begin, as it is written to each process after the last of them was forked."""


class Context:
    """What of Lambda's context the handlers look at."""

    function_name = "load"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:0:function:load"
    aws_request_id = "load"

    def get_remaining_time_in_millis(self) -> int:
        """Enough."""
        return 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What the program is to do."""

    handler: str
    """Module and function."""
    key: str
    """The private key that Telnyx signs with, in hexadecimal."""
    calls: int
    settling_seconds: float
    """At the beginning, not counted: two hundred processes open their connections and touch their memory at once."""
    seconds: float
    interval_seconds: float
    """Between two webhooks of a call."""


def webhooks(call: str, number: int, signer: Signer) -> list[dict[str, Any]]:
    """A call's requests: it rings, is answered, and then wrong keys."""
    ids = {"call_session_id": f"session-{call}", "call_leg_id": f"leg-{call}", "call_control_id": call}
    events: list[tuple[str, dict[str, object]]] = [
        ("call.initiated", {"direction": "incoming", "state": "parked"}),
        ("call.answered", {"client_state": ClientState(flow="front-desk", decision=1).encode()}),
    ]
    for place in range(number - len(events)):
        # As Telnyx echoes it: of the decision before, which is the call's second, third and so on.
        mark = ClientState(turn=1 + place, flow="front-desk", decision=2 + place).encode()
        events.append(("call.gather.ended", {"digits": "9", "status": "invalid", "client_state": mark}))
    requests = []
    for place, (event_type, payload) in enumerate(events, start=1):
        whole = body(event_type, place, **(payload | ids))
        # The call's own ids, which differ from their first characters on, as Telnyx's do.
        requests.append(signer.request(whole.replace(EVENT_OF_ANY_CALL, call.encode())))
    return requests


def main(plan: Plan) -> None:
    """Play; print what was measured as JSON."""
    module, _, name = plan.handler.rpartition(".")
    handler: Callable[[dict[str, Any], Any], dict[str, Any]] = getattr(importlib.import_module(module), name)
    signer = Signer(SigningKey(bytes.fromhex(plan.key)))
    number = int((plan.settling_seconds + plan.seconds) / plan.interval_seconds)
    settled = int(plan.settling_seconds / plan.interval_seconds)
    calls = [webhooks(f"{time.time_ns()}-{place}", number, signer) for place in range(plan.calls)]
    report = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    for request in webhooks(WARM, 4, signer):
        if handler(request, Context())["statusCode"] != HTTPStatus.OK:
            raise AssertionError("the handler does not work: nothing would be measured")
    sessions = [each for each in gc.get_objects() if isinstance(each, URLLib3Session)]
    gc.collect()
    gc.freeze()
    waiting, starting = os.pipe()
    pipes = []
    for place, requests in enumerate(calls):
        reading, writing = os.pipe()
        if not os.fork():
            os.close(reading)
            os.close(starting)
            for each in sessions:
                each.close()  # the connections of before the fork are everybody's
            begin = float(os.read(waiting, BEGINNING_BYTES))
            offset = plan.interval_seconds * place / plan.calls
            os.write(
                writing, json.dumps(_played(handler, requests, begin + offset, plan.interval_seconds, settled)).encode()
            )
            os._exit(0)
        os.close(writing)
        pipes.append(reading)
    begin_at = f"{time.monotonic() + SPARE_SECONDS:{BEGINNING_BYTES}.6f}".encode()
    os.write(starting, begin_at * plan.calls)
    found = []
    for reading in pipes:
        with os.fdopen(reading) as pipe:
            found.append(json.loads(pipe.read()))
        os.wait()
    report.write(
        json.dumps(
            {
                "millis": [each for call in found for each in call["millis"]],
                "cpu_seconds": sum(call["cpu_seconds"] for call in found),
                "failed": sum(call["failed"] for call in found),
                "megabytes": max(call["megabytes"] for call in found),
            }
        )
    )
    report.flush()


def _played(
    handler: Callable[[dict[str, Any], Any], dict[str, Any]],
    requests: list[dict[str, Any]],
    begin: float,
    interval: float,
    settled: int,
) -> dict[str, Any]:
    """In a process of its own: each webhook at its time; its latency counts from then, however late it was begun."""
    millis, failed, cpu = [], 0, 0.0
    for place, request in enumerate(requests):
        due = begin + place * interval
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.process_time()
        answer = _delivered(handler, request, DELIVERIES if place < settled else 1)
        if place >= settled:
            failed += answer != HTTPStatus.OK
            millis.append((time.monotonic() - due) * 1_000)
            cpu += time.process_time() - began
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1_024)
    return {"millis": millis, "failed": failed, "cpu_seconds": cpu, "megabytes": largest / 1e6}


def _delivered(handler: Callable[[dict[str, Any], Any], dict[str, Any]], request: dict[str, Any], most: int) -> int:
    """The status of the last answer: while all settle, delivered again after an error, as Telnyx does.

    A call whose first webhook was lost would never be where its later ones say that it is.
    """
    status = 0
    for _ in range(most):
        status = handler(request, Context())["statusCode"]
        if status == HTTPStatus.OK:
            break
    return status


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])))
