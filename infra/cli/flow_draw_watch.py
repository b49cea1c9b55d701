"""Runs `dialtone flow draw --watch`: a page whose pictures follow what is saved."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from dialtone.domain.errors import DialtoneError
from infra.cli.errors import sentence_of
from infra.flowkit.drawing.followed import FollowedFlows
from infra.pages.assets import assets
from infra.pages.feed import Feed
from infra.pages.server import LocalServer, Stream

LOOK_SECONDS = 0.2
"""Between two looks at the files: less than it takes to turn to the page."""


def watch(files: Callable[[], Sequence[Path]], port: int) -> NoReturn:
    """Show the flows until interrupted. Raises PortInUseError, and DialtoneError if there is no such flow."""
    _check(files())  # later, a file that is not there is one that was deleted meanwhile
    followed = FollowedFlows(files)
    feed = Feed(_as_shown(followed))
    routes = [*assets("watch.html"), ("GET", "/events", lambda _asked: Stream(feed.events()))]
    with LocalServer(port, _report, routes) as server:
        print(f"{server.address} shows what is saved. Ctrl-C ends it.", flush=True)
        while True:
            time.sleep(LOOK_SECONDS)
            shown = followed.look()
            if shown is not None:
                feed.publish(asdict(shown))


def _check(files: Sequence[Path]) -> None:
    if not files:
        raise DialtoneError("there is no flow to draw: name a flow's file")
    for file in files:
        if not file.is_file():
            raise DialtoneError(f"{file} does not exist; name a flow, or a flow's file")


def _as_shown(followed: FollowedFlows) -> dict[str, object]:
    shown = followed.look()
    return asdict(shown) if shown else {}


def _report(error: Exception) -> None:
    print(f"dialtone: {sentence_of(error)}", file=sys.stderr, flush=True)
