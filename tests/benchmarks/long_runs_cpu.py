"""CPU of the worker process for workflows of many steps, without log lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from tests.benchmarks.contenders import Workload, contenders
from tests.benchmarks.measure import Line, Measure, Round, Setting

RUNS_PER_STEP = 1 / 50
"""Of a workflow with many steps fewer runs are needed."""


@asynccontextmanager
async def _begin(setting: Setting, *, kind: str, count: int) -> AsyncIterator[Round]:
    def values(number: int) -> dict[str, object]:
        return {"run": f"run-{number:06}", "count": count}

    workload = Workload("long_runs", f"long_runs.{kind}", kind, "long-runs-v1", values)
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
