"""Types of the standard library, of Pydantic and of annotated_types, as JSON Schema by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from tqrun.plan.types import Schema

_TEXT: Schema = {"type": "string"}
_LIST: Schema = {"type": "array"}
_MAP: Schema = {"type": "object"}
_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}


def _all(names: str, schema: Schema) -> dict[str, Schema]:
    return dict.fromkeys(names.split(), schema)


def _text(form: str) -> Schema:
    return {"type": "string", "format": form}


PLAIN: dict[str, Schema] = {
    **_all("str Text LiteralString StrictStr SecretStr bytes StrictBytes", _TEXT),
    **_all("Path PurePath PosixPath FilePath DirectoryPath NewPath", _TEXT),
    **_all("int StrictInt", _INTEGER),
    **_all("float StrictFloat FiniteFloat", _NUMBER),
    **_all("bool StrictBool", {"type": "boolean"}),
    **_all("dict Dict Mapping MutableMapping OrderedDict defaultdict DefaultDict", _MAP),
    **_all("list List Sequence MutableSequence Iterable Collection deque Deque", _LIST),
    **_all("tuple Tuple set Set frozenset FrozenSet AbstractSet MutableSet", _LIST),
    **_all("None NoneType", {"type": "null"}),
    **_all("Any object", {}),
    **_all("datetime AwareDatetime NaiveDatetime PastDatetime FutureDatetime", _text("date-time")),
    **_all("date PastDate FutureDate", _text("date")),
    "time": _text("time"),
    "timedelta": _text("duration"),
    **_all("UUID UUID1 UUID3 UUID4 UUID5", _text("uuid")),
    "Decimal": {"anyOf": [_NUMBER, _text("decimal")]},
    **_all("EmailStr", _text("email")),
    **_all("AnyUrl AnyHttpUrl HttpUrl FileUrl", _text("uri")),
    **_all("IPv4Address IPv6Address IPvAnyAddress", _text("ip")),
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "NegativeInt": {"type": "integer", "exclusiveMaximum": 0},
    "NonPositiveInt": {"type": "integer", "maximum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
    "NegativeFloat": {"type": "number", "exclusiveMaximum": 0},
    "NonPositiveFloat": {"type": "number", "maximum": 0},
}
WRITTEN: Mapping[str, Schema] = {"Decimal": _text("decimal")}
"""Those that are written in fewer forms than they are read from."""

CONSTRAINED: dict[str, Schema] = {
    "conint": _INTEGER,
    "confloat": _NUMBER,
    "constr": _TEXT,
    "condecimal": PLAIN["Decimal"],
    "conlist": _LIST,
    "conset": _LIST,
    "confrozenset": _LIST,
    "condate": _text("date"),
}
"""Pydantic's functions that make a type; their keywords are those of `Field`."""

_MARKS: Mapping[str, tuple[str, ...]] = {
    "Gt": ("gt",),
    "Ge": ("ge",),
    "Lt": ("lt",),
    "Le": ("le",),
    "MultipleOf": ("multiple_of",),
    "MinLen": ("min_length",),
    "MaxLen": ("max_length",),
    "Len": ("min_length", "max_length"),
    "Interval": (),
    "StringConstraints": (),
    "Strict": ("strict",),
}
"""What may stand in `Annotated`, and the keywords that its arguments in order are."""


def keywords(node: ast.expr) -> list[ast.keyword] | None:
    """What a part of `Annotated` says, as keywords of `Field`; None of one that is not known."""
    if not isinstance(node, ast.Call):
        return None
    name = ast.unparse(node.func).rpartition(".")[2]
    if name not in _MARKS:
        return None
    named = (ast.keyword(*one) for one in zip(_MARKS[name], node.args, strict=False))
    return [*named, *node.keywords]


def silent(node: ast.expr) -> bool:
    """Whether a part of `Annotated` says nothing about the JSON that is taken."""
    if isinstance(node, ast.Constant):
        return True
    name = ast.unparse(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
    return name in _DOCUMENTING


_DOCUMENTING: Iterable[str] = frozenset({"Doc", "WithJsonSchema", "Deprecated", "deprecated"})


def named(name: str, *, result: bool) -> Schema | None:
    """The schema of the type *name* of a library, read or written; None if it is not known."""
    found: Any = WRITTEN.get(name) if result else None
    return found or PLAIN.get(name)
