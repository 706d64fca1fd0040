"""The long form of an input: JSON Schema, every keyword that may be written and what it means.

It is JSON Schema 2020-12 without references: an input stands alone, and YAML anchors can share
what two inputs have in common. The keywords are closed, so that a misspelt one is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from tqrun.diagnostics import did_you_mean, quote
from tqrun.jsontypes import Fault, Schema, TooMuchWork
from tqrun.jsontypes.formats import FORMATS
from tqrun.jsontypes.patterns import BadPattern, search

MAX_FAULTS = 1_000
"""How many are told of one input."""
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
def _schema() -> Schema:
    # What is wrong with a pattern is said by `_unsupported`.
    properties = INPUT_SCHEMA["properties"] | {"pattern": {"type": "string"}}
    definitions = {"InputSchema": INPUT_SCHEMA | {"properties": properties}}
    return Schema({"$defs": definitions, "$ref": "#/$defs/InputSchema"})


Problem = tuple[tuple[str | int, ...], str, str]
"""The way to what is wrong, the rule's code and the message."""


def problems(schema: Any) -> tuple[Problem, ...]:
    """What is wrong with an input's *schema*; queues have the same inputs again and again."""
    return _problems(json.dumps(schema))


@lru_cache(maxsize=1024)
def _problems(text: str) -> tuple[Problem, ...]:
    return tuple(_found(json.loads(text)))


def _found(schema: Any) -> Iterator[Problem]:
    try:
        yield from map(_problem, _schema().faults(schema, most=MAX_FAULTS))
    except TooMuchWork:
        yield (), "bad-input-type", "the schema is too large or too deep; simplify it"
    else:
        yield from _unsupported(schema, ())


def _problem(fault: Fault) -> Problem:
    if fault.keyword == "false":
        name = str(fault.way[-1])
        return fault.way, "unknown-key", f"unknown key {quote(name)}{_near(name)}"
    if fault.value is None:
        return fault.way, "empty-value", f"{quote(str(fault.way[-1]))} has no value; write one"
    return fault.way, "bad-input-type", _message(fault)


def _unsupported(schema: Any, way: tuple[str | int, ...]) -> Iterator[Problem]:
    """Patterns and formats by which no value could be judged."""
    for keyword, value in schema.items() if isinstance(schema, dict) else ():
        here = (*way, keyword)
        form = _KEYWORDS.get(keyword, ({}, ""))[0]
        if keyword == "pattern" and isinstance(value, str):
            yield from _bad_pattern(value, here)
        elif keyword == "format" and isinstance(value, str) and value not in FORMATS:
            yield (
                here,
                "unknown-format",
                f"{quote(value)}: not a checked format{_near_format(value)}",
            )
        elif form in (_REFERENCE, _SCHEMA_OR_FLAG):
            yield from _unsupported(value, here)
        elif form is _SCHEMAS and isinstance(value, list):
            for index, inner in enumerate(value):
                yield from _unsupported(inner, (*here, index))
        elif form is _SCHEMA_BY_NAME and isinstance(value, dict):
            for name, inner in value.items():
                if keyword == "patternProperties":
                    yield from _bad_pattern(name, (*here, name))
                yield from _unsupported(inner, (*here, name))


def _near_format(name: str) -> str:
    near = did_you_mean(name, FORMATS)
    return near if "did you mean" in near else f"; those are {', '.join(FORMATS)}"


def _bad_pattern(pattern: str, way: tuple[str | int, ...]) -> Iterator[Problem]:
    try:
        search(pattern)
    except BadPattern as error:
        yield way, "bad-pattern", f"{quote(pattern)}: {error}"


def _near(key: str) -> str:
    if key.startswith("$"):
        return "; an input cannot refer to another schema"
    near = did_you_mean(key, _KEYWORDS)
    return near if "did you mean" in near else "; not a keyword of JSON Schema"


def _message(fault: Fault) -> str:
    keyword = next((str(step) for step in reversed(fault.way) if type(step) is str), "")
    given = quote(_text(fault.value))
    if fault.keyword in ("anyOf", "enum"):
        types = fault.value if isinstance(fault.value, list) else [fault.value]
        wrong = next((_text(name) for name in types if name not in _TYPE["enum"]), "")
        return f"{quote(wrong)}: not a type{did_you_mean(wrong, _TYPE['enum'])}"
    if fault.keyword == "type":
        names: Any = fault.expected
        wanted = [_WANTED[name] for name in ([names] if isinstance(names, str) else names)]
        return f"{given}: {quote(keyword)} must be {' or '.join(wanted)}"
    if fault.keyword in ("minItems", "uniqueItems"):
        what = "is empty" if fault.keyword == "minItems" else "names one thing twice"
        return f"{quote(keyword)} {what}"
    limit = "at least" if fault.keyword == "minimum" else "more than"
    return f"{given}: {quote(keyword)} must be {limit} {fault.expected}"


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
    try:
        fits = Schema(schema).is_valid(schema["default"])
    except TooMuchWork as error:
        yield "default", f'"default" {error}'
    else:
        if not fits:
            given = quote(_text(schema["default"]))
            yield "default", f"{given}: the input does not allow its own default"
