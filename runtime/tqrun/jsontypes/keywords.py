"""Keywords that `jsonschema` judges in unbounded work, or makes ready anew for every part.

It compares the items of `uniqueItems` in pairs, searches with a backtracking engine, keeps an
error for each fault of each alternative, and makes a validator for every item. The functions have
the parameters of the library's; what they take beyond one step, they spend themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Any

from jsonschema import ValidationError

from tqrun.jsontypes.budget import JUDGEMENT, Budget
from tqrun.jsontypes.equality import key
from tqrun.jsontypes.patterns import search, states

Errors = Iterator[ValidationError]
Step = str | int

_TEXT_PER_STEP = 32
"""Characters that a search looks at in the time of one step, for each state of the pattern."""
_EXACT: dict[str, set[type]] = {
    "string": {str},
    "integer": {int},
    "number": {int, float},
    "boolean": {bool},
    "object": {dict},
    "array": {list},
    "null": {type(None)},
}
"""The Python types of which every value is of a JSON type; some floats are integers as well."""


def _spend(steps: int) -> None:
    JUDGEMENT.get().budget.spend(steps)


def _once(part: Any, make: Callable[[Any], Any]) -> Any:
    """What *make* makes of *part*, a list or mapping of the schema, made once for all values."""
    made = JUDGEMENT.get().made
    if id(part) not in made:
        made[id(part)] = make(part)
    return made[id(part)]


def _ready(validator: Any, schema: Any) -> Any:
    return _once(schema, lambda one: validator.evolve(schema=one))


def fits(validator: Any, schema: Any, value: Any) -> bool:
    """Whether *value* fits a *schema* within that of *validator*."""
    _spend(4)
    return schema is not False and bool(_ready(validator, schema).is_valid(value))


def into(validator: Any, schema: Any, parts: Iterable[tuple[Step, Any]]) -> Errors:
    """The errors of *parts* of a value, each with its name or index."""
    if schema is False:
        for step, part in parts:
            _spend(1)
            yield ValidationError(
                "", "false", (step,), validator_value=False, instance=part, schema={}
            )
    elif schema is not True:
        iter_errors = _ready(validator, schema).iter_errors
        for step, part in parts:
            for error in iter_errors(part):
                error.path.appendleft(step)
                yield error


def found(pattern: str, text: Any) -> bool:
    """Whether *pattern* is found in *text*."""
    # Python lets a name be of another type; such a one matches nothing.
    if not isinstance(text, str):
        return False
    _spend(1 + states(pattern) * len(text) // _TEXT_PER_STEP)
    return search(pattern)(text)


# Whether a value as a whole satisfies a keyword


def _type(validator: Any, names: Any, value: Any) -> bool:
    every = [names] if isinstance(names, str) else names
    return any(type(value) in _EXACT[one] or validator.is_type(value, one) for one in every)


def _pattern(_: Any, pattern: str, value: Any) -> bool:
    return not isinstance(value, str) or found(pattern, value)


def _enum(_: Any, choices: list[Any], value: Any) -> bool:
    return key(value, JUDGEMENT.get().budget) in _once(choices, _keys)


def _keys(choices: list[Any]) -> set[Any]:
    return {key(choice, Budget()) for choice in choices}


def _const(_: Any, choice: Any, value: Any) -> bool:
    budget = JUDGEMENT.get().budget
    return key(value, budget) == key(choice, budget)


def _unique_items(_: Any, wanted: bool, value: Any) -> bool:
    if not wanted or not isinstance(value, list):
        return True
    budget = JUDGEMENT.get().budget
    budget.spend(len(value))
    return len({key(item, budget) for item in value}) == len(value)


def _multiple_of(validator: Any, divisor: float, value: Any) -> bool:
    if not validator.is_type(value, "number"):
        return True
    if isinstance(value, int) and isinstance(divisor, int):
        return value % divisor == 0
    with suppress(OverflowError):
        if (value / divisor).is_integer():
            return True
    # As it is written: 0.3 is three times 0.1, though not in binary.
    _spend(30)
    written = value if isinstance(value, int) else repr(value)
    return (Fraction(written) / Fraction(repr(divisor))).denominator == 1


def _any_of(validator: Any, schemas: list[Any], value: Any) -> bool:
    return any(fits(validator, one, value) for one in schemas)


def _one_of(validator: Any, schemas: list[Any], value: Any) -> bool:
    fitting = (one for one in schemas if fits(validator, one, value))
    return len([*islice(fitting, 2)]) == 1


# The errors of its parts


def _items(validator: Any, inner: Any, value: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(value, list):
        return
    first = len(schema.get("prefixItems", ()))
    parts: Iterable[tuple[Step, Any]] = enumerate(value[first:] if first else value, first)
    if plain := _plain(validator, inner):
        _spend(len(value) // 8)
        parts = ((index, item) for index, item in parts if type(item) not in plain)
    else:
        _spend(len(value) // 4)
    yield from into(validator, inner, parts)


def _plain(validator: Any, schema: Any) -> set[type]:
    """The Python types of which every value fits *schema*, if it says no more than the type."""
    if not isinstance(schema, dict) or validator.VALIDATORS.keys() & schema != {"type"}:
        return set()
    names = schema["type"]
    return set().union(*(_EXACT[one] for one in ([names] if isinstance(names, str) else names)))


def _properties(validator: Any, schemas: Mapping[str, Any], value: Any, _: Any) -> Errors:
    if isinstance(value, dict):
        _spend(len(schemas) // 4)
        for name, inner in schemas.items():
            if name in value:
                yield from into(validator, inner, ((name, value[name]),))


def _pattern_properties(validator: Any, schemas: Mapping[str, Any], value: Any, _: Any) -> Errors:
    if isinstance(value, dict):
        for pattern, inner in schemas.items():
            parts = ((name, part) for name, part in value.items() if found(pattern, name))
            yield from into(validator, inner, parts)


def _additional_properties(
    validator: Any, inner: Any, value: Any, schema: Mapping[str, Any]
) -> Errors:
    if isinstance(value, dict):
        _spend(len(value) // 4)
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", ())
        parts = (
            (name, part)
            for name, part in value.items()
            if name not in known and not any(found(one, name) for one in patterns)
        )
        yield from into(validator, inner, parts)


OF_A_VALUE: dict[str, Callable[[Any, Any, Any], bool]] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _enum,
    "const": _const,
    "uniqueItems": _unique_items,
    "multipleOf": _multiple_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
}
OF_ITS_PARTS: dict[str, Callable[[Any, Any, Any, Any], Errors]] = {
    "items": _items,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
}
