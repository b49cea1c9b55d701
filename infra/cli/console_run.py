"""Runs `dialtone console`."""

import argparse
import os
import threading
import webbrowser
from contextlib import closing

import httpx

from dialtone.client import Client
from infra.cli.errors import sentence_of
from infra.operations import aws
from infra.operations.stack_outputs import Stack, find_stack
from infra.output.terminal import BOLD, RED, Console
from infra.pages.console import ConsoleSite, origin
from infra.pages.server import HOST, LocalServer

URL = "CONTROL_URL"
LOOK_SECONDS = 2.0
"""That a line of this machine may take to answer."""


def run(given: argparse.Namespace) -> int:
    """Serve it until Ctrl-C; or open the one that is up."""
    console = Console()
    if not given.stack and URL not in os.environ and _is_up(there := f"http://{HOST}:{given.port}/"):
        console.line(f"The line of this machine is up. Its console: {there}", BOLD)
        _show(there, given)
        return 0
    stack = find_stack(given.stack, os.environ)
    server = LocalServer(given.port, lambda error: console.line(sentence_of(error), RED))
    with closing(server), Client(stack.control_url) as client:
        server.add(ConsoleSite(client, _audio(stack)).routes())
        with server:
            console.line(f"The console of {stack.name or 'the line'}: {server.address}", BOLD)
            console.line("It sends requests to the stack with this shell's AWS credentials. Ctrl-C ends it.")
            _show(server.address, given)
            threading.Event().wait()
    return 0


def _is_up(address: str) -> bool:
    """Whether a console answers there."""
    try:
        return "Dialtone" in httpx.get(address, timeout=LOOK_SECONDS).text
    except httpx.HTTPError:
        return False


def _show(address: str, given: argparse.Namespace) -> None:
    if not given.no_browser:
        webbrowser.open(address)


def _audio(stack: Stack) -> str:
    """Where links to the stack's audio lead: the function signs them as S3's client here would."""
    link = aws.client("s3").generate_presigned_url("get_object", Params={"Bucket": stack.recordings_bucket, "Key": "-"})
    return origin(link)
