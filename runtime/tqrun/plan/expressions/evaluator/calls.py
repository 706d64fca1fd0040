"""Calls of functions: the project's own, those that Python makes exactly as CEL does, the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqrun.plan.expressions import functions
from tqrun.plan.expressions.evaluator import moments
from tqrun.plan.expressions.evaluator.delegation import delegated
from tqrun.plan.expressions.evaluator.meter import Meter
from tqrun.plan.expressions.evaluator.prices import price
from tqrun.plan.expressions.evaluator.texts import ELSEWHERE, ON_TEXTS
from tqrun.plan.expressions.evaluator.values import (
    MAX_INT,
    MIN_INT,
    NONE,
    Failed,
    Foreign,
    Optional,
    kind,
    refusal,
    type_of,
)

_MAX_UINT = 2**64 - 1
"""What CEL takes from Python at most."""
_ZEROS = ("0s", "1970-01-01T00:00:00Z")
"""What JSON does not have and is nothing, as CEL writes it."""


def called(meter: Meter, function: str, arguments: list[Any], *, member: bool) -> Any:
    """What *function* gives for *arguments*; for a *member*, the first is its target."""
    own = functions.PYTHON.get(function)
    if own is not None and not member:
        return _own(meter, function, own, arguments)
    native = _NATIVE.get(function)
    if native is not None:
        found = native(meter, *arguments)
        if found is not ELSEWHERE:
            return found
    return delegated(meter, function, arguments, member=member)


def _own(meter: Meter, name: str, own: functions.Function, arguments: list[Any]) -> Any:
    kinds = tuple(kind(argument) for argument in arguments)
    if kinds not in own.kinds:
        raise refusal(name, *arguments)
    price(meter, name, arguments)
    try:
        found = own.call(*map(_for_python, arguments))
    except functions.FunctionError as error:
        raise Failed(str(error)) from None
    except (TypeError, OverflowError, UnicodeEncodeError):
        raise Failed(f'"{name}" fails on these values') from None
    if type(found) is int and not MIN_INT <= found <= _MAX_UINT:
        raise Failed("integer overflow")
    return found


def _for_python(value: Any) -> Any:
    """*value* with unsigned integers as Python's own."""
    if not isinstance(value, list) or Foreign not in set(map(type, value)):
        return value
    return [
        item.plain if isinstance(item, Foreign) and item.kind == "uint64" else item
        for item in value
    ]


def _timestamp(meter: Meter, value: Any, *_: Any) -> Any:
    found = moments.read(meter, value)
    return ELSEWHERE if found is None else found


def _string(_: Meter, value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int and MIN_INT <= value <= MAX_INT:
        return str(value)
    return value if isinstance(value, str) else ELSEWHERE


def _double(_: Meter, value: Any) -> Any:
    if type(value) is int and MIN_INT <= value <= MAX_INT:
        return float(value)
    return value if type(value) is float else ELSEWHERE


def _int(_: Meter, value: Any) -> Any:
    return value if type(value) is int else ELSEWHERE


def _dyn(_: Meter, value: Any) -> Any:
    return value


def _type(_: Meter, value: Any) -> Any:
    return type_of(value)


def _optional_of(_: Meter, value: Any) -> Optional:
    return Optional(has=True, value=value)


def _of_non_zero(_: Meter, value: Any) -> Any:
    there = bool(value)
    if isinstance(value, Foreign):
        there = bool(value.plain) and value.text not in _ZEROS
    return Optional(has=True, value=value) if there else NONE


def _none(_: Meter) -> Optional:
    return NONE


def _has_value(_: Meter, value: Any) -> bool:
    return _optional("hasValue", value).has


def _value(_: Meter, value: Any) -> Any:
    if not _optional("value", value).has:
        raise Failed("the optional has no value")
    return value.value


def _optional(name: str, value: Any) -> Optional:
    if isinstance(value, Optional):
        return value
    raise refusal(name, value)


_NATIVE: dict[str, Callable[..., Any]] = {
    **ON_TEXTS,
    "timestamp": _timestamp,
    "string": _string,
    "double": _double,
    "int": _int,
    "dyn": _dyn,
    "type": _type,
    "optional.of": _optional_of,
    "optional.ofNonZeroValue": _of_non_zero,
    "optional.none": _none,
    "hasValue": _has_value,
    "value": _value,
}
