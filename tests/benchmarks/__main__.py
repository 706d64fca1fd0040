"""`python -m tests.benchmarks`: measure tqrun beside what it replaces, and print a table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer
from rich.console import Console

from tests.benchmarks import (
    check,
    diff,
    expressions,
    help,  # noqa: A004
    history,
    long_runs_cpu,
    ready,
    replay,
    replay_steps,
    worker_cpu,
)
from tests.benchmarks.measure import Measure, Setting
from tests.benchmarks.report import Figure, as_json, as_table, figures

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        worker_cpu.LOGGED,
        worker_cpu.SILENT,
        long_runs_cpu.SEQUENCE,
        long_runs_cpu.FAN_OUT,
        long_runs_cpu.CURSOR,
        long_runs_cpu.PASSES,
        replay_steps.MEASURE,
        history.MEASURE,
        check.MEASURE,
        diff.MEASURE,
        expressions.MEASURE,
        help.MEASURE,
        ready.MEASURE,
        replay.MEASURE,
    )
}
TABLE_WIDTH = 100
"""Characters, also where the output is a file and has none."""


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MEASURE]...", help=f"Of {', '.join(MEASURES)}; all if none."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds per measure.")] = 5,
    runs: Annotated[int, typer.Option(min=1, help="Runs per worker and round.")] = 100,
    output: Annotated[
        Literal["table", "json"], typer.Option(help="json: each round too.")
    ] = "table",
) -> None:
    """Measure tqrun beside what it replaces, in interleaved rounds, and print the medians.

    The machine should have nothing else to do; ratios stand noise better than times do.
    """
    chosen = [_measure(name) for name in names or MEASURES]
    measured = asyncio.run(_figures(chosen, rounds, runs))
    if output == "json":
        typer.echo(json.dumps(as_json(measured), indent=2))
    else:
        console = Console()
        console.width = max(console.width, TABLE_WIDTH)
        console.print(as_table(measured))


def _measure(name: str) -> Measure:
    if name not in MEASURES:
        raise typer.BadParameter(f'there is no measure "{name}"; there are {", ".join(MEASURES)}')
    return MEASURES[name]


async def _figures(measures: Sequence[Measure], rounds: int, runs: int) -> list[Figure]:
    console = Console(stderr=True)
    found = []
    for measure in measures:
        with console.status(measure.about), TemporaryDirectory() as folder:
            measured = await _rounds(measure, Setting(Path(folder), runs), rounds)
            found += figures(measure, measured)
    return found


async def _rounds(measure: Measure, setting: Setting, rounds: int) -> list[Mapping[str, float]]:
    async with measure.begin(setting) as one_round:
        return [await one_round() for _ in range(rounds)]


if __name__ == "__main__":
    typer.run(main)
