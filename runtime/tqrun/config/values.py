"""Values with a form of their own in the file: durations, names and input types.

Each function turns what the user wrote into what the rest of the program uses, or raises a
`PydanticCustomError` whose type is the rule's code and whose text is the finding's message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError, core_schema

from tqrun.config.input_schema import JSON_TYPES, META_SCHEMA, problems
from tqrun.diagnostics import did_you_mean, quote

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
PACKAGE_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
FUNCTION_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
PATTERNS = {
    NAME_PATTERN: ("bad-name", 'not a name; only letters, digits and "_", no digit first'),
    PACKAGE_PATTERN: ("bad-name", 'not a Python package; write for example "activities"'),
    FUNCTION_PATTERN: ("bad-function", 'not a function; write for example "activities.mail:send"'),
}
"""What breaking each pattern means to the user: the rule's code and the message."""

Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
PackagePath = Annotated[str, StringConstraints(pattern=PACKAGE_PATTERN)]
FunctionPath = Annotated[str, StringConstraints(pattern=FUNCTION_PATTERN)]


class _Absent:
    """Makes a field None when its key is absent, and refuses None as a value."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


_T = TypeVar("_T")
Maybe = Annotated[_T | None, _Absent()]
"""An optional key: left out or given, never null."""

MAX_DURATION = timedelta(days=3650)
_EXAMPLES = 'write for example "30s", "5m" or "1h30m"'
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_UNIT = r"(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)"
_PART = re.compile(rf"([0-9]+(?:\.[0-9]+)?) ?({_UNIT})")
DURATION_PATTERN = rf"^([0-9]+(\.[0-9]+)? ?{_UNIT})( ?[0-9]+(\.[0-9]+)? ?{_UNIT})*$"
_DURATION = re.compile(DURATION_PATTERN.removesuffix("$") + r"\Z")


def parse_duration(value: Any) -> timedelta:
    """Read a duration such as `250ms`, `1h30m`, `3d` or `5 minutes`.

    Raises:
        PydanticCustomError: `bad-duration`: no unit or an unknown one; `duration-too-long`: more
            than ten years.
    """
    if isinstance(value, timedelta):
        return value
    text = written(value)
    if len(text) > 100 or not _DURATION.match(text):
        raise _custom("bad-duration", f"{shown(value)}: not a duration; {_EXAMPLES}")
    total = timedelta()
    try:
        for amount, unit in _PART.findall(text):
            total += float(amount) * _UNITS[unit if unit == "ms" else _short(unit)]
    except OverflowError:
        total = timedelta.max
    if total > MAX_DURATION:
        raise _custom("duration-too-long", f"{quote(text)}: more than ten years")
    return total


def format_duration(duration: timedelta) -> str:
    """*duration* as the file writes it, such as `1h30m`."""
    left, parts = duration, []
    for unit, size in reversed(_UNITS.items()):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def retry_waits(initial: float, coefficient: float, longest: float | None) -> Iterator[float]:
    """The seconds that a retry policy waits before the second attempt, the third, and so on."""
    longest = 100 * initial if longest is None else longest
    wait = initial
    while True:
        yield min(wait, longest)
        wait = min(wait * coefficient, longest)


def parse_positive(value: Any) -> timedelta:
    """Read a duration that must not be zero; raises as `parse_duration` does."""
    duration = parse_duration(value)
    if not duration:
        raise _custom("bad-duration", f"{shown(value)}: must be longer than zero")
    return duration


def _short(unit: str) -> str:
    return "ms" if unit.startswith("milli") else unit[0]


def written(value: Any) -> str:
    """A scalar as the user writes it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def shown(value: Any) -> str:
    """How a message names the *value* that it is about."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return quote(written(value))


def _custom(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message})


def _duration_schema(pattern: str) -> WithJsonSchema:
    examples = ["30s", "5m", "1h30m", "3d", "250ms", "5 minutes"]
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": examples})


Duration = Annotated[timedelta, BeforeValidator(parse_duration), _duration_schema(DURATION_PATTERN)]
PositiveDuration = Annotated[
    timedelta,
    BeforeValidator(parse_positive),
    _duration_schema(DURATION_PATTERN.replace("^", "^(?=.*[1-9])", 1)),
]


_SHORT_TYPE = re.compile(r"([a-z]+)(\[\])?(\?)?\Z")
SHORT_TYPE_PATTERN = rf"^({'|'.join(JSON_TYPES)})(\[\])?\??$"


def parse_input_field(value: Any) -> dict[str, Any]:
    """Turn an input's short form, such as `string?` or `integer[]`, into its JSON Schema.

    An optional field has the default null and admits null. A mapping is JSON Schema already.

    Raises:
        PydanticCustomError: `bad-input-type`: neither a short form nor JSON Schema.
    """
    if isinstance(value, dict):
        return _checked_schema(value)
    match = _SHORT_TYPE.match(value) if isinstance(value, str) else None
    if match is None or match[1] not in JSON_TYPES:
        word = match[1] if match else value if isinstance(value, str) else ""
        hint = did_you_mean(_PYTHON_TYPES.get(word, word), JSON_TYPES)
        raise _custom("bad-input-type", f"{shown(value)}: not a type{hint}")
    name, is_list, is_optional = match.groups()
    schema: dict[str, Any] = {"type": name}
    if is_list:
        schema = {"type": "array", "items": schema}
    if is_optional:
        schema = schema | {"type": [schema["type"], "null"], "default": None}
    return schema


_PYTHON_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
}


def _checked_schema(schema: dict[str, Any]) -> dict[str, Any]:
    found = [
        InitErrorDetails(type=_custom(code, message), loc=way, input=schema)
        for way, code, message in problems(schema)
    ]
    if found:
        raise ValidationError.from_exception_data("input", found)
    return schema


InputField = Annotated[
    dict[str, Any],
    BeforeValidator(parse_input_field),
    WithJsonSchema(
        {
            "description": "A short form such as `string`, `integer?` (optional) or `string[]`, "
            "or JSON Schema itself.",
            "anyOf": [
                {"type": "string", "pattern": SHORT_TYPE_PATTERN, "examples": [*JSON_TYPES]},
                {"$ref": META_SCHEMA},
            ],
        }
    ),
]


class Expression(str):
    """Text with `${…}` in it, in place of a value that is known only when the workflow runs."""

    __slots__ = ()


class _OrExpression:
    """Takes a text with `${…}` as it is, and anything else as the type itself."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        own = handler.generate_schema(get_args(source)[0])

        def validate(value: Any, inner: core_schema.ValidatorFunctionWrapHandler) -> Any:
            is_expression = isinstance(value, str) and "${" in value
            return Expression(value) if is_expression else inner(value)

        return core_schema.no_info_wrap_validator_function(validate, own)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        own = handler(schema)
        shown = {"examples": own.pop("examples")} if "examples" in own else {}
        return {"anyOf": [own, {"type": "string", "pattern": r"\$\{"}], **shown}


OrExpression = Annotated[_T | Expression, _OrExpression()]
"""A value that may also be given by an expression, which is evaluated when it is needed."""
