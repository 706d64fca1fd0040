"""Wall time of `tqrun check` on large files, with warm bytecode, from start to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.benchmarks.measure import Line, Measure, Round, Setting
from tests.benchmarks.processes import TQRUN, wall_seconds
from tests.benchmarks.projects import write_project


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    for queues in (100, 1000):
        write_project(setting.folder / str(queues), queues)

    async def seconds(queues: int, *options: str) -> float:
        command = (*TQRUN, "check", *options)
        return await asyncio.to_thread(wall_seconds, command, setting.folder / str(queues))

    async def measure() -> Mapping[str, float]:
        return {
            "100": await seconds(100),
            "1000": await seconds(1000),
            "1000 unbound": await seconds(1000, "--no-bind"),
        }

    await measure()
    yield measure


MEASURE = Measure(
    "check",
    "tqrun check on 1,000 queues, 2,000 activities in 100 modules",
    (
        Line(text="1,000 queues", quantity="1000", unit="s", bar=1.5),
        Line(text="1,000 queues, --no-bind", quantity="1000 unbound", unit="s", bar=0.8),
        Line(text="100 queues", quantity="100", unit="s"),
        Line(text="1,000 queues / 100 queues", quantity="1000", over="100", bar=11),
    ),
    _begin,
)
