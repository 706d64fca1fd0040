"""Histories per second: `tqrun replay` beside a script around the SDK's own Replayer."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.benchmarks.measure import Line, Measure, Round, Setting
from tests.benchmarks.processes import TQRUN

RECORDED = Path(__file__).parents[1] / "temporal"
HISTORIES_PER_RUN = 10
"""For each run of a setting: a history takes milliseconds, a process most of a second to start."""

SDK = """
import asyncio, sys
from pathlib import Path
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from tqrun.temporal.converter import DATA_CONVERTER
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.workflow import workflow_classes

async def histories():
    for file in sorted(Path(sys.argv[1]).glob("*.json")):
        yield WorkflowHistory.from_json(file.stem, file.read_text())

async def main():
    replayer = Replayer(
        workflows=workflow_classes(["calls"], ["one", "two"], "recorded-v1"),
        interceptors=[PlanSender()],
        data_converter=DATA_CONVERTER,
        build_id="sdk",
    )
    await replayer.replay_workflows(histories())

asyncio.run(main())
"""


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    folder = setting.folder / "histories"
    folder.mkdir()
    count = setting.runs * HISTORIES_PER_RUN
    for number in range(count):
        shutil.copy(RECORDED / "histories" / "calls.json", folder / f"{number:06}.json")
    cores = sorted(os.sched_getaffinity(0))
    queues = RECORDED / "recorded" / "queues.yaml"
    own = (*TQRUN, "replay", str(folder), "--file", str(queues), "--output", "json", "--jobs")
    sdk = (sys.executable, "-c", SDK, str(folder))

    async def measure() -> Mapping[str, float]:
        return {
            "sdk": await _rate(count, sdk, cores[:1]),
            "one": await _rate(count, (*own, "1"), cores[:1]),
            "two": await _rate(count, (*own, "2"), cores[:2]),
        }

    yield measure


async def _rate(count: int, command: Sequence[str], cores: Sequence[int]) -> float:
    """Milliseconds of *command* per history, on *cores*."""

    def run() -> float:
        pinned = ("taskset", "--cpu-list", ",".join(map(str, cores)), *command)
        started = time.perf_counter()
        done = subprocess.run(pinned, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode != 0:
            raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stderr}")
        if done.stdout and json.loads(done.stdout)["ok"] != count:
            raise RuntimeError(f"not every history was replayed:\n{done.stdout}")
        return seconds

    return await asyncio.to_thread(run) / count * 1000


MEASURE = Measure(
    "replay",
    "time per history of 17 events, whole processes, from files",
    (
        Line(text="the SDK's Replayer, one core", quantity="sdk", unit="ms"),
        Line(text="tqrun replay, one core", quantity="one", unit="ms"),
        Line(text="tqrun replay, two cores", quantity="two", unit="ms"),
        Line(text="one core / the SDK's", quantity="one", over="sdk", bar=1 / 0.9),
        Line(text="two cores / the SDK's", quantity="two", over="sdk", bar=1 / 1.7),
    ),
    _begin,
)
