"""How much one evaluation may do: passes over lists, steps of work, and what it builds.

Everything is counted before it is done, and never by a clock: a run that is replayed on another
machine must fail, or not, where it did at first.
"""

from __future__ import annotations

from typing import Any

MAX_PASSES = 10_000
"""CEL's own limit for all loops of one evaluation together."""
MAX_STEPS = 1_000_000
"""A step is about what it costs to read a name, 0.05 to 0.1 microseconds."""
MAX_BUILT = 8_000_000
"""Bytes of text, lists and objects, four times what Temporal takes as a payload."""

UNMARKED = 50
"""How many budgets an evaluation of a run has that was started without one.

It keeps such a start, which anybody may forge, from taking the worker's memory. Before there was a
budget no evaluation came near: its workflow task would not have ended in time.
"""
_WAY_OUT = "make it a foreach or an activity"
TOO_MANY_PASSES = f"more than {MAX_PASSES:,} passes over lists in one expression; make it a foreach"
TOO_MUCH_WORK = f"more than {MAX_STEPS:,} steps in one evaluation; {_WAY_OUT}"
TOO_LARGE = f"more than {MAX_BUILT // 1_000_000} MB built in one evaluation; {_WAY_OUT}"
FAR_TOO_MUCH = f"more than {UNMARKED} times the work that one evaluation may do; {_WAY_OUT}"

CALL = 150
"""Steps of one call that CEL makes."""
CHARACTERS = 512
"""Of text that one step searches or copies."""
ITEM = 24
"""Bytes of one item of a list, with a number in it."""
FIELD = 40
"""Bytes of one field of an object."""
_CONTAINER, _LOOKED_AT = 6, 4
"""Steps of looking at a list or an object, and at each of its items."""
_NUMBER = 24
"""Characters of a number, at most."""


class OverBudget(Exception):
    """The evaluation has done too much, which no other branch makes up for."""


class Meter:
    """What one evaluation has done, and has left."""

    __slots__ = ("_bounded", "passes", "room", "steps")

    def __init__(self, *, bounded: bool) -> None:
        """Begin; one that is not *bounded* belongs to a run from before there was a budget."""
        self.passes, self._bounded = 0, bounded
        budgets = 1 if bounded else UNMARKED
        self.steps = MAX_STEPS * budgets
        self.room = MAX_BUILT * budgets

    def go(self, passes: int) -> None:
        """Count *passes* over a list."""
        self.passes += passes
        if self.passes >= MAX_PASSES:
            raise OverBudget(TOO_MANY_PASSES)

    def work(self, steps: int) -> None:
        """Take *steps*."""
        self.steps -= steps
        if self.steps < 0:
            raise OverBudget(TOO_MUCH_WORK if self._bounded else FAR_TOO_MUCH)

    def build(self, size: int) -> None:
        """Build *size* bytes, which is work too."""
        self.room -= size
        if self.room < 0:
            raise OverBudget(TOO_LARGE if self._bounded else FAR_TOO_MUCH)
        self.steps -= size // CHARACTERS
        if self.steps < 0:
            raise OverBudget(TOO_MUCH_WORK if self._bounded else FAR_TOO_MUCH)

    def look(self, value: Any) -> int:
        """Take the steps of looking through all of *value*; the characters in it."""
        found = 0
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                found += len(one)
                self.work(len(one) // CHARACTERS)
            elif isinstance(one, list | dict):
                found += 2 * len(one)
                self.work(_CONTAINER + _LOOKED_AT * len(one))
                waiting.extend(one)
                if isinstance(one, dict):
                    self.work(_LOOKED_AT * len(one))
                    waiting.extend(one.values())
            else:
                found += _NUMBER
        return found
