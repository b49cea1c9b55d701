"""Runs `dialtone up`."""

import argparse
import shlex
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from botocore.credentials import Credentials

from dialtone.adapters.flow_library import read_numbers
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.client import Client
from dialtone.domain.errors import DialtoneError
from dialtone.domain.live_version import WITH_THE_CODE
from infra.carrier.account import CALLEES, CONNECTION_ID
from infra.carrier.media import UnreadableAudioError
from infra.cli.errors import sentence_of
from infra.cli.options import name_project
from infra.cli.up import PHONE_PORT, REAL_TIME
from infra.flowkit.lint import lint
from infra.flowkit.linting.finding import Severity
from infra.flowkit.watched_flows import stamp
from infra.local.call_names import CallNames
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from infra.local.line import SWEEP_SECONDS, PhoneLine
from infra.local.narrator import Narrator
from infra.output.terminal import BOLD, GREEN, RED, Console
from infra.pages.assets import assets
from infra.pages.console import ConsoleSite
from infra.pages.server import LocalServer
from infra.phone.api import PhoneApi
from infra.phone.call_service import CallService
from infra.phone.people import people


def run(given: argparse.Namespace) -> NoReturn:
    """Print what a program needs to use the line, then all that happens on it. Flows are read again when saved."""
    name_project(given)
    console = Console()
    if not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")
    numbers = read_numbers(given.flows)
    reachable, names = people(given.agent), CallNames()

    def report(error: Exception) -> None:
        console.line(sentence_of(error), RED)

    server, pages = LocalServer(given.phone_port, report), LocalServer(given.console_port, report)
    with (
        closing(server),
        closing(pages),
        PhoneLine(
            carrier_port=given.carrier_port, cloud_port=given.cloud_port, pace=given.pace, watched_flows=given.flows
        ) as line,
        Narrator(console, line.store, names=names) as narrator,
        CallService(line, names=names) as calls,
        Client(line.cloud.control_url, REGION, Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)) as reader,
    ):
        seen = stamp(given.flows)
        line.connect(numbers)
        reachable.move_in(line.carrier.exchange)
        line.carrier.observe(narrator.tell)
        phones = PhoneApi(calls, given.flows, given.pace)
        server.add([*assets("phone.html"), *phones.routes()])
        pages.add(ConsoleSite(reader, line.cloud.endpoint_url).routes())
        with server, pages:
            _greet(console, line, numbers, server)
            console.line(f"  to see calls, recordings and flows: {pages.address}", BOLD)
            next_sweep = line.carrier.clock.now + SWEEP_SECONDS
            while True:
                line.carrier.run(until=line.carrier.clock.now + REAL_TIME)
                narrator.finish()
                calls.check()
                if line.carrier.clock.now >= next_sweep:
                    line.sweep(wait=False)
                    next_sweep += SWEEP_SECONDS
                if (now := stamp(given.flows)) != seen:
                    saved = sorted({name for name, *_ in now ^ seen})
                    _take_up(line, given.flows, saved, console)
                    phones.changed()
                    seen = now


def _greet(console: Console, line: PhoneLine, numbers: Mapping[str, str], server: LocalServer) -> None:
    """Say what a program needs to use the line, and how a person rings in."""
    console.line("The line is up. Ctrl-C ends it.", BOLD)
    for name, value in _environment(line).items():
        console.line(f"  export {name}={shlex.quote(value)}")
    console.line(f"  numbers: {', '.join(f'{number} ({flow})' for number, flow in numbers.items())}")
    known = ", ".join(f"{number} ({type(callee).__name__.lower()})" for number, callee in CALLEES.items())
    console.line(f"  people who can be rung: {known}; any other number answers as --agent says")
    port = "" if server.port == PHONE_PORT else f"--phone-port {server.port} "
    console.line(
        f"  to ring in from another terminal: dialtone call --line {port}{next(iter(numbers), 'NUMBER')}", BOLD
    )
    console.line(f"  to ring in with a browser: {server.address}", BOLD)


def _take_up(line: PhoneLine, flows: Path, saved: list[str], console: Console) -> None:
    """Let new numbers ring and new audio be heard; say what is wrong with what was saved."""
    errors = [each for each in lint(flows) if each.severity is Severity.ERROR]
    for each in errors:
        console.line(str(each), RED)
    try:
        line.connect(read_numbers(flows))
    except (DialtoneError, UnreadableAudioError) as error:
        console.line(str(error), RED)
    else:
        what = f"saved: {', '.join(saved)}"
        if errors:
            console.line(f"{what}; a call that comes to what is wrong in it fails until that is corrected", RED)
        else:
            console.line(f"{what}; {_heard(line)}", GREEN)


def _heard(line: PhoneLine) -> str:
    """Who hears what was saved: nobody, where a published version takes the calls."""
    live = FlowVersionsTable(line.cloud.client("dynamodb"), line.cloud.calls_table).live()
    if live.version == WITH_THE_CODE:
        return "the next call hears it"
    return f"published version {live.version} takes calls; to hear what you save, run dialtone rollback --to 0"


def _environment(line: PhoneLine) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": line.cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "ARCHIVE_QUEUE_URL": line.cloud.archive_queue_url,
        "ARCHIVE_DEAD_LETTER_QUEUE_URL": line.cloud.archive_dead_letter_queue_url,
        "EVENTS_DEAD_LETTER_QUEUE_URL": line.cloud.outputs["EventsDeadLetterQueueUrl"],
        "CALLS_TABLE": line.cloud.calls_table,
        "PARKED_EVENTS_BUCKET": line.cloud.outputs["ParkedEventsBucketName"],
        "CAMPAIGNS_BUCKET": line.cloud.outputs["CampaignsBucketName"],
        "WEBHOOK_FUNCTION": line.cloud.outputs["WebhookFunctionName"],
        "RECORDINGS_BUCKET": line.cloud.recordings_bucket,
        "TELNYX_API_KEY": line.carrier.api_key,
        "TELNYX_BASE_URL": line.server.url,
        "TELNYX_CONNECTION_ID": CONNECTION_ID,
        "WEBHOOK_URL": line.cloud.webhook_url,
        "CONTROL_URL": line.cloud.control_url,
    }
