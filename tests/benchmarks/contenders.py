"""The workers that do the same work, each in a process of its own, and the runs for them.

All runs are started from this process; what a worker costs is the CPU of its own process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from temporalio.client import Client

from tests.benchmarks.measure import Setting
from tests.benchmarks.processes import TQRUN, cpu_seconds, running, server
from tqrun import Queues, open_queues

HANDWRITTEN = (sys.executable, "-m", "tests.benchmarks.handwritten")
RUNS_AT_ONCE = 16
RUN_SECONDS = 60
"""A run that takes longer has met an error that Temporal retries for ever."""

Start = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Workload:
    """A workflow that every contender runs.

    Attributes:
        folder: Beside this file: queues.yaml, and the same by hand.
        queue: As tqrun launches it.
        workflow_type: As any other client starts it.
        task_queue: tqrun's.
        values: The input of one run, by its number.
    """

    folder: str
    queue: str
    workflow_type: str
    task_queue: str
    values: Callable[[int], dict[str, object]]

    @property
    def queues(self) -> Path:
        return Path(__file__).with_name(self.folder) / "queues.yaml"


def _entity(number: int) -> dict[str, object]:
    return {"entity_id": f"entity-{number:06}", "workspace_id": 1}


ONE_ACTIVITY = Workload("one_activity", "entities", "entities", "entities-v1", _entity)


class Runs:
    """Starts runs and waits for their end; each one's workflow id is the result."""

    def __init__(self, address: str, client: Client, workload: Workload) -> None:
        """Start runs on the server at *address*, through tqrun or through *client*."""
        self.client = client
        self._workload = workload
        self._queues: Queues = open_queues(workload.queues, address=address)
        self._numbers = count()

    async def launch(self) -> str:
        """One run as `tqrun launch` starts it."""
        values = self._workload.values(next(self._numbers))
        launched = await self._queues.launch(self._workload.queue, **values)
        await self._queues.wait(launched)
        return launched.workflow_id

    async def start(self, task_queue: str) -> str:
        """One run as any other client starts it."""
        number = next(self._numbers)
        values, kind = self._workload.values(number), self._workload.workflow_type
        workflow_id = f"{task_queue}-{number}"
        handle = await self.client.start_workflow(
            kind, values, id=workflow_id, task_queue=task_queue, memo=values
        )
        await handle.result()
        return workflow_id


@dataclass(frozen=True, slots=True)
class Contender:
    """A running worker.

    Attributes:
        run: Starts one run on it and waits for its end.
        log: What it has logged.
    """

    process: subprocess.Popen[bytes]
    run: Start
    log: Path

    async def cpu_seconds(self, runs: int, *, within: float = RUN_SECONDS) -> float:
        """CPU time that the worker needs for *runs* runs, each of which ends *within* seconds."""
        before = cpu_seconds(self.process)
        free = asyncio.Semaphore(RUNS_AT_ONCE)

        async def one() -> None:
            async with free, asyncio.timeout(within):
                await self.run()

        await asyncio.gather(*(one() for _ in range(runs)))
        return cpu_seconds(self.process) - before


@asynccontextmanager
async def contenders(
    setting: Setting, log_level: str = "info", workload: Workload = ONE_ACTIVITY
) -> AsyncIterator[tuple[Runs, dict[str, Contender]]]:
    """tqrun's worker, the hand-written one, and that without the SDK's sandbox, by name."""
    async with server(setting.folder) as address:
        runs = Runs(address, await Client.connect(address), workload)
        tqrun = (*TQRUN, "worker", "all", "--file", str(workload.queues), "--address", address)
        commands: dict[str, tuple[tuple[str, ...], Start]] = {
            "tqrun": (tqrun, runs.launch),
            "sandboxed": (
                (*HANDWRITTEN, address, "sandboxed", workload.folder),
                partial(runs.start, "sandboxed"),
            ),
            "unsandboxed": (
                (*HANDWRITTEN, address, "unsandboxed", workload.folder, "--unsandboxed"),
                partial(runs.start, "unsandboxed"),
            ),
        }
        with ExitStack() as workers:
            started = {}
            for name, (command, run) in commands.items():
                log = setting.folder / f"{name}.log"
                process = running((*command, "--log-level", log_level), log)
                started[name] = Contender(workers.enter_context(process), run, log)
            yield runs, started
