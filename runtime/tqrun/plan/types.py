"""Whether JSON of a declared type fits a Python annotation.

Both sides are JSON Schema here: the declared one is the user's, the annotation's is Pydantic's.
Only what is certain is refused: a text may turn out to be no UUID, and that shows at run time.
"""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import typing_extensions
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from tqrun.plan.signatures import BoundFunction, Unresolved

Schema = Mapping[str, Any]

TypedDict: Any = typing_extensions.TypedDict
"""Called with fields that are known at run time only, which a type checker cannot follow."""

_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
    list: {"type": "array"},
}
_TEXT_FORMATS = frozenset({"date", "date-time", "time", "duration", "uuid"})
"""Formats of which no text has two."""
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Written:
    """An annotation that was read, not evaluated.

    Attributes:
        schema: The JSON Schema of what it takes.
        text: As its author wrote it.
    """

    schema: Mapping[str, Any]
    text: str


class NotJson(Exception):
    """No value of the annotation can be made from JSON; the text says what to do."""


def taken(annotation: Any) -> Schema:
    """The JSON Schema of what a parameter annotated *annotation* takes.

    Raises:
        NotJson: Pydantic does not know the type, or its names are not defined at run time.
    """
    if isinstance(annotation, Written):
        return annotation.schema
    if isinstance(annotation, Unresolved):
        message = f'{annotation.reason}; import it outside of "if TYPE_CHECKING:"'
        raise NotJson(message if "is not defined" in message else annotation.reason)
    return _described_as(annotation, "validation")


def written(annotation: Any) -> Schema:
    """The JSON Schema of what a value annotated *annotation* becomes; raises as `taken` does."""
    if isinstance(annotation, Written | Unresolved):
        return taken(annotation)
    return _described_as(annotation, "serialization")


def result_schema(function: BoundFunction) -> Schema:
    """The JSON Schema of what *function* returns; open where that is not JSON by its annotation."""
    if function.returns is None or function.returns is type(None):
        return {"type": "null"}
    try:
        return written(function.returns)
    except NotJson:
        return {}


def _described_as(annotation: Any, mode: JsonSchemaMode) -> Schema:
    try:
        hash(annotation)
    except TypeError:
        return _schema(annotation, mode)
    return _SIMPLE.get(annotation) or _kept_schema(annotation, mode)


class _Complete(GenerateJsonSchema):
    """Says of a field with a default that it is always there, as it is in what is written."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "validation" or field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        return True


def _schema(annotation: Any, mode: JsonSchemaMode) -> Schema:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter = TypeAdapter(modern(annotation))
            return adapter.json_schema(mode=mode, schema_generator=_Complete)
    except Exception as error:  # noqa: BLE001 - the user's types take part in this
        if isinstance(error, PydanticUserError) and error.code == "typed-dict-version":
            message = 'take "TypedDict" from typing_extensions before Python 3.12'
        else:
            message = "use plain types, dataclasses, TypedDict or Pydantic models"
        raise NotJson(f"{named(annotation)} cannot be made from JSON; {message}") from None


_kept_schema = lru_cache(maxsize=4096)(_schema)


def modern(annotation: Any) -> Any:
    """*annotation* as Pydantic takes it: before Python 3.12 it refuses `typing.TypedDict`."""
    if sys.version_info >= (3, 12):
        return annotation
    if type(annotation).__name__ == "_TypedDictMeta" and type(annotation).__module__ == "typing":
        return _twin(annotation)
    inner = get_args(annotation)
    replaced = tuple(modern(argument) for argument in inner)
    if all(new is old for new, old in zip(replaced, inner, strict=True)):
        return annotation
    origin = get_origin(annotation)
    only = replaced[0] if len(replaced) == 1 else replaced
    return (Union if origin is type(int | str) else origin)[only]


def _twin(annotation: Any) -> Any:
    """The same TypedDict, made by typing_extensions."""
    fields = {}
    for name, hint in get_type_hints(annotation, include_extras=True).items():
        mark = get_origin(hint)
        if mark not in (Required, NotRequired):
            mark = Required if name in annotation.__required_keys__ else NotRequired
            hint = mark[hint]
        fields[name] = modern(hint)
    return TypedDict(annotation.__name__, fields)


def refused(declared: Schema, accepted: Schema) -> list[Schema]:
    """The alternatives of *declared*, such as null or one value of an enum, that do not fit."""
    if declared == accepted:
        return []
    definitions = accepted.get("$defs", {})
    wanted = list(_alternatives(accepted, definitions))
    return [
        one
        for one in _alternatives(declared, {})
        if not any(_fits(one, other, definitions) for other in wanted)
    ]


def _alternatives(schema: Schema | bool, definitions: Schema) -> Iterator[Schema]:
    """*schema* as schemas of one type or one value each; an empty one stands for anything."""
    if isinstance(schema, bool):
        yield {}
    elif "const" in schema or "enum" in schema:
        for value in schema.get("enum", [schema.get("const")]):
            yield {"type": _kind(value), "const": value}
    elif "type" in schema:
        types = schema["type"]
        for name in [types] if isinstance(types, str) else types:
            yield {**schema, "type": name}
    elif "$ref" in schema:
        target = str(schema["$ref"]).rpartition("/")[2]
        yield from _alternatives(definitions.get(target, {}), definitions)
    elif choices := schema.get("anyOf") or schema.get("oneOf"):
        for choice in choices:
            yield from _alternatives(choice, definitions)
    else:
        yield {}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value)) or ("object" if isinstance(value, dict) else "array")


def _fits(declared: Schema, accepted: Schema, definitions: Schema) -> bool:
    if not declared or not accepted:
        return True
    kinds = {declared["type"], accepted["type"]}
    if len(kinds) == 2 and (declared["type"], accepted["type"]) != ("integer", "number"):
        return False
    if "const" in declared and "const" in accepted:
        return bool(declared["const"] == accepted["const"])
    formats = {declared.get("format"), accepted.get("format")} & _TEXT_FORMATS
    if len(formats) == 2:
        return False
    if declared["type"] == "object":
        return not any(misfits(declared, accepted, definitions))
    item = declared.get("items", {})
    return not any(
        refused(item, {**wanted, "$defs": definitions})
        for wanted in (accepted.get("items", {}), *accepted.get("prefixItems", ()))
        if isinstance(item, dict) and isinstance(wanted, dict)
    )


def unfit_field(declared: Schema, accepted: Schema) -> tuple[str, Schema] | None:
    """The first field of an object that does not fit, and what it is; None if it is not a field."""
    definitions = accepted.get("$defs", {})
    for wanted in _alternatives(accepted, definitions):
        if declared.get("type") == wanted.get("type") == "object":
            for name, field, _ in misfits(declared, wanted, definitions):
                return name, field
    return None


def misfits(
    declared: Schema, accepted: Schema, definitions: Schema
) -> Iterator[tuple[str, Schema, Schema]]:
    """Each field of an object that does not fit: its name, what it is and what is taken."""
    fields, others = accepted.get("properties", {}), accepted.get("additionalProperties", {})
    for name, field in declared.get("properties", {}).items():
        wanted = fields.get(name, others)
        if isinstance(wanted, dict):
            taken_here = {**wanted, "$defs": definitions}
            yield from ((name, one, taken_here) for one in refused(field, taken_here))


def named(annotation: Any) -> str:
    """*annotation* as its author would write it, without what only `Annotated` says."""
    if isinstance(annotation, Written):
        return annotation.text
    annotation = _plain(annotation)
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return inspect.formatannotation(annotation)


def _plain(annotation: Any) -> Any:
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": annotation}))["it"]
    except Exception:  # noqa: BLE001 - an annotation is any expression
        return annotation


def described(schema: Schema) -> str:
    """A declared type in the words of the queues file."""
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    return " or ".join(dict.fromkeys(_described(one) for one in _alternatives(schema, {})))


def _described(schema: Schema) -> str:
    if "const" in schema or not schema:
        return described(schema) if schema else "anything"
    if schema["type"] == "array" and isinstance(schema.get("items"), dict):
        item = described(schema["items"])
        return f"({item})[]" if " " in item else f"{item}[]"
    return f"{schema['type']} ({schema['format']})" if "format" in schema else str(schema["type"])
