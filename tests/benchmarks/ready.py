"""How soon a process with a hundred workers is ready, and its memory then."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from tests.benchmarks.measure import Line, Measure, Round, Setting
from tests.benchmarks.processes import TQRUN, resident_megabytes, running, server
from tests.benchmarks.projects import write_project

QUEUES = 100
BARE = (sys.executable, "-m", "tests.benchmarks.bare_workers")
POLL_SECONDS = 0.05
SETTLE_SECONDS = 2.0
"""From ready to the measured memory: the pollers of both are at rest then."""


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    project = setting.folder / "project"
    write_project(project, QUEUES)
    file, log = str(project / "queues.yaml"), setting.folder / "workers.log"

    async with server(setting.folder) as address:

        async def tqrun() -> tuple[float, float]:
            health = f"127.0.0.1:{_free_port()}"
            command = (*TQRUN, "worker", "all", "--file", file, "--address", address)
            url = f"http://{health}/readyz"
            with running((*command, "--health", health), log) as process:
                started = time.perf_counter()
                await _until(lambda: asyncio.to_thread(_is_ready, url))
                seconds = time.perf_counter() - started
                await asyncio.sleep(SETTLE_SECONDS)
                return seconds, resident_megabytes(process)

        async def bare() -> float:
            with running((*BARE, address, str(QUEUES)), log) as process:
                assert process.stdout is not None
                await asyncio.to_thread(process.stdout.readline)
                await asyncio.sleep(SETTLE_SECONDS)
                return resident_megabytes(process)

        async def measure() -> Mapping[str, float]:
            seconds, megabytes = await tqrun()
            return {"ready": seconds, "tqrun": megabytes, "bare": await bare()}

        await measure()
        yield measure


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(POLL_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        pass
    return False


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


MEASURE = Measure(
    "worker-all",
    "tqrun worker all with 100 queues, against 100 bare SDK workers in one process",
    (
        Line(text="ready", quantity="ready", unit="s", bar=3),
        Line(text="memory of tqrun", quantity="tqrun", unit="MB"),
        Line(text="memory of bare SDK workers", quantity="bare", unit="MB"),
        Line(text="memory, tqrun / bare", quantity="tqrun", over="bare", bar=1.3),
    ),
    _begin,
)
