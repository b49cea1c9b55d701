"""A Telnyx that takes every command after 120 ms: `python -m tests.benchmarks.slow_telnyx`; it prints its port."""

from __future__ import annotations

import asyncio
import sys

TELNYX_SECONDS = 0.120
BODY = b'{"data": {"result": "ok"}}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n"
WARM = "warm"
"""The call whose commands' connections are not kept: they were made before the process was forked."""


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            await reader.readexactly(int(lengths[0].partition(b":")[2]) if lengths else 0)
            await asyncio.sleep(TELNYX_SECONDS)
            closing = f"/{WARM}/".encode() in head
            writer.write(HEAD % (len(BODY), b"connection: close\r\n" if closing else b"") + BODY)
            if closing:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=1_024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
