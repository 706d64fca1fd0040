"""Generated programs: however a run is cut, replayed or moved, it comes to the same.

`make programs` runs 2,000; TQRUN_PROGRAMS says how many otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from tests.server.inprocess import Json, failures_in, histories, launched, outcome, working
from tests.temporal import programs, replay_programs
from tqrun.plan.registry import Registry, Service
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.server import EmbeddedServer

PROGRAMS = int(os.environ.get("TQRUN_PROGRAMS", "25"))
FULL = PROGRAMS > 100
BATCH = 50 if FULL else 13
DEADLINE_SECONDS = 300
RUNS_REPLAYED = 2 if FULL else 20
"""Of those that one program is continued in."""
HASH_SEEDS = range(10 if FULL else 4)
TOTALS: Counter[str] = Counter()
"""Of the batches so far, printed after each; `-s` shows them."""
Handle = WorkflowHandle[Any, Any]


@pytest.fixture
async def launching(server: EmbeddedServer) -> Client:
    return await connect(Connection(server.address, None, None), "default")


class Batch:
    """Some programs in a queues file, compiled."""

    def __init__(self, folder: Path, queue: str, seeds: range) -> None:
        file = folder / f"{queue}.yaml"
        content = programs.queues_file(queue, seeds)
        file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        registry = Registry(file)
        self.seeds, self.queue = seeds, queue
        self.service: Service = registry.services([queue])[0]

    async def start(self, client: Client, way: str) -> dict[int, Handle]:
        """A run of every program, each with a signal that has arrived before it begins."""

        async def one(seed: int) -> Handle:
            launch = self.service.workflows[programs.name_of(seed)]
            values, queue = programs.arguments(seed), self.task_queue(way)
            handle = await launched(client, launch, values, task_queue=queue, suffix=f"-{way}")
            await handle.signal("note", {"text": f"note {seed}"})
            return handle

        found = await asyncio.gather(*(one(seed) for seed in self.seeds))
        return dict(zip(self.seeds, found, strict=True))

    def task_queue(self, way: str) -> str:
        return f"{self.queue}-{way}"


@pytest.mark.parametrize("first", range(0, PROGRAMS, BATCH))
async def test_a_program_comes_to_the_same_however_it_is_run(
    launching: Client, unique: Callable[[str], str], tmp_path: Path, first: int
) -> None:
    """Plainly, continued at every safe point, moved to another worker and always replayed."""
    seeds = range(first, min(first + BATCH, PROGRAMS))
    batch = Batch(tmp_path, unique("programs").replace("-", "_"), seeds)
    plain, continued, moved = await asyncio.gather(
        run_plainly(launching, batch),
        run_continued(launching, batch),
        run_moved(launching, batch),
    )
    for seed in seeds:
        expected = plain.outcomes[seed]
        assert (seed, continued.outcomes[seed]) == (seed, expected)
        assert (seed, moved.outcomes[seed]) == (seed, expected)
    failed = sum("error" in one for one in plain.outcomes.values())
    runs = [len(chain) for chain in continued.histories.values()]
    assert 0 < failed < len(seeds)
    assert max(runs) > 10
    folder = tmp_path / batch.queue
    files = keep(plain.histories, folder / "plain")
    files += keep(continued.histories, folder / "continued")
    TOTALS.update(programs=len(seeds), failed=failed, runs=sum(runs))
    TOTALS["replayed"] += await replayed(folder, files)
    TOTALS["most runs"] = max(TOTALS["most runs"], *runs)
    print(dict(TOTALS), flush=True)


class Ran:
    """What the programs of a batch came to, and their histories."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Json] = {}
        self.histories: dict[int, list[WorkflowHistory]] = {}

    async def collect(self, client: Client, handles: dict[int, Handle], most: int) -> Ran:
        async def one(seed: int, handle: Handle) -> None:
            self.outcomes[seed] = await outcome(handle, within=DEADLINE_SECONDS)
            self.histories[seed] = await histories(client, handle, most=most)
            problems = [text for one in self.histories[seed] for text in failures_in(one)]
            assert (seed, problems) == (seed, [])

        await asyncio.gather(*(one(seed, handle) for seed, handle in handles.items()))
        return self


async def run_plainly(client: Client, batch: Batch) -> Ran:
    handles = await batch.start(client, "plain")
    async with working(client, batch.service, task_queue=batch.task_queue("plain")):
        return await Ran().collect(client, handles, 1)


async def run_continued(client: Client, batch: Batch) -> Ran:
    handles = await batch.start(client, "continued")
    queue = batch.task_queue("continued")
    async with working(client, batch.service, task_queue=queue, is_time_to_stop=lambda: True):
        return await Ran().collect(client, handles, 1000)


async def run_moved(client: Client, batch: Batch) -> Ran:
    """One worker begins, another one takes over at a random moment and remembers no run."""
    handles = await batch.start(client, "moved")
    queue = batch.task_queue("moved")
    moment = Random(batch.seeds.start).uniform(0.05, 0.5)
    async with working(client, batch.service, task_queue=queue):
        await asyncio.sleep(moment)
    async with working(client, batch.service, task_queue=queue, cached_runs=0):
        return await Ran().collect(client, handles, 1)


def keep(found: dict[int, list[WorkflowHistory]], folder: Path) -> int:
    """Write the histories that are replayed; how many."""
    folder.mkdir(parents=True)
    chosen = {
        f"{seed}-{number:03}": history
        for seed, chain in found.items()
        for number, history in enumerate(chain[:RUNS_REPLAYED])
    }
    for name, history in chosen.items():
        (folder / f"{name}.json").write_text(history.to_json())
    return len(chosen)


async def replayed(folder: Path, files: int) -> int:
    """Replay in fresh processes, one per hash seed; a small form gives each seed a share."""
    shares = 1 if FULL else len(HASH_SEEDS)
    counts: list[int] = []
    for seeds in (HASH_SEEDS[::2], HASH_SEEDS[1::2]):
        counts += await asyncio.gather(*(replay(folder, seed, shares) for seed in seeds))
    assert counts == [files] * len(counts) if FULL else sum(counts) == files
    return sum(counts)


async def replay(folder: Path, seed: int, shares: int) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", replay_programs.__name__, str(folder)),
        *(str(seed % shares), str(shares)),
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problems = await process.communicate()
    assert process.returncode == 0, problems.decode()[-3000:]
    return sum(int(count) for count in out.decode().split())


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("temporalio.activity", "tqrun.workflow", "tqrun.activity"):
        caplog.set_level(logging.CRITICAL, logger=name)
