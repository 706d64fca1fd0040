"""How much work one judgement may be: the bound that holds whatever schema meets whatever value.

It is counted in steps, never in seconds, so that a value is refused everywhere or nowhere.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, NamedTuple

MAX_STEPS = 2_000_000
"""A few seconds. A list of 2 MB that holds 150,000 unique objects takes 1.5 million."""


class TooMuchWork(Exception):
    """The judgement was given up; the text is what a message says of the value."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("takes too long to validate against its schema; send less, or simplify it")


class Budget:
    """The steps that are left. One is a keyword applied to a value, about 1 µs."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Allow *steps*."""
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take *steps*, before the work is done.

        Raises:
            TooMuchWork: There are not as many.
        """
        self._left -= steps
        if self._left < 0:
            raise TooMuchWork


class Judgement(NamedTuple):
    """What the keywords of one judgement share.

    Attributes:
        budget: The steps that are left.
        made: What was made of parts of the schema, by their identity; kept with the schema.
    """

    budget: Budget
    made: dict[int, Any]


JUDGEMENT: ContextVar[Judgement] = ContextVar("judgement")
"""The one that is under way; `jsonschema` passes nothing of ours to a keyword."""
