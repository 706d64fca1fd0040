"""CPU and memory of single expressions: hostile ones, work on 10,000 records, small ones."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.benchmarks.measure import Line, Measure, Round, Setting

_COMMAND = (sys.executable, "-m", "tests.benchmarks.expression_costs")
_RECORDS = {"ids": "users.map(u, u.id)", "records": "users.map(u, u)"}


@asynccontextmanager
async def _begin(_: Setting) -> AsyncIterator[Round]:
    def measured() -> Mapping[str, float]:
        done = subprocess.run(_COMMAND, check=True, capture_output=True)
        costs = json.loads(done.stdout)
        found: dict[str, float] = {}
        for kind in ("hostile", "honest"):
            found[f"{kind} ms"] = 1e3 * max(seconds for seconds, _ in costs[kind].values())
            found[f"{kind} MB"] = max(size for _, size in costs[kind].values()) / 1e6
        for name, source in _RECORDS.items():
            seconds, size = costs["honest"][source]
            found |= {f"{name} ms": 1e3 * seconds, f"{name} MB": size / 1e6}
        return found | {name: 1e6 * seconds for name, (seconds, _) in costs["small"].items()}

    async def measure() -> Mapping[str, float]:
        return await asyncio.to_thread(measured)

    yield measure


MEASURE = Measure(
    "expressions",
    "one expression, on a result of 2 MB and lists of 9,999",
    (
        Line(text="hostile, the worst one's CPU", quantity="hostile ms", unit="ms", bar=100),
        Line(text="hostile, the worst one's memory", quantity="hostile MB", unit="MB", bar=50),
        Line(text="an id of each of 9,999 records", quantity="ids ms", unit="ms", bar=60),
        Line(text="its memory", quantity="ids MB", unit="MB", bar=10),
        Line(text="9,999 records of 10 fields", quantity="records ms", unit="ms", bar=60),
        Line(text="its memory", quantity="records MB", unit="MB", bar=10),
        Line(text="honest work, the worst", quantity="honest ms", unit="ms", bar=100),
        Line(
            text="a field of a result of 200 records",
            quantity="a field of a result of 200 records",
            unit="µs",
            bar=3,
        ),
        Line(text="a comparison", quantity="a comparison", unit="µs"),
        Line(text="a list of three", quantity="a list of three", unit="µs"),
    ),
    _begin,
)
