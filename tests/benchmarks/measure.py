"""What a measure is: rounds that yield quantities, and the lines that a table makes of them.

A new measure is one file with a `MEASURE`, and its entry in the table of `__main__`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

Round = Callable[[], Awaitable[Mapping[str, float]]]
"""Measures every quantity of a measure once, one after the other."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a measure is given.

    Attributes:
        folder: Empty, and its own.
        runs: Workflow runs per worker and round.
    """

    folder: Path
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table: a quantity, or how many times another one it is.

    Attributes:
        quantity: What each round measures.
        over: The quantity of the same round that it is divided by.
        bar: The largest median that is good enough.
        aim: The largest median that is hoped for.
    """

    text: str
    quantity: str
    over: str | None = None
    unit: str = ""
    bar: float | None = None
    aim: float | None = None

    def value(self, measured: Mapping[str, float]) -> float:
        """What one round gives for this line."""
        value = measured[self.quantity]
        return value if self.over is None else value / measured[self.over]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured together, so that its rounds are comparable.

    Attributes:
        begin: Sets up and warms up; yields what measures one round.
    """

    name: str
    about: str
    lines: tuple[Line, ...]
    begin: Callable[[Setting], AbstractAsyncContextManager[Round]]
