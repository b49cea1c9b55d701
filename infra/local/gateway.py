"""The emulator's own process: ministack behind a short queue for API calls.

Run as `python -m infra.local.gateway FD WORKERS [keep-garbage]`, with a listening socket as file descriptor FD. Every
API call that runs while another one does costs the emulator one more Lambda worker: a process of about 100 MB that
takes a second of CPU to start. AWS has room for a rush of a hundred; this machine does not. So at most WORKERS calls
are let in at once, and the others wait their turn, as they would for a slower network.
"""

import asyncio
import gc
import os
import signal
import sys
from asyncio import Semaphore
from threading import Thread
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from ministack.app import app as emulator  # type: ignore[import-untyped] # it ships no types

from infra.local.emulator import API_PATH

# Longer than any client here keeps a connection idle, so that the server never closes one that is about to be used.
KEEP_ALIVE_SECONDS = 75

STANDARD_INPUT = 0

KEEP_GARBAGE = "keep-garbage"


class Gateway:
    """The emulator's ASGI application, with at most so many API calls inside it at once."""

    def __init__(self, workers: int) -> None:
        self._turns = Semaphore(workers)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Pass a request on, an API call when it is its turn."""
        if scope["type"] == "http" and scope["path"].startswith(API_PATH):
            async with self._turns:
                await emulator(scope, receive, send)
        else:
            await emulator(scope, receive, send)


def configuration(listening: int) -> Config:
    """How hypercorn serves on a socket that is listening already."""
    config = Config()
    config.bind = [f"fd://{listening}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    return config


async def main(listening: int, workers: int) -> None:
    """Serve until killed."""
    gateway: Any = Gateway(workers)  # hypercorn's union of ASGI and WSGI callables does not name a callable object
    await serve(gateway, configuration(listening))


def end_with_the_keeper() -> None:
    """Standard input is the keeper's: when it is killed, nothing else would end this process and its functions."""
    os.read(STANDARD_INPUT, 1)  # past Python's buffer, whose lock would stand in the way of an ordinary end
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    gc.freeze()  # looking through the emulator's own modules for garbage would stop every caller for a while
    if KEEP_GARBAGE in sys.argv:
        gc.disable()
    Thread(target=end_with_the_keeper, daemon=True).start()
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
