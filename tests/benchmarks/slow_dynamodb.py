"""The way to an emulated DynamoDB, 5 ms long: `python -m tests.benchmarks.slow_dynamodb URL`; it prints its port.

What a client sends is passed on 5 ms later, whoever made the client and how; answers pass at once.
"""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

DYNAMODB_SECONDS = 0.005
PIECE_BYTES = 65_536


async def _passed(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on until the source ends; equal delays keep the order."""
    loop = asyncio.get_running_loop()
    while piece := await source.read(PIECE_BYTES):
        if seconds:
            loop.call_later(seconds, sink.write, piece)
        else:
            sink.write(piece)
    loop.call_later(seconds, sink.close)


async def _main(host: str, port: int) -> None:
    async def path(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        await asyncio.gather(_passed(reader, back, DYNAMODB_SECONDS), _passed(there, writer, 0), return_exceptions=True)

    server = await asyncio.start_server(path, "127.0.0.1", 0, backlog=1_024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    emulator = urlsplit(sys.argv[1])
    asyncio.run(_main(emulator.hostname or "", emulator.port or 0))
