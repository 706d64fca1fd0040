"""The keywords that judge a value by itself, without a schema inside: each a small function.

One that takes more than a moment takes its price from the budget first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from tqrun.jsontypes.budget import Budget
from tqrun.jsontypes.equality import key
from tqrun.jsontypes.formats import FORMATS, MAX_REGEX
from tqrun.jsontypes.judge import Judge, Make, searcher
from tqrun.jsontypes.patterns import states

_LARGE = re.compile(r"\\[wWsSpPbB]|\(\?\w*i")
"""Makes a regular expression large when compiled: a class of Unicode."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


_TYPES: dict[str, tuple[tuple[type, ...], Callable[[Any], bool]]] = {
    "string": ((str,), lambda value: isinstance(value, str)),
    "integer": ((int,), _is_integer),
    "number": ((int, float), _is_number),
    "boolean": ((bool,), lambda value: isinstance(value, bool)),
    "object": ((dict,), lambda value: isinstance(value, dict)),
    "array": ((list,), lambda value: isinstance(value, list)),
    "null": ((type(None),), lambda value: value is None),
}
"""The Python types of each JSON type, and a slower test that knows all of its values."""


def _type(names: Any, *_: Any) -> Judge:
    known = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    exact = {kind for kinds, _ in known for kind in kinds}
    tests = [test for _, test in known]
    return Judge(lambda value, _: type(value) in exact or any(test(value) for test in tests))


def _enum(choices: list[Any], *_: Any) -> Judge:
    keys = {key(choice, Budget()) for choice in choices}
    return Judge(lambda value, budget: key(value, budget) in keys)


def _const(choice: Any, *_: Any) -> Judge:
    return _enum([choice])


# Numbers, texts, lists and objects: each keyword says nothing of values of other types


def _number(holds: Callable[[Any, Any], bool]) -> Callable[..., Judge]:
    return lambda limit, *_: Judge(lambda value, _: not _is_number(value) or holds(value, limit))


def _length(
    kind: type[str | list[Any] | dict[str, Any]], holds: Callable[[int, int], bool]
) -> Callable[..., Judge]:
    return lambda limit, *_: Judge(
        lambda value, _: not isinstance(value, kind) or holds(len(value), limit)
    )


def _at_least(value: Any, limit: Any) -> bool:
    return bool(value >= limit)


def _at_most(value: Any, limit: Any) -> bool:
    return bool(value <= limit)


def _multiple_of(divisor: float, *_: Any) -> Judge:
    whole = Fraction(repr(divisor))

    def holds(value: Any, budget: Budget) -> bool:
        if not _is_number(value):
            return True
        if isinstance(value, int) and isinstance(divisor, int):
            return value % divisor == 0
        try:
            if (value / divisor).is_integer():
                return True
        except OverflowError:
            pass
        # As it is written: 0.3 is three times 0.1, though not in binary.
        budget.spend(30)
        written = value if isinstance(value, int) else repr(value)
        return (Fraction(written) / whole).denominator == 1

    return Judge(holds)


def _pattern(pattern: str, *_: Any) -> Judge:
    found = searcher(pattern)
    return Judge(lambda value, budget: not isinstance(value, str) or found(value, budget))


def _anything(_: str) -> bool:
    return True


def _format(name: str, *_: Any) -> Judge:
    is_one = FORMATS.get(name, _anything)

    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, str):
            return True
        budget.spend(_price_of_regex(value) if name == "regex" else 5 + len(value) // 8)
        return is_one(value)

    return Judge(holds)


def _price_of_regex(text: str) -> int:
    """What it takes to compile *text*; classes of Unicode are large."""
    return states(text[:MAX_REGEX]) * (1500 if _LARGE.search(text) else 100)


def _unique(wanted: bool, *_: Any) -> Judge:
    def holds(value: Any, budget: Budget) -> bool:
        if not wanted or not isinstance(value, list):
            return True
        budget.spend(len(value))
        return len({key(item, budget) for item in value}) == len(value)

    return Judge(holds)


def _required(names: list[str], *_: Any) -> Judge:
    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, dict):
            return True
        budget.spend(len(names) // 4)
        return all(name in value for name in names)

    return Judge(holds)


def _dependent_required(needs: Mapping[str, list[str]], *_: Any) -> Judge:
    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, dict):
            return True
        budget.spend(sum(map(len, needs.values())) // 4 + len(needs))
        return all(
            other in value for name, others in needs.items() if name in value for other in others
        )

    return Judge(holds)


ASSERTIONS: dict[str, Make] = {
    "type": _type,
    "minimum": _number(_at_least),
    "maximum": _number(_at_most),
    "exclusiveMinimum": _number(lambda value, limit: bool(value > limit)),
    "exclusiveMaximum": _number(lambda value, limit: bool(value < limit)),
    "minLength": _length(str, _at_least),
    "maxLength": _length(str, _at_most),
    "minItems": _length(list, _at_least),
    "maxItems": _length(list, _at_most),
    "minProperties": _length(dict, _at_least),
    "maxProperties": _length(dict, _at_most),
    "required": _required,
    "dependentRequired": _dependent_required,
    "const": _const,
    "enum": _enum,
    "multipleOf": _multiple_of,
    "format": _format,
    "pattern": _pattern,
    "uniqueItems": _unique,
}
"""By keyword, in the order in which they are asked: those that cost least first."""
