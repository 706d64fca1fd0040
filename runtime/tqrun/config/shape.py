"""Pydantic's errors as faults: the user's words, the user's place and a way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from tqrun.config.model import Activity, Queue, QueuesFile, Workflow
from tqrun.config.options import RetryPolicy
from tqrun.config.source import Location, Node, Source, child
from tqrun.config.steps import KINDS
from tqrun.config.values import PATTERNS, shown, written
from tqrun.diagnostics import Finding, did_you_mean, nearest, quote, snake_case

MAX_FAULTS = 10_000
"""More are of no use to anybody, and the nearest known word takes time to find."""
_WANTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_LIMITS = {
    "greater_than_equal": ("ge", "must be at least"),
    "greater_than": ("gt", "must be more than"),
    "less_than_equal": ("le", "must be at most"),
}
_EMPTY = ("string_too_short", "too_short")
_HOMES: tuple[tuple[type[BaseModel], str], ...] = (
    (RetryPolicy, 'under "retry_policy"'),
    (Activity, "to an activity"),
    (Workflow, "to a workflow"),
    (Queue, "to a queue"),
    (QueuesFile, "at the top of the file"),
)
_CHOICE = re.compile(r"'([^']*)'|(\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One value, or one key, that cannot be part of a queues file.

    Attributes:
        location: The way to it from the top of the file, keys and indexes.
        finding: What the user reads.
        meant: The key that an unknown one was probably meant to be.
        at_key: The key itself is faulty, not its value.
        words: What stands there, as far as it may be names.
    """

    location: Location
    finding: Finding
    meant: str | None = None
    at_key: bool = False
    words: frozenset[str] = frozenset()


def faults(error: ValidationError, source: Source) -> Iterator[Fault]:
    """The faults of *source* that its validation reported, each with its own place."""
    for details in error.errors(include_url=False)[:MAX_FAULTS]:
        location, at_key = _written_location(source, details["loc"])
        code, message = _judge(details, location, source.node(location))
        if code == "unknown-step" and (typo := _misspelt_kind(details["input"])) is not None:
            key, kind = typo
            message = f'unknown key {quote(key)}; did you mean "{kind}"?'
            place = source.place((*location, key), key=True)
            yield Fault((*location, key), Finding(place, code, message), kind)
            continue
        if code == "missing-key":
            place = source.place(location[:-1], key=True)
        else:
            place = source.place(location, key=at_key or code in ("unknown-key", "empty-value"))
        meant = None
        if code == "unknown-key" and "did you mean" in message:
            meant = nearest(str(location[-1]), _keys_at(details["loc"][:-1]))
        yield Fault(location, Finding(place, code, message), meant, at_key)


def _misspelt_kind(step: Any) -> tuple[str, str] | None:
    """The key of *step* that was probably meant to be its kind, and the kind."""
    beside = {key for model in KINDS.values() for key in _fields(model)}
    for key in step if isinstance(step, dict) else ():
        kind = nearest(key, KINDS) if key not in beside else None
        if kind is not None:
            return key, kind
    return None


def _written_location(source: Source, loc: Location) -> tuple[Location, bool]:
    """*loc* without the steps that only the model has: tags of unions, and `[key]`."""
    node, location, at_key = source.root, [], False
    for step in loc:
        inner = child(node, step) if node else None
        if inner is None and str(step).startswith("<"):
            continue
        if inner is None and step == "[key]":
            at_key = True
            continue
        location.append(step)
        node = inner
    return tuple(location), at_key


def _judge(details: ErrorDetails, location: Location, node: Node) -> tuple[str, str]:
    kind, given = details["type"], details["input"]
    context = details.get("ctx", {})
    name = next((step for step in reversed(location) if isinstance(step, str)), "")
    if not location:
        return "wrong-type", 'the file must be a mapping with the key "queues"'
    if kind == "extra_forbidden":
        return "unknown-key", _unknown_key(details["loc"])
    is_name = kind != "string_pattern_mismatch" and "<name>" in details["loc"][-1:]
    if kind == "union_tag_invalid" or is_name:
        return "unknown-step", _NOT_A_STEP
    if kind == "missing":
        example = _EXAMPLES.get(name, f"{name}: …")
        return "missing-key", f'"{name}" is missing; write for example "{example}"'
    if given is None or kind in _EMPTY:
        return "empty-value", _empty(name, location)
    if kind in _WANTED:
        return "wrong-type", _wrong_type(name, given, node, _WANTED[kind])
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return "out-of-range", f"{shown(given)}: {words} {context[limit]:,.10g}"
    if kind == "literal_error":
        return "unknown-value", _unknown_value(name, given, context["expected"])
    if kind == "string_pattern_mismatch":
        code, words = PATTERNS[context["pattern"]]
        return code, f"{quote(given)}: {words}"
    return kind, details["msg"]


def _wrong_type(name: str, given: Any, node: Node, wanted: str) -> str:
    if isinstance(given, dict | list):
        return f"{quote(name)} must be {wanted}, not a {_COLLECTION[type(given)]}"
    text = shown(given)
    if name in _CONDITIONS and isinstance(given, str):
        return f'{text}: not {wanted}; write "${{{given}}}"'
    if wanted == "a mapping":
        return f"{quote(name)} must be {wanted}, not {text}"
    if wanted == "a list":
        return f"{text}: not a list; write [{written(given)}]"
    if wanted == "text":
        return f"{text}: not text; put it in quotes"
    if node.quoted and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", node.text or ""):
        return f"{text}: not {wanted}; remove the quotes"
    return f"{text}: not {wanted}"


_NOT_A_STEP = f"not a step; write an activity's name, or one of {', '.join(KINDS)}"
_COLLECTION = {dict: "mapping", list: "list"}


_CONDITIONS = frozenset({"foreach", "if", "repeat_until", "when", "while"})
"""Keys that nearly always have an expression."""
_RETRIES = frozenset({"attempts", "max_attempts", "max_retries", "retries"})
"""What a retry policy is called elsewhere; no key of ours, though some look like one."""
_EXAMPLES = {"version": "version: 1", "queues": "queues: {your_queue: …}"}


def _unknown_key(loc: Location) -> str:
    key = str(loc[-1])
    known = _keys_at(loc[:-1])
    if snake_case(key) in _RETRIES and not {"retry_policy", *RetryPolicy.model_fields} & {*known}:
        return f'unknown key {quote(key)}; it belongs under the "retry_policy" of an activity'
    kind = str(loc[-2])[1:-1] if len(loc) > 1 else ""
    if key in KINDS and kind in KINDS:
        return f'"{key}" beside "{kind}"; a step has one kind, so make two steps of it'
    hint = did_you_mean(key, known)
    if "did you mean" not in hint:
        name = snake_case(key)
        homes = [words for model, words in _HOMES if name in _fields(model)]
        subject = "it" if name == key else quote(name)
        hint = f"; {subject} belongs {homes[0]}" if homes else hint
    return f"unknown key {quote(key)}{hint}"


def _keys_at(loc: Location) -> list[str]:
    """The keys that the model knows at *loc*, which has the steps that only the model has."""
    shape: Any = QueuesFile
    for step in loc:
        shape = _step(shape, step)
    return [key for model in _alternatives(shape, BaseModel) for key in _fields(model)]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of *model* by the key that the user writes."""
    if not model.__pydantic_fields_complete__:  # its steps were not needed so far
        model.model_rebuild()
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _step(shape: Any, step: str | int) -> Any:
    if str(step).startswith("<"):
        return _tagged(shape, str(step)) or shape
    for model in _alternatives(shape, BaseModel):
        if step in _fields(model):
            return _fields(model)[str(step)].annotation
    for container in (dict, list):
        for found in _alternatives(shape, container):
            return get_args(found)[-1]
    return None


def _tagged(shape: Any, tag: str) -> Any:
    """The alternative of a tagged union that *tag* chooses."""
    if get_origin(shape) is Annotated:
        inner, *metadata = get_args(shape)
        return inner if Tag(tag) in metadata else _tagged(inner, tag)
    found = (_tagged(part, tag) for part in get_args(shape))
    return next((one for one in found if one is not None), None)


def _alternatives(shape: Any, kind: type) -> Iterator[Any]:
    """The parts of an annotation, unions and `Annotated` opened, that are of this kind."""
    origin = get_origin(shape) or shape
    if origin in (Union, UnionType):
        for part in get_args(shape):
            yield from _alternatives(part, kind)
    elif origin is Annotated:
        yield from _alternatives(get_args(shape)[0], kind)
    elif isinstance(origin, type) and issubclass(origin, kind):
        yield shape


def _empty(name: str, location: Location) -> str:
    parent = str(location[-2]) if len(location) > 1 else ""
    if parent in _WHEN_EMPTY:
        return f"{quote(str(location[-1]))} has no value; {_WHEN_EMPTY[parent]}"
    if location[-1] != name:
        return f"an item of {quote(name)} has no value; write one or remove it"
    hint = "write one" if name in REQUIRED else "write one or remove the key"
    return f"{quote(name)} has no value; {hint}"


_WHEN_EMPTY = {
    "queues": 'it needs at least "version"',
    "activities": "write {} for an activity with only defaults",
    "retry_policies": "write {} for a policy with only defaults",
    "workflows": 'it needs at least "workflow_id"',
    "input": 'write its type, for example "string"',
    "draining": 'write {} or "external"',
}
ENTRIES = frozenset(_WHEN_EMPTY)
"""Keys of mappings whose own keys the user chooses."""
REQUIRED: dict[str, Any] = {"version": 1, "queues": {}}
"""Keys that have no default, and what may stand in for them."""


def _unknown_value(name: str, given: Any, expected: str) -> str:
    known = [text or number for text, number in _CHOICE.findall(expected)]
    hint = did_you_mean(written(given), known)
    return f"{shown(given)}: not a value of {quote(name)}{hint}"
