"""CPU of the worker process for a workflow of one activity, with and without log lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from tests.benchmarks.contenders import contenders
from tests.benchmarks.measure import Line, Measure, Round, Setting

WARM_UP_RUNS = 50
BATCH_RUNS = 20
"""The workers take turns within a round too: noise then meets all of them alike."""


@asynccontextmanager
async def _begin(setting: Setting, *, log_level: str) -> AsyncIterator[Round]:
    async with contenders(setting, log_level) as (_, workers):
        for worker in workers.values():
            await worker.cpu_seconds(min(WARM_UP_RUNS, setting.runs))

        async def measure() -> Mapping[str, float]:
            seconds = dict.fromkeys(workers, 0.0)
            for runs in _batches(setting.runs):
                for name, worker in workers.items():
                    seconds[name] += await worker.cpu_seconds(runs)
            return {name: total / setting.runs * 1000 for name, total in seconds.items()}

        yield measure


def _batches(runs: int) -> Iterator[int]:
    for done in range(0, runs, BATCH_RUNS):
        yield min(BATCH_RUNS, runs - done)


def _lines(sandboxed_bar: float | None, unsandboxed_bar: float | None) -> tuple[Line, ...]:
    return (
        Line(text="tqrun", quantity="tqrun", unit="ms"),
        Line(text="hand-written, SDK defaults", quantity="sandboxed", unit="ms"),
        Line(text="hand-written, unsandboxed", quantity="unsandboxed", unit="ms"),
        Line(
            text="tqrun / SDK defaults",
            quantity="tqrun",
            over="sandboxed",
            bar=sandboxed_bar,
            aim=sandboxed_bar and 0.65,
        ),
        Line(
            text="tqrun / unsandboxed",
            quantity="tqrun",
            over="unsandboxed",
            bar=unsandboxed_bar,
            aim=unsandboxed_bar and 1.0,
        ),
    )


LOGGED = Measure(
    "worker-cpu",
    "worker CPU per run of one activity, three log lines each",
    _lines(0.75, 1.10),
    partial(_begin, log_level="info"),
)
SILENT = Measure(
    "worker-cpu-silent",
    "the same without log lines",
    _lines(None, None),
    partial(_begin, log_level="error"),
)
