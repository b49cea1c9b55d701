"""Runs `dialtone dial`."""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from contextlib import closing

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.secrets import FixedSecret, Secret
from dialtone.adapters.settings import required, telnyx_api_key
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.commands import Command
from dialtone.domain.errors import CommandInvalid, DialtoneError
from dialtone.flow.flow_inputs import check_given
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.steps.answered_by import AnsweredBy
from infra.cli.dial import DETECTIONS
from infra.cli.errors import INTERRUPTED
from infra.cli.options import name_project, stack_meant
from infra.flowkit.dialling import dial, dial_command
from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.record import ConnectionRecord
from infra.operations.stack_outputs import deployed, region_of

BETWEEN_LOOKS_SECONDS = 2.0

WITHOUT_GREETING = frozenset({"detect"})
"""Detection that never reports when a machine's greeting is over: `after_greeting` would always wait its full time.
`premium` and `detect_beep` report it where there is a tone, `greeting_end` and `detect_words` in any case."""


def run(given: argparse.Namespace) -> int:
    """Dial from a stack's application, or from the environment's; TELNYX_BASE_URL is honoured."""
    name_project(given)
    flow = FlowLibrary.open(given.flows).flow(given.flow)
    if flow is None:
        raise DialtoneError(f"there is no flow {given.flow} in {given.flows}: add {given.flow}.yaml, and deploy it")
    _check_detection(flow, given.detection)
    variables = dict(given.given)
    check_given(flow.main, variables)
    connection_id, key = _dialling_application(given.stack, given.region)
    asked = _command(given, connection_id, variables)
    with closing(TelnyxApi(key)) as telnyx:
        outcome, began = dial(asked, telnyx), time.monotonic()
        line = f"ringing {given.to}: session {outcome.data['call_session_id']}, leg {outcome.data['call_leg_id']}"
        print(line, flush=True)
        if given.wait:
            try:
                _wait_for_the_end(telnyx, str(outcome.data["call_control_id"]))
            except KeyboardInterrupt:
                session = outcome.data["call_session_id"]
                print(f"\ndialtone: the call goes on: `dialtone calls show {session}` shows it", file=sys.stderr)
                return INTERRUPTED
            print(f"over after {time.monotonic() - began:.0f} s")
    return 0


def _command(given: argparse.Namespace, connection_id: str, variables: Mapping[str, str]) -> Command:
    """The parameters for Telnyx. Raises DialtoneError that names the option, and not Telnyx's parameter."""
    try:
        return dial_command(
            given.to,
            caller=given.caller,
            flow=given.flow,
            connection_id=connection_id,
            ring_seconds=given.ring_seconds,
            detection=given.detection,
            given=variables,
        )
    except CommandInvalid as invalid:
        option = _OPTIONS.get(invalid.parameter)
        if option is None:
            raise
        raise DialtoneError(f"{option} {invalid.reason}") from invalid


_OPTIONS = {"to": "the number to ring", "from": "--from", "timeout_secs": "--ring-seconds"}
"""Telnyx's parameter → what people write."""


def _wait_for_the_end(telnyx: TelnyxApi, call_control_id: str) -> None:
    """Ask Telnyx until the leg is over, or forgotten."""
    while (found := telnyx.find_call(call_control_id)) is not None and found.is_alive:
        time.sleep(BETWEEN_LOOKS_SECONDS)


def _dialling_application(stack: str, region: str) -> tuple[str, Secret[str]]:
    """Its id and the account's key: as exported, or as `dialtone connect` and `dialtone secret` left them."""
    if not stack and os.environ.get("TELNYX_CONNECTION_ID", "").strip():
        return required(os.environ, "TELNYX_CONNECTION_ID"), telnyx_api_key(os.environ)
    name = stack_meant(stack)
    found = deployed(name, region_of(name, region))
    connection_id = ConnectionRecord.of(found.name, found.region).read().application_id
    if not connection_id:
        raise DialtoneError(f"the stack {found.name} is not connected to Telnyx: run `dialtone connect` first")
    return connection_id, FixedSecret(stored_key(secret_name(found), found.region))


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
