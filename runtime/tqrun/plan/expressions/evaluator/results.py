"""What leaves an expression: JSON, copied, every map sorted by key."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from tqrun.plan.expressions.evaluator.meter import FIELD, ITEM, Meter
from tqrun.plan.expressions.evaluator.values import Failed, Foreign, Optional
from tqrun.plan.expressions.functions import rfc3339

_TEXT = frozenset({str})
_AS_IS = frozenset({int, bool, type(None)})
_OBJECT, _FIELD = 10, 4
"""Steps of copying an object, and each field of it."""


def result(meter: Meter, value: Any) -> Any:
    """*value* as JSON.

    Raises:
        Failed: JSON has nothing for it.
    """
    which = type(value)
    if which in _AS_IS:
        return value
    if which is str:
        meter.build(len(value))
        return value
    if which is dict:
        return _object(meter, value)
    if which is list:
        meter.build(ITEM * len(value))
        meter.work(len(value))
        return [item if type(item) in _AS_IS else result(meter, item) for item in value]
    if which is float:
        if not isfinite(value):
            raise Failed(f"{value} is no JSON number")
        return value
    if isinstance(value, Foreign):
        return _of_foreign(value)
    if isinstance(value, Optional):
        raise Failed("an optional is no value; write .orValue(…) after it")
    return value


def _object(meter: Meter, value: dict[Any, Any]) -> dict[str, Any]:
    size = ITEM + FIELD * len(value)
    meter.work(_OBJECT + _FIELD * len(value))
    found = {}
    for key in _sorted(value):
        inner = value[key]
        which = type(inner)
        if which is str:
            size += len(inner)
        elif which not in _AS_IS and not (which is float and isfinite(inner)):
            inner = result(meter, inner)
        found[key] = inner
    meter.build(size)
    return found if set(map(type, found)) <= _TEXT else _with_text_keys(found)


def _with_text_keys(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): inner for key, inner in value.items()}


def _sorted(value: dict[Any, Any]) -> list[Any]:
    """The keys in the order of their texts; those of JSON are texts."""
    try:
        keys = sorted(value)
    except TypeError:
        return sorted(value, key=str)
    return keys if not keys or type(keys[0]) is str else sorted(value, key=str)


def _of_foreign(value: Foreign) -> Any:
    plain = value.plain
    if isinstance(plain, datetime):
        return rfc3339(plain)
    if isinstance(plain, timedelta):
        return f"{plain.total_seconds():f}".rstrip("0").rstrip(".") + "s"
    if value.kind == "uint64":
        return plain
    raise Failed("bytes are no JSON; write text" if value.kind == "bytes" else "a type is no value")
