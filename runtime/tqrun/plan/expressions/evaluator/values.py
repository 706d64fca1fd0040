"""What an expression computes with: JSON, and the few kinds of value that only CEL has.

Their names here are those of CEL's run time. An operation that fails raises `Failed`, which another
branch of a condition may make up for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIN_INT, MAX_INT = -(2**63), 2**63 - 1


class Failed(Exception):
    """An operation that fails on its values; the text quotes none of them."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value that JSON does not have.

    Attributes:
        kind: `timestamp`, `duration`, `uint64`, `bytes` or `type`.
        plain: As Python has it, in microseconds at best; the name of a type.
        text: What CEL makes the same value of.
    """

    kind: str
    plain: Any
    text: str = ""

    def __lt__(self, other: Any) -> bool:
        """Order moments and durations, as JSON's own values are."""
        if not isinstance(other, Foreign) or other.kind != self.kind:
            return NotImplemented
        return bool(self.plain < other.plain)


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may not be there."""

    has: bool
    value: Any = None


NONE = Optional(has=False)


class BooleanKey:
    """The key `true` or `false` of a map, which to Python would be 1 or 0."""

    def __init__(self, *, value: bool) -> None:
        """Stand for *value*."""
        self.value = value

    def __str__(self) -> str:
        """The key as JSON has it."""
        return str(self.value)


KEYS = {True: BooleanKey(value=True), False: BooleanKey(value=False)}

_KINDS: Mapping[type, str] = {
    type(None): "null_type",
    bool: "bool",
    int: "int64",
    float: "double",
    str: "string",
    list: "list",
    dict: "map",
    Optional: "optional",
    BooleanKey: "bool",
}
_WORDS = {
    "null_type": "null",
    "int64": "an integer",
    "uint64": "an unsigned integer",
    "double": "a number",
    "string": "text",
    "bool": "true or false",
    "list": "a list",
    "map": "an object",
    "timestamp": "a timestamp",
    "duration": "a CEL duration",
    "bytes": "bytes",
    "type": "a type",
    "optional": "an optional",
}
_TYPES = {
    "int64": "int",
    "uint64": "uint",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "optional": "optional_type",
}


def kind(value: Any) -> str:
    """What CEL's run time calls the kind of *value*."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Foreign):
        return value.kind
    # A subclass, as a Python caller may launch with.
    return next(name for class_, name in _KINDS.items() if isinstance(value, class_))


def in_words(kind_name: str) -> str:
    """A kind of value in the user's words."""
    return _WORDS[kind_name]


def type_of(value: Any) -> Foreign:
    """The type of *value*, as a value."""
    name = kind(value)
    return Foreign("type", _TYPES.get(name, name))


def refusal(operation: str, *values: Any) -> Failed:
    """That *operation* has no meaning for values of these kinds."""
    given = " and ".join(in_words(kind(value)) for value in values)
    return Failed(f'"{operation.strip("_@")}" does not take {given}')


def foreign(kind_name: str, plain: Any, text: str) -> Any:
    """A value that CEL has given as *plain*, and writes as *text*."""
    if kind_name == "timestamp":
        year, _, rest = text.partition("-")
        return Foreign(kind_name, plain, f"{year:0>4}-{rest}")
    if kind_name == "bytes":
        return Foreign(kind_name, bytes(plain))
    return Foreign(kind_name, plain, str(plain) if kind_name == "uint64" else text)
