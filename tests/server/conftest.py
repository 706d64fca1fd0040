"""A Temporal server for the tests that need one, started once and left by no process.

Tests each have an event loop of their own, so that nothing of one outlives it; a client belongs to
a loop and is connected per test, which takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkipper

from tests.server.support import RestartableServer
from tqrun.temporal.server import EmbeddedServer, ServerOptions, embedded_server


def unique_name(prefix: str) -> str:
    return f"{prefix}-{uuid4().hex[:12]}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """The server that all tests share; a test keeps to names of its own (`unique`)."""
    data = tmp_path_factory.mktemp("temporal") / "temporal.db"
    async with embedded_server(ServerOptions(data=data, port=0, headless=True)) as running:
        yield running


@pytest.fixture
async def client(server: EmbeddedServer) -> Client:
    return await Client.connect(server.address, data_converter=pydantic_data_converter)


@pytest.fixture
def time_skipping(client: Client) -> TimeSkipper:
    """Runs started through its `client` skip their timers, each on a clock of its own."""
    return TimeSkipper(client)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Make a name that no other test and no earlier call has: `unique("queue")`."""
    return unique_name


@pytest.fixture
async def restartable_server(tmp_path: Path) -> AsyncIterator[Callable[[], RestartableServer]]:
    """Make a server that is the test's own, to stop and start at will."""
    async with AsyncExitStack() as stack:

        def make() -> RestartableServer:
            data = tmp_path / unique_name("temporal") / "temporal.db"
            made = RestartableServer(ServerOptions(data=data, port=0, headless=True))
            stack.push_async_callback(made.stop)
            return made

        yield make
