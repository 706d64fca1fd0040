"""What a launch must give: the declared inputs as JSON Schemas, and values made to fit them."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from pydantic_core import to_json

from tqrun.diagnostics import did_you_mean
from tqrun.errors import InvalidInput
from tqrun.jsontypes import Budget, Fault, Schema, TooMuchWork
from tqrun.plan.numbers import as_declared

MAX_PAYLOAD_BYTES = 2_000_000
"""Temporal's default limit for one payload (`limit.blobSize.error`)."""
MAX_DEPTH = 100
"""Levels of lists and objects in a value."""
MAX_SHOWN = 300
"""Characters of a schema, or of the way to a fault, that a message has."""
_LARGEST = sys.float_info.max
_SURROGATE = re.compile("[\ud800-\udfff]")
_ARTICLES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


@dataclass(frozen=True)
class Inputs:
    """The inputs that a workflow declares, or the fields of a signal.

    Attributes:
        fields: JSON Schema per input, in the order declared.
        word: What a message calls one of them.
    """

    fields: Mapping[str, Mapping[str, Any]]
    word: str = "input"

    def is_required(self, name: str) -> bool:
        """True when a launch must give it; one with a default may be left out."""
        return "default" not in self.fields[name]

    def normalise(
        self, values: Mapping[str, Any], *, needed: Collection[str] | None = None
    ) -> dict[str, Any]:
        """Validate *values*; add defaults and turn numbers into the declared type.

        Args:
            values: What was given.
            needed: The inputs that matter; all, if not given. Others need not be there.

        Raises:
            InvalidInput: Something is missing, unknown, or does not fit. The text names every
                input that is wrong, and no value.
        """
        wanted = [
            name for name in self.fields if needed is None or name in needed or name in values
        ]
        problems = [self._unknown(name) for name in values if name not in self.fields]
        problems += [
            f'{self.word} "{name}" is missing'
            for name in wanted
            if self.is_required(name) and name not in values
        ]
        budget = Budget()
        for name, value in values.items():
            problems += self._problems(name, value, budget)
        if problems:
            raise InvalidInput("; ".join(problems))
        normal = {
            name: as_declared(schema, values.get(name, schema.get("default")))
            for name, schema in self.fields.items()
            if name in wanted
        }
        _refuse_large(normal)
        return normal

    def _unknown(self, name: str) -> str:
        return f'there is no {self.word} "{name}"{did_you_mean(name, self.fields)}'

    def _problems(self, name: str, value: Any, budget: Budget) -> list[str]:
        shown = f'{self.word} "{name}"'
        if (fault := unsendable(value)) is not None:
            return [f"{shown} {fault}"]
        if name not in self.fields:
            return []
        try:
            return [_problem(shown, fault) for fault in self._schemas[name].faults(value, budget)]
        except TooMuchWork as error:
            return [f"{shown} {error}"]

    @cached_property
    def _schemas(self) -> dict[str, Schema]:
        return {name: Schema(schema) for name, schema in self.fields.items()}


def unsendable(value: Any) -> str | None:
    """Why *value* can be neither JSON nor part of an expression, if it cannot be.

    It is asked first: no other code need fear a depth or a size beyond these bounds.
    """
    left: list[tuple[Iterable[Any], int]] = [((value,), 0)]
    count = 0
    while left:
        parts, depth = left.pop()
        for part in parts:
            if part is None or isinstance(part, str | int | float):
                if fault := _unsendable_scalar(part):
                    return fault
            elif isinstance(part, list | tuple | Mapping):
                if depth == MAX_DEPTH:
                    return f"is nested more than {MAX_DEPTH} levels deep, or refers to itself"
                count += 1 + len(part)
                # In JSON each takes at least a digit and a comma.
                if count > MAX_PAYLOAD_BYTES // 2 + 1:
                    return "has more than 2 MB, Temporal's limit; store it and give where it is"
                left.append((part, depth + 1))
                if isinstance(part, Mapping):
                    left.append((part.values(), depth + 1))
    return None


def _unsendable_scalar(value: Any) -> str | None:
    if isinstance(value, str):
        if "\0" in value:
            return "holds a NUL character; remove it"
        if not value.isascii() and _SURROGATE.search(value):
            return "holds text that is not Unicode (a lone surrogate); remove it"
    elif isinstance(value, float) and not isfinite(value):
        return "holds NaN or an infinite number, which JSON does not have"
    elif isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return "holds a number beyond 1.8e308, which few readers of JSON take"
    return None


def _refuse_large(values: Mapping[str, Any]) -> None:
    try:
        size = len(to_json(values))
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"the input cannot be written as JSON: {error}") from None
    if size > MAX_PAYLOAD_BYTES:
        raise InvalidInput(
            f"the input has {size / 1e6:.1f} MB, Temporal's limit is 2 MB; "
            "store it and give where it is"
        )


def _problem(shown: str, fault: Fault) -> str:
    where = "".join(f"[{step}]" if type(step) is int else f".{step}" for step in fault.way)
    return f"{shown}{where if len(where) <= MAX_SHOWN else where[:MAX_SHOWN] + '…'} {_must(fault)}"


def _must(fault: Fault) -> str:
    expected = fault.expected
    match fault.keyword:
        case "type":
            kinds = [expected] if isinstance(expected, str) else expected
            return "must be " + " or ".join(_ARTICLES.get(kind, kind) for kind in kinds)
        case "enum":
            return "must be one of " + _listed(expected)
        case "required":
            return f"lacks {_listed([name for name in expected if name not in fault.value])}"
        case "false":
            return "is not allowed"
    return f"does not satisfy {fault.keyword}: {_shortened(str(expected))}"


def _listed(values: Sequence[Any]) -> str:
    return _shortened(", ".join(map(str, values[:50])))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
