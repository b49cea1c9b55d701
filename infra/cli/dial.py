"""`dialtone dial`: ring a number and let a flow talk to whoever answers."""

from __future__ import annotations

import argparse
import os
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.settings import required, telnyx_api_key
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import Command, command
from dialtone.domain.errors import DialtoneError
from dialtone.domain.webhook_retries import DIALLED_EVENTS, retries
from dialtone.flow.inputs import check_given
from dialtone.flow.steps.answered_by import AnsweredBy
from infra.checkout import FLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.telnyx_api import Outcome
    from dialtone.flow.loaded_flow import LoadedFlow

DIAL_SECONDS = 10.0
"""Nobody listens yet: time enough for a slow answer and one resend."""

DETECTIONS = ("greeting_end", "detect", "detect_beep", "detect_words", "premium", "disabled")

WITHOUT_GREETING = frozenset({"detect"})
"""Detection that never reports when a machine's greeting is over: `after_greeting` would always wait its full time.
`premium` and `detect_beep` report it where there is a tone, `greeting_end` and `detect_words` in any case."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("to", help="the number to ring, in E.164, or a SIP address")
    parser.add_argument("--flow", required=True, help="the flow that talks, e.g. announcement")
    parser.add_argument("--from", dest="caller", required=True, help="the number to show, one of yours at Telnyx")
    parser.add_argument("--ring-seconds", type=int, default=30, help="how long to let it ring (default: 30)")
    parser.add_argument("--detection", choices=DETECTIONS, default="greeting_end", help="answering-machine detection")
    parser.add_argument(
        "--set",
        dest="given",
        action="append",
        type=_variable,
        default=[],
        metavar="NAME=VALUE",
        help="a variable that the flow expects to be given; may be given again",
    )
    parser.add_argument("--flows", type=Path, default=FLOWS, help="where the flows lie")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Dial; needs TELNYX_API_KEY and TELNYX_CONNECTION_ID, and honours TELNYX_BASE_URL."""
    flow = FlowLibrary.open(given.flows).flow(given.flow)
    if flow is None:
        raise DialtoneError(f"there is no flow {given.flow} in {given.flows}: add {given.flow}.yaml, and deploy it")
    _check_detection(flow, given.detection)
    variables = dict(given.given)
    check_given(flow.main, variables)
    asked = dialling(
        given.to,
        caller=given.caller,
        flow=given.flow,
        connection_id=required(os.environ, "TELNYX_CONNECTION_ID"),
        ring_seconds=given.ring_seconds,
        detection=given.detection,
        given=variables,
    )
    with closing(TelnyxApi(telnyx_api_key(os.environ))) as telnyx:
        outcome = place(asked, telnyx)
    print(f"ringing {given.to}: session {outcome.data['call_session_id']}, leg {outcome.data['call_leg_id']}")
    return 0


def _check_detection(loaded: LoadedFlow, detection: str) -> None:
    """A step that waits for what is never reported would be silent for as long as it may."""
    for flow in (loaded.main, *loaded.others.values()):
        for name, step in flow.steps.items():
            if not isinstance(step, AnsweredBy):
                continue
            if detection == "disabled":
                raise DialtoneError(f"{flow.name}: step {name} waits for what detection finds; dial with --detection")
            if step.answered_by.after_greeting and detection in WITHOUT_GREETING:
                remedy = f"dial with --detection {DETECTIONS[0]}"
                raise DialtoneError(
                    f"{flow.name}: step {name} waits for a greeting's end, not for {detection}; {remedy}"
                )


def dialling(  # noqa: PLR0913 -- a call is made of these
    to: str,
    *,
    caller: str,
    flow: str,
    connection_id: str,
    ring_seconds: int = 30,
    detection: str = "greeting_end",
    given: Mapping[str, str] | None = None,
) -> Command:
    """The command that rings a number for a flow. Raises CommandInvalid naming what is wrong."""
    return command(
        "dial",
        to=to,
        connection_id=connection_id,
        timeout_secs=ring_seconds,
        answering_machine_detection=detection,
        client_state=ClientState(flow=flow, given=given or {}).encode(),
        **retries(DIALLED_EVENTS),
        **{"from": caller},
    )


def place(asked: Command, telnyx: TelnyxApi) -> Outcome:
    """Send it. Raises DialtoneError saying why Telnyx did not take it."""
    outcome = telnyx.send(asked, str(uuid.uuid4()), time.monotonic() + DIAL_SECONDS)
    if outcome.kind != "accepted":
        said = outcome.remedy or " ".join(filter(None, (outcome.code, outcome.title, outcome.detail, outcome.reason)))
        raise DialtoneError(f"Telnyx did not dial ({outcome.kind}): {said}")
    return outcome


def _variable(text: str) -> tuple[str, str]:
    name, between, value = text.partition("=")
    if not (name and between and value):
        raise argparse.ArgumentTypeError(f"{text}: say a variable's name and its value, name=Ada")
    return name, value
