"""When two JSON values are equal, as JSON Schema has it: 1 is 1.0, and true is not 1."""

from __future__ import annotations

from typing import Any

from tqrun.jsontypes.budget import Budget

_WORDS = {None: "null", True: "true", False: "false"}


def key(value: Any, budget: Budget) -> str:
    """What equal values have in common and others do not, in time linear in their size.

    It is a text, whose hash no sender of a value can know: Python's hashes of numbers can be
    chosen, and -1 and -2 share theirs.

    Raises:
        TooMuchWork: The value is larger than *budget* allows.
    """
    if isinstance(value, str):
        return f"{len(value)}:{value}"
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()
        return f"#{hex(int(value)) if is_whole else repr(value)};"
    if isinstance(value, dict):
        budget.spend(2 + len(value))
        fields = (f"{len(name)}:{name}{key(inner, budget)}" for name, inner in value.items())
        return f"{{{''.join(sorted(fields))}}}"
    if isinstance(value, list):
        budget.spend(2 + len(value))
        return f"[{''.join([key(item, budget) for item in value])}]"
    return f"?{value!r}"
