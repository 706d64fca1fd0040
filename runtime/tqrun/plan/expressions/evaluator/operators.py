"""CEL's operators on two values, or on one.

Python's own operators differ: to it, `True` is 1, `7 / 2` is 3.5 and an integer has no end.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import copysign, inf, isnan, nan
from typing import Any

from tqrun.plan.expressions.evaluator import moments
from tqrun.plan.expressions.evaluator.delegation import delegated
from tqrun.plan.expressions.evaluator.meter import CHARACTERS, ITEM, Meter
from tqrun.plan.expressions.evaluator.values import (
    KEYS,
    MAX_INT,
    MIN_INT,
    NONE,
    Failed,
    Foreign,
    Optional,
    in_words,
    kind,
    refusal,
)

_LONG = 1_000
"""Characters from which the length of a text matters."""
_ABSENT: Any = object()
_COMPARED = 6
"""Steps of comparing one item of a list or field of an object."""
_NUMBERS = (int, float)
_ORDERED = (int, float, str, bool)


def equal(meter: Meter, one: Any, other: Any) -> bool:
    """Whether two values are equal to CEL; those of different kinds are not."""
    first, second = type(one), type(other)
    if first is second:
        if first is str:
            if len(one) > _LONG:
                meter.work(len(one) // CHARACTERS)
            return bool(one == other)
        if first is list:
            return len(one) == len(other) and _equal_items(meter, one, other)
        if first is dict:
            return len(one) == len(other) and _equal_fields(meter, one, other)
        if first is Optional:
            both = one.has and other.has
            return equal(meter, one.value, other.value) if both else one.has == other.has
        if first is Foreign and one.kind == other.kind:
            return _equal_foreign(meter, one, other)
        return bool(one == other)
    if first in _NUMBERS and second in _NUMBERS:
        return _as_double(one) == _as_double(other)
    if "uint64" in (kind(one), kind(other)) and kind(one) != kind(other):
        return _same_number(one, other)
    return kind(one) == kind(other) and not isinstance(one, Foreign) and bool(one == other)


def _equal_foreign(meter: Meter, one: Foreign, other: Foreign) -> bool:
    if one.kind == "timestamp":
        return moments.key(one) == moments.key(other)
    if one.kind == "duration":
        return bool(delegated(meter, "_==_", [one, other]))
    return bool(one.plain == other.plain)


def _equal_items(meter: Meter, one: list[Any], other: list[Any]) -> bool:
    meter.work(_COMPARED * len(one))
    return all(equal(meter, first, second) for first, second in zip(one, other, strict=True))


def _equal_fields(meter: Meter, one: dict[Any, Any], other: dict[Any, Any]) -> bool:
    meter.work(_COMPARED * len(one))
    for key, value in one.items():
        if key not in other or not equal(meter, value, other[key]):
            return False
    return True


def _as_double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return copysign(inf, number)


def _same_number(one: Any, other: Any) -> bool:
    numbers = [value.plain if isinstance(value, Foreign) else value for value in (one, other)]
    if any(type(number) not in _NUMBERS for number in numbers):
        return False
    if float in map(type, numbers):
        return _as_double(numbers[0]) == _as_double(numbers[1])
    return bool(numbers[0] == numbers[1])


def different(meter: Meter, one: Any, other: Any) -> bool:
    """Whether two values are not equal."""
    return not equal(meter, one, other)


def _comparing(name: str, compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def compared(meter: Meter, one: Any, other: Any) -> bool:
        first, second = type(one), type(other)
        if first is second and first in _ORDERED:
            if first is str and len(one) > _LONG:
                meter.work(len(one) // CHARACTERS)
            return compare(one, other)
        if first in _NUMBERS and second in _NUMBERS:
            return compare(_as_double(one), _as_double(other))
        if isinstance(one, Foreign) or isinstance(other, Foreign):
            if kind(one) == kind(other) == "timestamp":
                return compare(moments.key(one), moments.key(other))
            return bool(_on_foreign(meter, name, one, other))
        raise refusal(name, one, other)

    return compared


def _on_foreign(meter: Meter, name: str, one: Any, other: Any) -> Any:
    if any(kind(value) in ("type", "optional") for value in (one, other)):
        raise refusal(name, one, other)
    return delegated(meter, name, [one, other])


def _int(value: int) -> int:
    if MIN_INT <= value <= MAX_INT:
        return value
    raise Failed("integer overflow")


def add(meter: Meter, one: Any, other: Any) -> Any:
    """`+`, of numbers of one kind, of texts and of lists."""
    first = type(one)
    if first is type(other):
        if first is int:
            return _int(one + other)
        if first is float:
            return one + other
        if first is str:
            meter.build(len(one) + len(other))
            return one + other
        if first is list:
            meter.build(ITEM * (len(one) + len(other)))
            return one + other
    if isinstance(one, Foreign) or isinstance(other, Foreign):
        return _on_foreign(meter, "_+_", one, other)
    raise refusal("_+_", one, other)


def _arithmetic(
    name: str, whole: Callable[[int, int], int], real: Callable[[float, float], float] | None
) -> Callable[..., Any]:
    def computed(meter: Meter, one: Any, other: Any) -> Any:
        first = type(one)
        if first is type(other):
            if first is int:
                return _int(whole(one, other))
            if first is float and real is not None:
                return real(one, other)
        if isinstance(one, Foreign) or isinstance(other, Foreign):
            return _on_foreign(meter, name, one, other)
        raise refusal(name, one, other)

    return computed


def _divided(one: int, other: int) -> int:
    if not other:
        raise Failed("divide by zero")
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _remainder(one: int, other: int) -> int:
    if not other:
        raise Failed("modulus by zero")
    if one == MIN_INT and other == -1:
        raise Failed("integer overflow")
    return abs(one) % abs(other) * (-1 if one < 0 else 1)


def _real_divided(one: float, other: float) -> float:
    if other:
        return one / other
    if isnan(one) or not one:
        return nan
    return copysign(inf, one) * copysign(1, other)


def negative(meter: Meter, value: Any) -> Any:
    """`-` before a value."""
    if type(value) is int:
        return _int(-value)
    if type(value) is float:
        return -value
    if isinstance(value, Foreign):
        return delegated(meter, "-_", [value])
    raise refusal("-_", value)


def inverse(_: Meter, value: Any) -> bool:
    """`!` before a value."""
    if type(value) is bool:
        return not value
    raise refusal("!_", value)


def key_of(value: Any) -> Any:
    """*value* as a map keeps it as a key.

    Raises:
        Failed: A map has no such keys.
    """
    if type(value) is bool:
        return KEYS[value]
    if type(value) is Foreign and value.kind == "uint64":
        return value.plain
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise Failed(f"the key of an object is text, not {in_words(kind(value))}")


def _looked_up(value: Any) -> Any:
    """The key to look for; no map has a number with a fraction."""
    if type(value) is float:
        return int(value) if value.is_integer() else _ABSENT
    return key_of(value)


def contained(meter: Meter, value: Any, where: Any) -> bool:
    """`in`: among the items of a list, or the keys of a map."""
    if isinstance(where, list):
        if type(value) is str:
            meter.work(len(where) * (1 + len(value) // CHARACTERS) // 4)
            return value in where
        meter.work(_COMPARED * len(where))
        return any(equal(meter, value, item) for item in where)
    if isinstance(where, dict):
        try:
            return _looked_up(value) in where
        except Failed:
            raise refusal("@in", value, where) from None
    raise refusal("@in", value, where)


def item(_: Meter, where: Any, index: Any) -> Any:
    """`where[index]`, inside of an optional too."""
    if isinstance(where, Optional):
        return _inside(where, lambda inner: optional_item(_, inner, index))
    found = _item(where, index)
    if found is _ABSENT:
        if isinstance(where, list):
            number = index.plain if isinstance(index, Foreign) else int(index)
            raise Failed(f"there is no item {number} in a list of {len(where)}")
        raise Failed("there is no field of that name")
    return found


def _item(where: Any, index: Any) -> Any:
    """The item; `_ABSENT` if there is none."""
    if isinstance(where, dict):
        key = _looked_up(index)
        return where.get(key, _ABSENT)
    if not isinstance(where, list):
        raise Failed(f"{in_words(kind(where))} has no items")
    number = index.plain if isinstance(index, Foreign) and index.kind == "uint64" else index
    if type(number) is float and number.is_integer():
        number = int(number)
    if type(number) is not int:
        raise Failed(f"an item of a list has a whole number, not {in_words(kind(index))}")
    return where[number] if 0 <= number < len(where) else _ABSENT


def optional_item(_: Meter, where: Any, index: Any) -> Optional:
    """`where[?index]`."""
    if isinstance(where, Optional):
        return _inside(where, lambda inner: optional_item(_, inner, index))
    if not isinstance(where, list | dict):
        raise refusal("[?_]", where, index)
    if isinstance(where, list) and type(index) is not int:
        raise refusal("[?_]", where, index)
    found = _item(where, index)
    return NONE if found is _ABSENT else Optional(has=True, value=found)


def _inside(where: Optional, look: Callable[[Any], Optional]) -> Optional:
    return look(where.value) if where.has else NONE


BINARY: dict[str, Callable[..., Any]] = {
    "_==_": equal,
    "_!=_": different,
    "_<_": _comparing("_<_", operator.lt),
    "_<=_": _comparing("_<=_", operator.le),
    "_>_": _comparing("_>_", operator.gt),
    "_>=_": _comparing("_>=_", operator.ge),
    "_+_": add,
    "_-_": _arithmetic("_-_", operator.sub, operator.sub),
    "_*_": _arithmetic("_*_", operator.mul, operator.mul),
    "_/_": _arithmetic("_/_", _divided, _real_divided),
    "_%_": _arithmetic("_%_", _remainder, None),
    "@in": contained,
    "_[_]": item,
    "_[?_]": optional_item,
}
UNARY: dict[str, Callable[..., Any]] = {"-_": negative, "!_": inverse}
