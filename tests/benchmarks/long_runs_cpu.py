"""CPU of the worker process for workflows of many steps, without log lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from tests.benchmarks.contenders import Workload, contenders
from tests.benchmarks.measure import Line, Measure, Round, Setting

RUNS_PER_STEP = 1 / 50
"""Of a workflow with many steps fewer runs are needed."""


FEW_PASSES, FEW_RUNS, MANY_PASSES = 100, 20, 10_000


PASS_SECONDS = 0.1
"""A pass that takes longer on average has met an error that Temporal retries for ever."""


def _workload(kind: str, count: Callable[[], int]) -> Workload:
    def values(number: int) -> dict[str, object]:
        return {"run": f"run-{number:06}", "count": count()}

    return Workload("long_runs", f"long_runs.{kind}", kind, "long-runs-v1", values)


@asynccontextmanager
async def _begin(setting: Setting, *, kind: str, count: int) -> AsyncIterator[Round]:
    workload = _workload(kind, lambda: count)
    runs = max(round(setting.runs * RUNS_PER_STEP), 1)
    async with contenders(setting, "error", workload) as (_, workers):
        for worker in workers.values():
            await worker.cpu_seconds(1)

        async def measure() -> Mapping[str, float]:
            seconds = dict.fromkeys(workers, 0.0)
            for _ in range(runs):
                for name, worker in workers.items():
                    seconds[name] += await worker.cpu_seconds(1)
            return {name: total / runs * 1000 for name, total in seconds.items()}

        yield measure


@asynccontextmanager
async def _begin_passes(setting: Setting) -> AsyncIterator[Round]:
    passes = FEW_PASSES
    workload = _workload("cursor", lambda: passes)
    async with contenders(setting, "error", workload) as (_, workers):
        worker = workers["tqrun"]

        async def per_pass(count: int, runs: int) -> float:
            nonlocal passes
            passes = count
            seconds = await worker.cpu_seconds(runs, within=count * PASS_SECONDS * runs)
            return seconds / runs / count * 1000

        async def measure() -> Mapping[str, float]:
            few = await per_pass(FEW_PASSES, FEW_RUNS)
            return {"few": few, "many": await per_pass(MANY_PASSES, 1)}

        await per_pass(FEW_PASSES, FEW_RUNS)
        yield measure


_LINES = (
    Line(text="tqrun", quantity="tqrun", unit="ms"),
    Line(text="hand-written, SDK defaults", quantity="sandboxed", unit="ms"),
    Line(text="hand-written, unsandboxed", quantity="unsandboxed", unit="ms"),
    Line(text="tqrun / SDK defaults", quantity="tqrun", over="sandboxed", bar=0.75),
    Line(text="tqrun / unsandboxed", quantity="tqrun", over="unsandboxed", bar=1.10),
)


def _measure(name: str, about: str, kind: str, count: int) -> Measure:
    return Measure(name, about, _LINES, partial(_begin, kind=kind, count=count))


SEQUENCE = _measure("sequence", "worker CPU for 100 activities in sequence", "sequence", 100)
FAN_OUT = _measure("fan-out", "worker CPU for 400 activities in parallel", "fan_out", 400)
CURSOR = _measure("cursor", "worker CPU for a cursor loop of 200 passes", "cursor", 200)
PASSES = Measure(
    "loop-pass",
    "worker CPU per pass of a cursor loop, of long and short loops",
    (
        Line(text=f"{FEW_PASSES} passes", quantity="few", unit="ms"),
        Line(text=f"{MANY_PASSES:,} passes", quantity="many", unit="ms"),
        Line(text="a pass of many / of few", quantity="many", over="few", bar=1.2),
    ),
    _begin_passes,
)
