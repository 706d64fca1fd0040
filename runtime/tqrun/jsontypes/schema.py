"""A JSON Schema made ready: does a value fit, and if not, where and by which keyword.

`jsonschema` is not used: it compares the items of `uniqueItems` in pairs, writes the whole value
into the text of every error, searches with a backtracking engine, and takes ten seconds for a
list of a million whole numbers. Here every keyword's work is counted before it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tqrun.jsontypes.budget import Budget, TooMuchWork

MAX_FAULTS = 10
"""How many faults of one value are enough for a message."""

Step = str | int
Holds = Callable[[Any, Budget], bool]


@dataclass(frozen=True, slots=True)
class Fault:
    """One keyword that a value does not satisfy.

    Attributes:
        way: From the whole value to the part that is wrong.
        keyword: Its name; `false` where the schema allows nothing at all, empty where it takes too
            long to say.
        expected: What the schema says under the keyword.
        value: The part that is wrong.
    """

    way: tuple[Step, ...]
    keyword: str
    expected: Any
    value: Any


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword of a schema.

    Attributes:
        holds: Whether a value satisfies it.
        parts: What it judges by further schemas: a step, the schema and the part. Where it is
            not given, a fault is the keyword's own.
        covers: The names or indexes of a fitting value of which it has judged the parts.
    """

    name: str
    expected: Any
    holds: Holds
    parts: Callable[[Any, Budget], Iterable[tuple[Step | None, Schema, Any]]] | None = None
    covers: Callable[[Any, Budget], Iterable[Step]] | None = None


class Schema:
    """The keywords of one schema, those that cost least first."""

    __slots__ = ("_holds", "_price", "keywords")

    def __init__(self) -> None:
        """Allow everything, until keywords are added."""
        self.keywords: list[Keyword] = []
        self._holds: list[Holds] = []
        self._price = 1

    def add(self, keyword: Keyword) -> None:
        """Ask for one more keyword."""
        self.keywords.append(keyword)
        self._holds.append(keyword.holds)
        self._price += 1

    def is_valid(self, value: Any, budget: Budget | None = None) -> bool:
        """Whether *value*, JSON, fits.

        Raises:
            TooMuchWork: It is not known.
        """
        try:
            return self.holds(value, budget or Budget())
        except RecursionError:
            raise TooMuchWork from None

    def faults(
        self, value: Any, budget: Budget | None = None, *, most: int = MAX_FAULTS
    ) -> list[Fault]:
        """What is wrong with *value*, JSON: at most *most* of its faults.

        Args:
            value: What is judged.
            budget: Shared with other values, if given.
            most: How many are enough.

        Raises:
            TooMuchWork: It is not known.
        """
        budget = budget or Budget()
        if self.is_valid(value, budget):
            return []
        found: list[Fault] = []
        try:
            for fault in islice(_faults(self, value, budget.search, ()), most):
                found.append(fault)  # noqa: PERF402 - those before the budget ends count
        except (RecursionError, TooMuchWork):
            pass
        return found or [Fault((), "", None, value)]

    def holds(self, value: Any, budget: Budget) -> bool:
        """Whether *value* satisfies every keyword."""
        budget.left -= self._price
        if budget.left < 0:
            raise TooMuchWork
        for holds in self._holds:  # noqa: SIM110 - a generator would double its time
            if not holds(value, budget):
                return False
        return True

    def covered(self, value: Any, budget: Budget, before: Keyword | None = None) -> set[Step]:
        """The names or indexes of *value*, which fits, that a keyword has judged.

        Args:
            value: An object or a list.
            budget: Is taken from.
            before: Leave out this keyword.
        """
        budget.spend(self._price)
        found: set[Step] = set()
        for keyword in self.keywords:
            if keyword.covers is not None and keyword is not before:
                more = keyword.covers(value, budget)
                found.update(more)
        return found


def _faults(schema: Schema, value: Any, budget: Budget, way: tuple[Step, ...]) -> Iterator[Fault]:
    budget.spend(1 + len(schema.keywords))
    for keyword in schema.keywords:
        if keyword.parts is not None:
            for step, inner, part in keyword.parts(value, budget):
                yield from _faults(inner, part, budget, way if step is None else (*way, step))
        elif not keyword.holds(value, budget):
            yield Fault(way, keyword.name, keyword.expected, value)
