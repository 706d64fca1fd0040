"""No launch is lost: launches aimed at the ends of rounds, while rounds fail and workers die.

The same stress on four mutants of the run side shows that it would see a loss.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError

import tqrun
from tests.server.declared import Declared
from tqrun.temporal.server import EmbeddedServer

IDS = int(os.environ.get("TQRUN_STRESS_IDS", "30"))
LAUNCHES = 6
"""For each id."""
MUTANT_IDS = 8
MUTANT_LAUNCHES = 40
"""Few ids at once, so that rounds are quick and hits are many; the first loss ends it."""
WORKERS = 2
KILLS = 3
SECONDS_BETWEEN_KILLS = 4.0
AIMS_SECONDS = (0.01, 0.1, 0.5)
"""A launch comes within one of these after the end of a function that it is aimed at: how long a
round takes from there to its end depends on how busy the machine is."""
LONGEST_SECONDS = 600.0
LATE_SECONDS = 2.0
"""How long after a run's end what its last function told may still be on the way."""
ROOT = Path(__file__).parents[2]
PACKAGE = Path(tqrun.__file__).parent

QUEUES = """
    queues:
      {queue}:
        version: 1
        workflow_id: {queue}-${{entity}}
        input: {{entity: string, number: integer}}
        debounce: {{window: 20ms, max_wait: 200ms}}
        activities:
          prepare: {{function: "tests.server.debounce_worker:prepare"}}
          work: {{function: "tests.server.debounce_worker:work"}}
        steps: [prepare, work]
    defaults:
      activity:
        start_to_close_timeout: 3s
        retry_policy: {{initial_interval: 100ms, non_retryable_error_types: [LookupError]}}
"""
MUTANTS = {
    "the flag is cleared after the round": [
        (
            "launches.py",
            "newest, self.newest, self.count = self.newest, None, 0",
            "newest = self.newest",
        ),
        (
            "workflow.py",
            "            # No await between this look",
            "            launches.newest = None\n            # No await between this look",
        ),
    ],
    "an await after the last look": [
        (
            "workflow.py",
            "            if launches.newest is None:\n",
            "            if launches.newest is None:\n                await workflow.sleep(0.2)\n",
        ),
    ],
    "the inbox is dropped when the run goes on in a new one": [
        ("workflow.py", "                **launches.kept(),\n", ""),
    ],
    "a failed round swallows the waiting launch": [
        (
            "workflow.py",
            "            if launches.newest is None:\n",
            "            if failure is not None or launches.newest is None:\n",
        ),
    ],
}


class Launcher(asyncio.DatagramProtocol):
    """Launches each id again and again, aimed at what the workers tell; keeps what is lost."""

    def __init__(self, queues: Declared, client: Client, queue: str) -> None:
        self._queues, self._client, self._queue = queues, client, queue
        self._ended: dict[tuple[str, str, int], asyncio.Event] = defaultdict(asyncio.Event)
        self.lost: list[tuple[str, int]] = []
        self.loss = asyncio.Event()
        self.joined = 0

    def datagram_received(self, data: bytes, _: object) -> None:
        step, entity, number = json.loads(data)
        self._ended[step, entity, number].set()

    async def pursue(self, entity: str, launches: int) -> None:
        """Launch, wait for the round that sees the launch, and launch into its end."""
        aim = random.Random(entity)
        for number in range(launches):
            launched = await self._queues.launch(self._queue, entity=entity, number=number)
            self.joined += launched.status == "joined"
            step = aim.choice(("prepare", "work"))
            if number == launches - 1:
                step = "work"
            if not await self._answered(step, entity, number):
                self.lost.append((entity, number))
                self.loss.set()
            await asyncio.sleep(aim.uniform(0, aim.choice(AIMS_SECONDS)))

    async def _answered(self, step: str, entity: str, number: int) -> bool:
        """Whether a round began with this launch's input, and so after it."""
        handle = self._client.get_workflow_handle(f"{self._queue}-{entity}")
        told = asyncio.ensure_future(self._ended[step, entity, number].wait())
        closed = asyncio.ensure_future(handle.result())
        try:
            await asyncio.wait((told, closed), return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                with suppress(WorkflowFailureError):
                    closed.result()
                await asyncio.wait((told,), timeout=LATE_SECONDS)
            return told.done()
        finally:
            told.cancel()
            closed.cancel()


class Workers:
    """Processes that work the queue, and may be killed."""

    def __init__(self, folder: Path, queue: str, environment: dict[str, str]) -> None:
        self._folder, self._queue, self._environment = folder, queue, environment
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.server.debounce_worker", self._queue]
        with (self._folder / "worker.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(command, cwd=self._folder, env=self._environment, stderr=log)
            )

    def kill_oldest(self) -> None:
        oldest = self._processes.pop(0)
        oldest.kill()
        oldest.wait()

    def stop(self) -> None:
        while self._processes:
            self.kill_oldest()


@asynccontextmanager
async def stressed(
    folder: Path, server: EmbeddedServer, client: Client, queue: str, package: Path
) -> AsyncIterator[tuple[Launcher, Workers]]:
    """Workers with the code of *package*, and the launcher that they tell where they are."""
    queues = Declared(folder, QUEUES.format(queue=queue), client)
    loop = asyncio.get_running_loop()
    transport, launcher = await loop.create_datagram_endpoint(
        lambda: Launcher(queues, client, queue), local_addr=("127.0.0.1", 0)
    )
    environment = {
        **os.environ,
        "TEMPORAL_ADDRESS": server.address,
        "LAUNCHER_PORT": str(transport.get_extra_info("sockname")[1]),
        "PYTHONPATH": os.pathsep.join((str(package.parent), str(ROOT))),
    }
    workers = Workers(folder, queue, environment)
    async with AsyncExitStack() as stack:
        stack.callback(transport.close)
        stack.callback(workers.stop)
        for _ in range(WORKERS):
            workers.start()
        yield launcher, workers


async def pursue_all(launcher: Launcher, ids: int, launches: int) -> None:
    async with asyncio.timeout(LONGEST_SECONDS):
        await asyncio.gather(*(launcher.pursue(f"id{number}", launches) for number in range(ids)))


@pytest.fixture
def queue(unique: Callable[[str], str]) -> str:
    return unique("stress").replace("-", "_")


async def test_every_launch_is_answered_by_a_round_that_began_after_it(
    tmp_path: Path, server: EmbeddedServer, client: Client, queue: str
) -> None:
    async with stressed(tmp_path, server, client, queue, PACKAGE) as (launcher, workers):
        launching = asyncio.ensure_future(pursue_all(launcher, IDS, LAUNCHES))
        for _ in range(KILLS):
            await asyncio.wait((launching,), timeout=SECONDS_BETWEEN_KILLS)
            workers.start()
            workers.kill_oldest()
        await launching
    assert launcher.lost == []
    assert launcher.joined > IDS


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_the_stress_sees_a_loss(
    tmp_path: Path, server: EmbeddedServer, client: Client, queue: str, mutant: str
) -> None:
    package = tmp_path / "mutant" / "tqrun"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for module, text, instead in MUTANTS[mutant]:
        path = package / "temporal" / module
        source = path.read_text()
        assert source.count(text) == 1, f"{module} has changed: mutate it anew"
        path.write_text(source.replace(text, instead))
    async with stressed(tmp_path, server, client, queue, package) as (launcher, _):
        launching = asyncio.ensure_future(pursue_all(launcher, MUTANT_IDS, MUTANT_LAUNCHES))
        loss = asyncio.ensure_future(launcher.loss.wait())
        await asyncio.wait((launching, loss), return_when=asyncio.FIRST_COMPLETED)
        for task in (launching, loss):
            task.cancel()
        await asyncio.gather(launching, loss, return_exceptions=True)
    assert launcher.lost
