"""Wall time of `tqrun --help` beside that of a Typer application that does nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.benchmarks.measure import Line, Measure, Round, Setting
from tests.benchmarks.processes import TQRUN, wall_seconds

BARE = '''\
import typer

app = typer.Typer(add_completion=False)


@app.command()
def bare() -> None:
    """Do nothing."""


app()
'''
REPETITIONS = 5


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    bare = setting.folder / "bare.py"
    bare.write_text(BARE)

    async def seconds(*command: str) -> float:
        return await asyncio.to_thread(wall_seconds, (*command, "--help"), setting.folder)

    async def measure() -> Mapping[str, float]:
        totals = {"tqrun": 0.0, "bare": 0.0}
        for _ in range(REPETITIONS):
            totals["bare"] += await seconds(sys.executable, str(bare)) * 1000
            totals["tqrun"] += await seconds(*TQRUN) * 1000
        return {name: total / REPETITIONS for name, total in totals.items()}

    await measure()
    yield measure


MEASURE = Measure(
    "help",
    "tqrun --help, against a bare Typer application",
    (
        Line(text="tqrun --help", quantity="tqrun", unit="ms"),
        Line(text="bare Typer application", quantity="bare", unit="ms"),
        Line(text="tqrun / bare", quantity="tqrun", over="bare", bar=1.3),
    ),
    _begin,
)
