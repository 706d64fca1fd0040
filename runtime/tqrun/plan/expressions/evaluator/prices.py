"""What a call costs and builds, reckoned before it is made.

CEL's C++ has no bound of its own on memory or time, and holds the worker's interpreter meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tqrun.plan.expressions.evaluator.meter import CHARACTERS, ITEM, Meter
from tqrun.plan.expressions.functions import MAX_RANGE

PART = 100
"""Bytes of one part of a text that was split."""
_DECODED = 7
"""Characters that CEL takes apart in one step."""
_LONG, _COMPARED = 64, 250
"""From so many characters on, Python looks for a text in one go; and what one step compares."""
_PATTERN, _COPY, _CLASS_COPY = 5, 30, 12_000
"""Steps of a character of a regular expression, of a repetition, and of one of `\\pL` and such."""
_MATCHED = 10
"""Characters that a regular expression looks at in one step."""
_MOST_COPIES = 1_000
"""Of a group in a group; RE2 refuses more."""
_REPEATS = re.compile(r"(\)?)\{(\d{1,9})(?:,(\d{0,9}))?\}")
_CLASS = re.compile(r"\\[pP]")
_PRECISION = re.compile(r"%\.(\d+)")
_SCALARS = (str, int, float)
_WITH_CONTAINERS = (*_SCALARS, list, dict)
_OF_CONTAINERS = frozenset(
    ("join", "format", "size", "chunk", "sum", "keys", "values", "min", "max", "range", "hash")
)
"""Functions whose price looks at lists and objects; CEL converts those of others to refuse them."""
_FORMATTED = 3
"""Characters, at most, that one character of a value becomes."""


def price(meter: Meter, function: str, arguments: list[Any]) -> None:
    """Charge *meter* for a call of *function*.

    Raises:
        OverBudget: It would cost too much.
    """
    charge = _PRICES.get(function)
    expected = _WITH_CONTAINERS if function in _OF_CONTAINERS else _SCALARS
    if charge is not None and all(isinstance(argument, expected) for argument in arguments):
        charge(meter, *arguments)
        return
    size = sum(meter.look(argument) for argument in arguments)
    meter.build(2 * size)
    meter.work(size // _DECODED)


def searched(meter: Meter, text: Any, part: Any) -> None:
    """Charge for looking for *part* in *text* as Python does, at its worst."""
    if isinstance(text, str) and isinstance(part, str):
        meter.work(len(text) // CHARACTERS + len(text) * min(len(part), _LONG) // _COMPARED)


def _searched(meter: Meter, text: Any, part: Any, *_: Any) -> None:
    """As CEL does, which begins anew at each character."""
    if isinstance(text, str) and isinstance(part, str):
        meter.work(len(text) // _DECODED + len(text) * len(part) // _COMPARED)


def replaced(meter: Meter, text: Any, part: Any, other: Any, limit: Any = -1) -> None:
    """Charge for what takes the place of *part* in *text*."""
    searched(meter, text, part)
    if not all(isinstance(one, str) for one in (text, part, other)):
        return
    count = text.count(part) if part else len(text) + 1
    if isinstance(limit, int) and limit >= 0:
        count = min(count, limit)
    meter.work(count)
    meter.build(len(text) + count * max(len(other) - len(part), 0))


def _split(meter: Meter, text: Any, separator: Any, *_: Any) -> None:
    _searched(meter, text, separator)
    if isinstance(text, str) and isinstance(separator, str):
        parts = text.count(separator) + 1 if separator else len(text)
        meter.work(3 * parts)
        meter.build(len(text) + PART * parts)


def joined(meter: Meter, items: Any, separator: Any = "") -> None:
    """Charge for the text of all *items*."""
    if isinstance(items, list):
        meter.work(3 * len(items))
        others = [item for item in items if not isinstance(item, str)]
        others += [] if isinstance(separator, str) else [separator]
        meter.build(2 * meter.look(others))
        size = sum(len(item) for item in items if isinstance(item, str))
        meter.build(size + len(items) * len(separator if isinstance(separator, str) else ""))


def _format(meter: Meter, text: Any, values: Any) -> None:
    if not isinstance(text, str):
        return
    precise = sum(int(digits) for digits in _PRECISION.findall(text))
    size = meter.look(values)
    meter.build(len(text) + precise + _FORMATTED * size)
    meter.work(size // 2)
    meter.work(len(text) // 8)


def _matches(meter: Meter, text: Any, pattern: Any) -> None:
    if not (isinstance(text, str) and isinstance(pattern, str)):
        return
    copies, groups = 1, 1
    for group, least, most in _REPEATS.findall(pattern):
        count = int(most or least)
        copies, groups = (copies, groups * count) if group else (copies + count, groups)
    copies *= max(min(groups, _MOST_COPIES), 1)
    copy = _CLASS_COPY if _CLASS.search(pattern) else _COPY
    meter.work(_PATTERN * len(pattern) + copy * copies)
    meter.work(len(text) // _MATCHED + len(text) * (len(pattern) + copies) // 1024)
    # Each copy may be a state of its own, and all of them may be open at once.
    meter.work(len(text) * (copies - 1) // 100)


def compared(meter: Meter, _: Any, part: Any) -> None:
    """Charge for comparing the beginning or the end of a text with *part*."""
    if isinstance(part, str):
        meter.work(len(part) // CHARACTERS)


def _copied(meter: Meter, text: Any, *_: Any) -> None:
    if isinstance(text, str):
        meter.work(len(text) // _DECODED)
        meter.build(len(text))


def _measured(meter: Meter, *values: Any) -> None:
    for value in values:
        if isinstance(value, str):
            meter.work(len(value) // _DECODED)


def _parsed(meter: Meter, value: Any, *_: Any) -> None:
    if isinstance(value, str):
        meter.work(len(value) // _DECODED)


def _listed(meter: Meter, items: Any, *_: Any) -> None:
    if isinstance(items, list | dict):
        meter.work(2 * len(items))
        meter.build(ITEM * len(items))


def _chunked(meter: Meter, items: Any, size: Any) -> None:
    _listed(meter, items)
    if isinstance(items, list) and isinstance(size, int) and size > 0:
        meter.build(3 * ITEM * (len(items) // size))


def _summed(meter: Meter, items: Any) -> None:
    if isinstance(items, list):
        meter.work(2 * len(items))


def _ordered(meter: Meter, *values: Any) -> None:
    for value in values:
        meter.look(value)


def _counted(meter: Meter, count: Any) -> None:
    if isinstance(count, int) and 0 < count <= MAX_RANGE:
        meter.work(count // 2)
        meter.build(ITEM * count)


def _hashed(meter: Meter, text: Any) -> None:
    if isinstance(text, str):
        meter.work(len(text) // 32)


_PRICES: dict[str, Callable[..., None]] = {
    "matches": _matches,
    "replace": replaced,
    "split": _split,
    "join": joined,
    "format": _format,
    "indexOf": _searched,
    "lastIndexOf": _searched,
    "contains": searched,
    "startsWith": compared,
    "endsWith": compared,
    "size": _measured,
    "int": _parsed,
    "double": _parsed,
    "uint": _parsed,
    "bool": _parsed,
    "timestamp": _parsed,
    "duration": _parsed,
    **dict.fromkeys(("lowerAscii", "upperAscii", "trim", "reverse", "substring"), _copied),
    **dict.fromkeys(("charAt",), _measured),
    "chunk": _chunked,
    "sum": _summed,
    "keys": _listed,
    "values": _listed,
    "min": _ordered,
    "max": _ordered,
    "range": _counted,
    "hash": _hashed,
}
