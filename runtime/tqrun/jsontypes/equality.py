"""When two JSON values are equal, as JSON Schema has it: 1 is 1.0, and true is not 1."""

from __future__ import annotations

from collections.abc import Hashable
from math import isfinite
from typing import Any

from tqrun.jsontypes.budget import Budget

_EXACT = 1 << 60
"""A number below it is its own hash. Larger ones could be chosen to share one."""


def key(value: Any, budget: Budget) -> Hashable:
    """What equal values have in common and others do not, in time linear in their size.

    A container's begins with a text, whose hash no sender of a value can know.

    Raises:
        TooMuchWork: The value is larger than *budget* allows.
    """
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict):
        budget.spend(2 + len(value))
        return ("object", frozenset((name, key(inner, budget)) for name, inner in value.items()))
    if isinstance(value, list):
        budget.spend(2 + len(value))
        return ("array", *[key(item, budget) for item in value])
    return ("other", repr(value))


def _number(value: float) -> Hashable:
    if -_EXACT < value < _EXACT:
        return value
    # From there on each finite float is whole.
    finite = isinstance(value, int) or isfinite(value)
    return ("number", hex(int(value)) if finite else repr(value))
