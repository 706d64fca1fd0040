"""What a keyword does with a value, and what it may ask for: the schemas inside, a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from tqrun.jsontypes.budget import Budget
from tqrun.jsontypes.patterns import search, states
from tqrun.jsontypes.schema import Holds, Schema, Step

Source = Mapping[str, Any]
Parts = Iterable[tuple[Step | None, Schema, Any]]

_TEXT_PER_STEP = 32
"""Characters that a search looks at in the time of one step, for each state of the pattern."""


class Judge(NamedTuple):
    """What a keyword does with a value; see `Keyword`."""

    holds: Holds
    parts: Callable[[Any, Budget], Parts] | None = None
    covers: Callable[[Any, Budget], Iterable[Step]] | None = None


class Document(Protocol):
    """What makes schemas of the sources inside."""

    def schema(self, source: Source | bool) -> Schema:
        """The schema that *source* writes."""

    def referred(self, reference: str) -> Schema:
        """The schema that *reference* names."""


Make = Callable[[Any, Source, Document], Judge]
"""Makes a judge of what a schema says under a keyword, the schema around it, and its document."""


def searcher(pattern: str) -> Callable[[str, Budget], bool]:
    """Whether *pattern* is found in a text; the budget is asked first."""
    find, size = search(pattern), states(pattern)

    def found(text: str, budget: Budget) -> bool:
        # Python lets a name be of another type; such a one matches nothing.
        if not isinstance(text, str):
            return False
        budget.left -= size * len(text) // _TEXT_PER_STEP
        if budget.left < 0:
            budget.spend(0)
        return find(text)

    return found
