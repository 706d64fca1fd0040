"""JSON Schema to the types that CEL checks with, and back.

An object with declared fields becomes a Protobuf message, so that an unknown field is found; what
the schema leaves open is CEL's `dyn`, which fits everything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, reduce
from typing import Any

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2, wrappers_pb2

Schema = Mapping[str, Any]

_T = cel.Type
_FIELD = descriptor_pb2.FieldDescriptorProto
FAILED: Schema = {"description": "of an expression with a finding"}
"""The type of what an expression with a finding evaluates to: it leaves a name as it was."""
_NUMERIC = {"integer", "number"}
_MAX_DEPTH = 8
"""Levels of objects in objects; what is deeper, or refers to itself, is not checked."""
NULL_FIELD = "tqrun.Null"
"""The message that stands for a field that is null, for which Protobuf has no type."""
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_SCALARS = {
    "string": (_T.STRING, "google.protobuf.StringValue", _FIELD.TYPE_STRING),
    "integer": (_T.INT, "google.protobuf.Int64Value", _FIELD.TYPE_INT64),
    "number": (_T.DOUBLE, "google.protobuf.DoubleValue", _FIELD.TYPE_DOUBLE),
    "boolean": (_T.BOOL, "google.protobuf.BoolValue", _FIELD.TYPE_BOOL),
}
_BACK: dict[str, Schema] = {
    "STRING": {"type": "string"},
    "INT": {"type": "integer"},
    "UINT": {"type": "integer"},
    "DOUBLE": {"type": "number"},
    "BOOL": {"type": "boolean"},
    "NULL": {"type": "null"},
    "TIMESTAMP": {"type": "string", "format": "date-time"},
    "DURATION": {"type": "string"},
}


def flat(schema: Any, definitions: Mapping[str, Any] | None = None, depth: int = 0) -> Schema:
    """*schema* with references written out and one type, nullable or not, where there is one."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return {}
    definitions = schema.get("$defs", definitions or {})
    if "$ref" in schema:
        target = str(schema["$ref"]).rpartition("/")[2]
        return flat(definitions.get(target, {}), definitions, depth + 1)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return joined_all([flat(choice, definitions, depth + 1) for choice in choices])
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return flat(schema["allOf"][0], definitions, depth + 1)
    if "type" not in schema and ("enum" in schema or "const" in schema):
        return joined_all([literal(one) for one in schema.get("enum", [schema.get("const")])])
    found = {key: schema[key] for key in ("type", "format", "enum", "const") if key in schema}
    if isinstance(schema.get("items"), Mapping):
        found["items"] = flat(schema["items"], definitions, depth + 1)
    if "prefixItems" in schema:
        found.pop("items", None)
    closed = not schema.get("additionalProperties")
    if schema.get("properties") and closed and all(map(_IDENTIFIER.match, schema["properties"])):
        found["properties"] = {
            name: flat(inner, definitions, depth + 1)
            for name, inner in schema["properties"].items()
        }
        found["required"] = [*schema.get("required", ())]
    return found


def literal(value: Any) -> Schema:
    """The schema of a value that stands in the file."""
    if isinstance(value, list):
        return {"type": "array", "items": joined_all([literal(item) for item in value])}
    if isinstance(value, dict):
        return of_fields({str(name): literal(inner) for name, inner in value.items()})
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {}


def kinds(schema: Schema) -> list[str]:
    """The JSON types that a value of *schema* may have; none if it is open."""
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def may_be_null(schema: Schema) -> bool:
    """Whether *schema* says that null is one of its values."""
    return "null" in kinds(schema)


def nullable(schema: Schema) -> Schema:
    """*schema*, or null."""
    found = kinds(schema)
    if not found or "null" in found:
        return schema
    one = {key: value for key, value in schema.items() if key != "const"}
    if "enum" in schema or "const" in schema:
        one["enum"] = [*schema.get("enum", [schema.get("const")]), None]
    return {**one, "type": [*found, "null"]}


def not_null(schema: Schema) -> Schema:
    """*schema* without null."""
    found = [kind for kind in kinds(schema) if kind != "null"]
    if not found:
        return {}
    one = {**schema, "type": found[0] if len(found) == 1 else found}
    if "enum" in one:
        one["enum"] = [value for value in one["enum"] if value is not None]
    return one


def without_null(schema: Schema, paths: Iterable[str]) -> Schema:
    """*schema* of a value of which *paths*, `""` for itself, are there and not null.

    One that ends in `?` is there, and may be null.
    """
    for path in sorted(paths):
        schema = _without_null(schema, path.split(".") if path else [])
    return schema


def _without_null(schema: Schema, path: list[str]) -> Schema:
    if not path:
        return not_null(schema)
    fields = schema.get("properties", {})
    name = path[0].removesuffix("?")
    if name not in fields:
        return schema
    inner = fields[name] if name != path[0] else _without_null(fields[name], path[1:])
    required = dict.fromkeys((*schema.get("required", ()), name))
    return {**schema, "properties": {**fields, name: inner}, "required": [*required]}


def nullable_paths(schema: Schema) -> Iterator[str]:
    """Each part of a value that may be null, `""` for itself."""
    if may_be_null(schema):
        yield ""
    for name, inner in schema.get("properties", {}).items():
        for path in nullable_paths(inner):
            yield f"{name}.{path}".rstrip(".")


def joined(first: Schema, second: Schema) -> Schema | None:
    """What holds values of both; None if the two are of different types."""
    if first == second or second is FAILED:
        return first
    if first is FAILED:
        return second
    if not kinds(first) or not kinds(second):
        return {}
    if kinds(first) == ["null"] or kinds(second) == ["null"]:
        return nullable(second if kinds(first) == ["null"] else first)
    null = may_be_null(first) or may_be_null(second)
    one, other = not_null(first), not_null(second)
    mine, theirs = set(kinds(one)), set(kinds(other))
    both: Schema = one if one == other else {"type": one["type"]}
    if mine != theirs:
        if mine | theirs != _NUMERIC or len(mine) == len(theirs):
            return None
        both = {"type": sorted(_NUMERIC)}
    if kinds(one) == ["array"] and one != other:
        items = joined(one.get("items", {}), other.get("items", {}))
        if items is None:
            return None
        both = {"type": "array", "items": items}
    if kinds(one) == ["object"] and one != other:
        both = _joined_objects(one, other)
    return nullable(both) if null else both


def either(first: Schema, second: Schema) -> Schema:
    """What is known of a value that is of one or of the other type."""
    found = joined(first, second)
    if found is not None:
        return found
    one, other = not_null(first), not_null(second)
    if {*kinds(one), *kinds(other)} != _NUMERIC:
        return {}
    both: Schema = {"type": sorted(_NUMERIC)}
    return nullable(both) if may_be_null(first) or may_be_null(second) else both


def is_mixed(schema: Schema) -> bool:
    """Whether a value of *schema* may be a whole number or another one: CEL tells them apart."""
    return set(kinds(schema)) - {"null"} == _NUMERIC


def _joined_objects(one: Schema, other: Schema) -> Schema:
    mine, theirs = one.get("properties"), other.get("properties")
    if not mine or not theirs or mine.keys() != theirs.keys():
        return {"type": "object"}
    fields = {name: either(mine[name], theirs[name]) for name in mine}
    required = [
        name
        for name in fields
        if name in one.get("required", ()) and name in other.get("required", ())
    ]
    return {"type": "object", "properties": fields, "required": required}


def of_fields(fields: Mapping[str, Schema]) -> Schema:
    """An object with these fields; its own type is open where CEL could not name one."""
    if not fields or not all(_IDENTIFIER.match(name) for name in fields):
        return {"type": "object"}
    return {"type": "object", "properties": dict(fields), "required": [*fields]}


def joined_all(schemas: list[Schema]) -> Schema:
    """What is known of a value that is of one of these types; open if of none."""
    return reduce(either, schemas) if schemas else {}


def at_path(schema: Schema, path: list[str]) -> Schema | None:
    """The schema of field *path* of a value; None where it is not known."""
    for step in path:
        fields = schema.get("properties")
        if not fields or step not in fields:
            return None
        schema = fields[step]
    return schema


class Names:
    """The CEL types of the names in one scope, with the messages that they need."""

    def __init__(self, scope: Mapping[str, Schema], *, null: bool = False) -> None:
        """Read *scope*; with *null*, every value that may be null is null."""
        self._null = null
        self._messages: dict[str, Schema] = {}
        self._file = descriptor_pb2.FileDescriptorProto(
            name="tqrun/names.proto", package="tqrun", syntax="proto3"
        )
        self._file.dependency.extend([wrappers_pb2.DESCRIPTOR.name, struct_pb2.DESCRIPTOR.name])
        self._file.message_type.add(name=NULL_FIELD.rpartition(".")[2])
        self.types = {name: self._type(schema) for name, schema in scope.items()}

    @property
    def objects(self) -> tuple[str, ...]:
        """The name of each message as CEL knows it."""
        return tuple(f"tqrun.{name}" for name in self._messages)

    @property
    def pool(self) -> Any:
        """What holds the messages; None where there are none."""
        if not self._messages:
            return None
        pool = descriptor_pool.DescriptorPool()
        for module in (wrappers_pb2, struct_pb2):
            pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        pool.AddSerializedFile(self._file.SerializeToString())
        return pool

    def schema(self, type_name: str) -> Schema:
        """The schema of values of the CEL type that is called so."""
        if type_name in _BACK:
            return _BACK[type_name]
        if type_name.startswith("LIST<"):
            return {"type": "array", "items": self.schema(type_name[5:-1])}
        if type_name.startswith("MAP<"):
            return {"type": "object"}
        return self._messages.get(type_name.removeprefix("tqrun."), {})

    def fields(self, type_name: str) -> list[str]:
        """The fields of the message that is called so."""
        message = self._messages.get(type_name.removeprefix("tqrun."), {})
        return [*message.get("properties", ())]

    def optional(self, type_name: str) -> set[str]:
        """The fields that a value of the message called so may lack."""
        message = self._messages.get(type_name.removeprefix("tqrun."), {})
        return {*message.get("properties", ())} - {*message.get("required", ())}

    def _type(self, schema: Schema) -> Any:
        found = kinds(schema)
        one = not_null(schema)
        if len(kinds(one)) != 1:
            return _T.NULL if found == ["null"] else _T.DYN
        kind, null = kinds(one)[0], "null" in found
        if null and self._null:
            return _T.NULL
        if kind in _SCALARS:
            return _T(_SCALARS[kind][1]) if null else _SCALARS[kind][0]
        if null and not one.get("properties"):
            return _T.DYN  # CEL refuses to compare its lists and maps with null
        if kind == "array":
            return _T.List(self._type(one.get("items", {})))
        if one.get("properties"):
            return _T(f"tqrun.{self._message(one)}")
        return _T.Map(_T.STRING, _T.DYN)

    def _message(self, schema: Schema) -> str:
        text = json.dumps(schema, sort_keys=True)
        name = f"Object{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        if name not in self._messages:
            self._messages[name] = schema
            message = descriptor_pb2.DescriptorProto(name=name)
            for number, (field, inner) in enumerate(schema["properties"].items(), 1):
                made = message.field.add(name=field, number=number, json_name=f"f{number}")
                self._fill(made, inner)
            self._file.message_type.append(message)
        return name

    def _fill(self, field: Any, schema: Schema) -> None:
        """Give the Protobuf *field* the type of *schema*."""
        one, null = not_null(schema), may_be_null(schema)
        found = kinds(one)
        field.label = _FIELD.LABEL_OPTIONAL
        kind = found[0] if len(found) == 1 else ""
        if kind == "array" and not null and self._fill_item(field, one.get("items", {})):
            field.label = _FIELD.LABEL_REPEATED
        elif null and self._null:
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{NULL_FIELD}"
        elif kind in _SCALARS and not null:
            field.type = _SCALARS[kind][2]
        else:
            field.type = _FIELD.TYPE_MESSAGE
            field.type_name = f".{self._message_name(kind, one, null=null)}"

    def _fill_item(self, field: Any, item: Schema) -> bool:
        """The type of a list's items; False for what Protobuf cannot repeat."""
        found = kinds(item)
        if len(found) != 1 or found[0] in ("array", "null"):
            return False
        if found[0] in _SCALARS:
            field.type = _SCALARS[found[0]][2]
        else:
            field.type = _FIELD.TYPE_MESSAGE
            field.type_name = f".{self._message_name(found[0], item, null=False)}"
        return True

    def _message_name(self, kind: str, schema: Schema, *, null: bool) -> str:
        if kind in _SCALARS:
            return _SCALARS[kind][1]
        if kind == "object" and schema.get("properties"):
            return f"tqrun.{self._message(schema)}"
        known = {} if null else {"object": "Struct", "array": "ListValue"}
        return f"google.protobuf.{known.get(kind, 'Value')}"


@lru_cache(maxsize=512)
def names(scope_text: str, *, null: bool = False) -> Names:
    """The CEL types of a scope that is written as JSON, made once."""
    return Names(json.loads(scope_text), null=null)
