"""The figures of all rounds: a table for people, JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Any, Literal

from rich.table import Table

from tests.benchmarks.measure import Line, Measure

_NUMBERS = ("median", "rounds", "bar", "aim")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one line came to.

    Attributes:
        values: One per round.
    """

    measure: str
    line: Line
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> str:
        if self.line.bar is None:
            return ""
        if self.median > self.line.bar:
            return "missed"
        return "met" if self.line.aim is None or self.median <= self.line.aim else "bar met"


def figures(measure: Measure, rounds: Sequence[Mapping[str, float]]) -> list[Figure]:
    """The lines of *measure* over *rounds*."""
    return [
        Figure(measure.name, line, tuple(line.value(measured) for measured in rounds))
        for line in measure.lines
    ]


def as_table(measured: Sequence[Figure]) -> Table:
    """Medians, with the lowest and highest round, against the bars."""
    table = Table(caption=f"medians of {len(measured[0].values)} rounds; {machine()}")
    for heading in ("measure", "", "median", "rounds", "bar", "aim", ""):
        justify: Literal["right", "left"] = "right" if heading in _NUMBERS else "left"
        table.add_column(heading, justify=justify, no_wrap=True)
    for index, figure in enumerate(measured):
        line = figure.line
        new = index == 0 or measured[index - 1].measure != figure.measure
        last = index + 1 == len(measured) or measured[index + 1].measure != figure.measure
        table.add_row(
            figure.measure if new else "",
            line.text,
            f"{_number(figure.median)} {line.unit}".strip(),
            f"{_number(min(figure.values))}-{_number(max(figure.values))}",
            "" if line.bar is None else _number(line.bar),
            "" if line.aim is None else _number(line.aim),
            figure.verdict,
            end_section=last,
        )
    return table


def as_json(measured: Sequence[Figure]) -> dict[str, Any]:
    """Everything that the table has, and each round."""
    return {
        "machine": machine(),
        "figures": [
            {
                "measure": figure.measure,
                "line": figure.line.text,
                "unit": figure.line.unit or None,
                "median": figure.median,
                "rounds": figure.values,
                "bar": figure.line.bar,
                "aim": figure.line.aim,
                "verdict": figure.verdict or None,
            }
            for figure in measured
        ],
    }


def machine() -> str:
    """What the figures depend on."""
    python, sdk = platform.python_version(), version("temporalio")
    return f"{os.cpu_count()} cores, Python {python}, temporalio {sdk}, {platform.system()}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
