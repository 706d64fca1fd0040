"""What a launch must give: the declared inputs as one JSON Schema, and values made to fit it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from pydantic_core import to_json

from tqrun.diagnostics import did_you_mean
from tqrun.errors import InvalidInput
from tqrun.plan.numbers import as_declared

MAX_PAYLOAD_BYTES = 2_000_000
"""Temporal's default limit for one payload (`limit.blobSize.error`)."""
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
        problems += [
            _problem(error, self.word)
            for error in self._validator.iter_errors(dict(values))
            if error.absolute_path
        ]
        problems += [
            f'{self.word} "{name}" holds {fault}'
            for name, value in values.items()
            if (fault := unsendable(value)) is not None
        ]
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

    @cached_property
    def _validator(self) -> Any:
        # Imported here: it costs 40 ms, and `check` does without.
        from jsonschema import Draft202012Validator

        schema = {"type": "object", "properties": dict(self.fields)}
        return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def unsendable(value: Any) -> str | None:
    """What in *value* neither JSON nor an expression can hold, if there is such a thing."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if "\0" in one:
                return "a NUL character; remove it"
            if not one.isascii() and _SURROGATE.search(one):
                return "text that is not Unicode (a lone surrogate); remove it"
        elif isinstance(one, float):
            if not isfinite(one):
                return "NaN or an infinite number, which JSON does not have"
        elif isinstance(one, Mapping):
            left += one
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
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


def _problem(error: Any, word: str) -> str:
    name, *inner = error.absolute_path
    where = "".join(f"[{step}]" if type(step) is int else f".{step}" for step in inner)
    expected = error.validator_value
    if error.validator == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        must = "must be " + " or ".join(_ARTICLES.get(kind, kind) for kind in kinds)
    elif error.validator == "enum":
        must = "must be one of " + ", ".join(str(choice) for choice in expected)
    elif error.validator == "required":
        must = f"lacks one of {', '.join(expected)}"
    else:
        must = f"does not satisfy {error.validator}: {expected}"
    return f'{word} "{name}"{where} {must}'
