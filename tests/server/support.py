"""What tests on a real server share besides their fixtures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.05


async def eventually(holds: Callable[[], bool], *, within: float = DEADLINE_SECONDS) -> None:
    """Return once *holds* does; fail after *within* seconds."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - what is waited for lives in other processes
            await asyncio.sleep(POLL_SECONDS)


class RestartableServer:
    """A server that a test stops and starts again, at the same address and on the same data."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._lifetime = AsyncExitStack()

    async def start(self) -> EmbeddedServer:
        server = await self._lifetime.enter_async_context(embedded_server(self._options))
        port = int(server.address.rpartition(":")[2])
        self._options = replace(self._options, port=port)
        return server

    async def stop(self) -> None:
        await self._lifetime.aclose()
