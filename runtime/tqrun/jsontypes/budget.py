"""How much work one judgement may be: the bound that holds whatever schema meets whatever value.

It is counted in steps, never in seconds, so that a value is refused everywhere or nowhere.
"""

from __future__ import annotations

MAX_STEPS = 2_500_000
"""At most about a second. A million whole numbers, the most that 2 MB hold, take two million."""


class TooMuchWork(Exception):
    """The judgement was given up; the text is what a message says of the value."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("takes too long to validate against its schema; send less, or simplify it")


class Budget:
    """The steps that are left. One is a keyword applied to a value, some 0.3 µs.

    Attributes:
        left: Taken from directly where a call would cost more than the step.
    """

    __slots__ = ("_search", "left")

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Allow *steps*."""
        self.left = steps
        self._search: Budget | None = None

    @property
    def search(self) -> Budget:
        """The steps for saying where values do not fit, once it is known that they do not."""
        if self._search is None:
            self._search = Budget()
        return self._search

    def spend(self, steps: int) -> None:
        """Take *steps*, before the work is done.

        Raises:
            TooMuchWork: There are not as many.
        """
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork
