"""The long form of an input: JSON Schema, every keyword that may be written and what it means.

It is JSON Schema 2020-12 without references: an input stands alone, and YAML anchors can share
what two inputs have in common. The keywords are closed, so that a misspelt one is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from tqrun.diagnostics import did_you_mean, quote

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

META_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
JSON_TYPES = ("string", "integer", "number", "boolean", "object", "array")
_REFERENCE = {"$ref": "#/$defs/InputSchema"}
_TYPE = {"enum": [*JSON_TYPES, "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_SCHEMAS = {"type": "array", "items": _REFERENCE, "minItems": 1}
_SCHEMA_BY_NAME = {"type": "object", "additionalProperties": _REFERENCE}
_NAMES = {"type": "array", "items": {"type": "string"}}
_SCHEMA_OR_FLAG = {"type": ["object", "boolean"], "if": {"type": "object"}, "then": _REFERENCE}

_KEYWORDS: dict[str, tuple[dict[str, Any], str]] = {
    "type": (
        {"anyOf": [_TYPE, {"type": "array", "items": _TYPE, "minItems": 1, "uniqueItems": True}]},
        "The JSON type, or a list of them.",
    ),
    "description": ({"type": "string"}, "What it means; shown by `tqrun launch QUEUE --help`."),
    "title": ({"type": "string"}, "A short name."),
    "default": ({}, "Taken when a launch does not give it; makes the input optional."),
    "examples": ({"type": "array"}, "Values that somebody might give."),
    "enum": ({"type": "array", "minItems": 1}, "The values that it may have."),
    "const": ({}, "The one value that it may have."),
    "format": ({"type": "string"}, "What the text is, such as `date-time`, `date` or `uuid`."),
    "pattern": ({"type": "string", "format": "regex"}, "Regular expression found in the text."),
    "minLength": (_COUNT, "Fewest characters."),
    "maxLength": (_COUNT, "Most characters; bounds the length of a workflow id."),
    "minimum": ({"type": "number"}, "Least number."),
    "maximum": ({"type": "number"}, "Greatest number."),
    "exclusiveMinimum": ({"type": "number"}, "The number is greater than this."),
    "exclusiveMaximum": ({"type": "number"}, "The number is less than this."),
    "multipleOf": ({"type": "number", "exclusiveMinimum": 0}, "The number divides by this."),
    "items": (_SCHEMA_OR_FLAG, "Every item of the list."),
    "prefixItems": (_SCHEMAS, "The first items of the list, one by one."),
    "contains": (_SCHEMA_OR_FLAG, "At least one item of the list."),
    "minContains": (_COUNT, "Fewest items that fit `contains`."),
    "maxContains": (_COUNT, "Most items that fit `contains`."),
    "minItems": (_COUNT, "Fewest items."),
    "maxItems": (_COUNT, "Most items."),
    "uniqueItems": ({"type": "boolean"}, "No two items are equal."),
    "unevaluatedItems": (_SCHEMA_OR_FLAG, "Items that nothing else describes."),
    "properties": (_SCHEMA_BY_NAME, "The fields of the object."),
    "required": (_NAMES, "Fields that must be given."),
    "additionalProperties": (_SCHEMA_OR_FLAG, "Fields not under `properties`; false forbids them."),
    "patternProperties": (_SCHEMA_BY_NAME, "Fields whose names match a regular expression."),
    "propertyNames": (_SCHEMA_OR_FLAG, "The names of the fields."),
    "minProperties": (_COUNT, "Fewest fields."),
    "maxProperties": (_COUNT, "Most fields."),
    "dependentRequired": (
        {"type": "object", "additionalProperties": _NAMES},
        "Fields required beside another.",
    ),
    "dependentSchemas": (_SCHEMA_BY_NAME, "What holds when a field is given."),
    "unevaluatedProperties": (_SCHEMA_OR_FLAG, "Fields that nothing else describes."),
    "anyOf": (_SCHEMAS, "At least one of these."),
    "oneOf": (_SCHEMAS, "Exactly one of these."),
    "allOf": (_SCHEMAS, "All of these."),
    "not": (_SCHEMA_OR_FLAG, "Not this."),
    "if": (_SCHEMA_OR_FLAG, "When this holds, `then` must, else `else`."),
    "then": (_SCHEMA_OR_FLAG, "Must hold when `if` does."),
    "else": (_SCHEMA_OR_FLAG, "Must hold when `if` does not."),
    "contentEncoding": ({"type": "string"}, "How the text encodes bytes, such as `base64`."),
    "contentMediaType": ({"type": "string"}, "The media type of the content."),
    "deprecated": ({"type": "boolean"}, "It should no longer be given."),
    "readOnly": ({"type": "boolean"}, "An annotation; not checked."),
    "writeOnly": ({"type": "boolean"}, "An annotation; not checked."),
    "$comment": ({"type": "string"}, "A note to whoever reads the file."),
}
INPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "JSON Schema of one input.",
    "properties": {
        name: schema | {"description": words} for name, (schema, words) in _KEYWORDS.items()
    },
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
}
"""The schema of an input's schema; `#/$defs/InputSchema` is itself."""

_WANTED = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


@cache
def _validator() -> Draft202012Validator:
    # Imported here: it costs 40 ms, and most files write only short forms.
    from jsonschema import Draft202012Validator, FormatChecker

    return Draft202012Validator(
        {"$defs": {"InputSchema": INPUT_SCHEMA}, "$ref": "#/$defs/InputSchema"},
        format_checker=FormatChecker(["regex"]),
    )


Problem = tuple[tuple[str | int, ...], str, str]
"""The way to what is wrong, the rule's code and the message."""


def problems(schema: Any) -> tuple[Problem, ...]:
    """What is wrong with an input's *schema*; queues have the same inputs again and again."""
    return _problems(json.dumps(schema))


@lru_cache(maxsize=1024)
def _problems(text: str) -> tuple[Problem, ...]:
    return tuple(_found(json.loads(text)))


def _found(schema: Any) -> Iterator[Problem]:
    for error in _validator().iter_errors(schema):
        way = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            unknown = [key for key in error.instance if key not in _KEYWORDS and key[:2] != "x-"]
            for key in unknown:
                yield (*way, key), "unknown-key", f"unknown key {quote(key)}{_near(key)}"
        elif error.instance is None:
            yield way, "empty-value", f"{quote(str(way[-1]))} has no value; write one"
        else:
            yield way, "bad-input-type", _message(error)


def _near(key: str) -> str:
    if key.startswith("$"):
        return "; an input cannot refer to another schema"
    near = did_you_mean(key, _KEYWORDS)
    return near if "did you mean" in near else "; not a keyword of JSON Schema"


def _message(error: ValidationError) -> str:
    keyword = next((str(step) for step in reversed(error.absolute_path) if type(step) is str), "")
    given = quote(_text(error.instance))
    if error.validator in ("anyOf", "enum"):
        types = error.instance if isinstance(error.instance, list) else [error.instance]
        wrong = next((_text(name) for name in types if name not in _TYPE["enum"]), "")
        return f"{quote(wrong)}: not a type{did_you_mean(wrong, _TYPE['enum'])}"
    if error.validator == "type":
        names: Any = error.validator_value
        wanted = [_WANTED[name] for name in ([names] if isinstance(names, str) else names)]
        return f"{given}: {quote(keyword)} must be {' or '.join(wanted)}"
    if error.validator == "format":
        return f"{given}: not a regular expression"
    if error.validator in ("minItems", "uniqueItems"):
        what = "is empty" if error.validator == "minItems" else "names one thing twice"
        return f"{quote(keyword)} {what}"
    limit = "at least" if error.validator == "minimum" else "more than"
    return f"{given}: {quote(keyword)} must be {limit} {error.validator_value}"


_NOUNS: dict[type, str] = {dict: "a mapping", list: "a list"}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _NOUNS.get(type(value)) or str(value)


def misfits(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Values of a sound *schema* that it does not allow itself: the keyword and the message."""
    # The default null of an optional short form always fits.
    if schema.get("default") is None:
        return
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator.FORMAT_CHECKER
    if not Draft202012Validator(schema, format_checker=checker).is_valid(schema["default"]):
        given = quote(_text(schema["default"]))
        yield "default", f"{given}: the input does not allow its own default"
