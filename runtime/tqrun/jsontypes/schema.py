"""A JSON Schema made ready: does a value fit, and if not, where and by which keyword."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from tqrun.jsontypes.budget import JUDGEMENT, Budget, Judgement, TooMuchWork

MAX_FAULTS = 10
"""How many faults of one value are enough for a message."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One keyword that a value does not satisfy.

    Attributes:
        way: From the whole value to the part that is wrong.
        keyword: Its name; `false` where the schema allows nothing at all.
        expected: What the schema says under the keyword.
        value: The part that is wrong.
    """

    way: tuple[str | int, ...]
    keyword: str
    expected: Any
    value: Any


class Schema:
    """What values are held against; keywords that are not known say nothing."""

    def __init__(self, source: Mapping[str, Any] | bool) -> None:
        """Judge by *source*, a sound schema."""
        self._source = source
        self._made: dict[int, Any] = {}

    @cached_property
    def _validator(self) -> Any:
        # Imported here: it costs 40 ms, and most commands judge nothing.
        from tqrun.jsontypes.validator import validator

        return validator(self._source)

    def is_valid(self, value: Any, budget: Budget | None = None) -> bool:
        """Whether *value*, JSON, fits.

        Raises:
            TooMuchWork: It is not known.
            BadPattern: A regular expression of the schema cannot be used.
        """
        return not self.faults(value, budget, most=1)

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
            BadPattern: A regular expression of the schema cannot be used.
        """
        found: list[Fault] = []
        try:
            with self._judgement(budget or Budget()):
                found.extend(islice(self._faults(value), most))
        except (RecursionError, TooMuchWork):
            if not found:
                raise TooMuchWork from None
        return found

    @contextmanager
    def _judgement(self, budget: Budget) -> Iterator[None]:
        token = JUDGEMENT.set(Judgement(budget, self._made))
        try:
            yield
        finally:
            JUDGEMENT.reset(token)

    def _faults(self, value: Any) -> Iterator[Fault]:
        last: Fault | None = None
        for error in self._validator.iter_errors(value):
            way, keyword = tuple(error.path), str(error.validator or "false")
            # The library has an error for each name that `required` finds missing.
            if last is None or (last.way, last.keyword) != (way, keyword):
                yield (last := Fault(way, keyword, error.validator_value, error.instance))
