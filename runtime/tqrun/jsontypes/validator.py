"""The validator of `jsonschema`, in which each keyword takes its price from a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from tqrun.jsontypes import leftovers
from tqrun.jsontypes.budget import JUDGEMENT
from tqrun.jsontypes.formats import FORMATS, price
from tqrun.jsontypes.keywords import OF_A_VALUE, OF_ITS_PARTS

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError]]

_NESTED = 15
"""The steps in which the library makes a schema within another one ready."""
_ERROR = 5
"""The steps in which an error is made."""
_TEXT_PER_STEP = 32
"""Characters of a value that the library writes into an error in the time of one step."""
_NEVER = {"not": True}
"""What `false` is, as a keyword that takes a price for the text of its error."""

_PRICES: dict[str, Callable[[Any, Any], int]] = {
    "allOf": lambda schemas, _: _NESTED * len(schemas),
    "prefixItems": lambda schemas, _: _NESTED * len(schemas),
    "dependentSchemas": lambda schemas, _: _NESTED * len(schemas),
    "propertyNames": lambda _, value: _NESTED * len(value) if isinstance(value, dict) else 0,
    "contains": lambda _, value: _NESTED + len(value) if isinstance(value, list) else 0,
    "not": lambda *_: _NESTED,
    "if": lambda *_: 2 * _NESTED,
    "$ref": lambda *_: 2 * _NESTED,
    "required": lambda names, _: len(names) // 4,
    "dependentRequired": lambda needs, _: len(needs) + sum(map(len, needs.values())) // 4,
    "format": price,
}
"""The steps that a keyword of the library takes beyond one, by what it says and the value."""


def _priced(name: str, judge: Keyword) -> Keyword:
    """The library's keyword *name*, which is paid before it judges, and for its errors after."""
    more, never = _PRICES.get(name), name in ("not", "if", "contains")

    def priced(one: Any, said: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        spend = JUDGEMENT.get().budget.spend
        spend(1 if more is None else 1 + more(said, value))
        for error in judge(one, _NEVER if never and said is False else said, value, schema) or ():
            # It quotes the value, which may have 2 MB.
            spend(_ERROR + len(error.message) // _TEXT_PER_STEP)
            error.message = ""
            yield error

    return priced


def _asked(holds: Callable[[Any, Any, Any], bool]) -> Keyword:
    """A keyword of our own that *holds* or not."""

    def asked(one: Any, said: Any, value: Any, _: Any) -> tuple[ValidationError, ...]:
        JUDGEMENT.get().budget.spend(1)
        return () if holds(one, said, value) else (ValidationError(""),)

    return asked


def _formats() -> FormatChecker:
    checker = FormatChecker(())
    for name, is_one in FORMATS.items():
        checker.checks(name)(_of_text(is_one))
    return checker


def _of_text(is_one: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or is_one(value)


_LEFT_OVER = {
    "unevaluatedItems": leftovers.items,
    "unevaluatedProperties": leftovers.properties,
}
_JUDGES = Draft202012Validator.VALIDATORS | OF_ITS_PARTS | _LEFT_OVER
_Priced: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _priced(name, judge) for name, judge in _JUDGES.items()}
    | {name: _asked(holds) for name, holds in OF_A_VALUE.items()},
)
_CHECKER = _formats()


def validator(schema: Mapping[str, Any] | bool) -> Any:
    """A validator of values, which refers to nothing outside of *schema*."""
    return _Priced(schema, format_checker=_CHECKER, registry=Registry())
