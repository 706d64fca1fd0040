"""Whether two templates mean the same: by their words, else by what they give for many inputs.

A template is compared with the declarations that it reads, because a default or a type decides
about its text as much as the template does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tqrun.config.templates import split
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.expressions import EvaluationError, references, render
from tqrun.plan.expressions.types import kinds
from tqrun.plan.numbers import as_declared
from tqrun.plan.types import Schema

_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[\w.]+|\S")
_CONSTANT = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'|(?<![\w.])(\d+)(?![\w.])")
_FIELD = re.compile(r"\.\s*([A-Za-z_]\w*)\b(?!\s*\()")
_TEXT: Schema = {"type": "string"}
_COMBINED = 24
"""Inputs that are put together by chance, beside those in which one name differs."""
_TEXTS = ("Ab 1", "z-9")
_NUMBERS = (7, 12, 2**53 + 1)
"""The last one is not a float: an id from a database may be that large."""

Fields = Mapping[str, Schema]


def other_id(was: LaunchPlan, is_: LaunchPlan) -> bool:
    """Whether an input that both launches take may give another workflow id."""
    texts = was.workflow_id.text, is_.workflow_id.text
    fields = was.inputs.fields, is_.inputs.fields
    names = references(texts[0]) | references(texts[1])
    unchanged = all(fields[0].get(name) == fields[1].get(name) for name in names)
    if unchanged and _words(texts[0]) == _words(texts[1]):
        return False
    return _differ(texts, fields, sorted(names))


def other_text(before: str | None, after: str | None, names: Mapping[str, str]) -> bool:
    """Whether a value within a workflow is another, where *names* are what each name was before."""
    if before is None or after is None:
        return before is not after
    if _words(before) in (_words(after), _words(after, names)):
        return False
    open_: Fields = {}
    return _differ((before, after), (open_, open_), sorted(references(before) | references(after)))


def _words(text: str, names: Mapping[str, str] | None = None) -> list[str]:
    """The literal text and the words of *text*, without what only its author sees."""
    words = []
    for piece, offset in split(text):
        if offset is None:
            words.append(piece)
            continue
        tokens = [_word(one, names or {}) for one in _TOKEN.findall(piece)]
        while tokens[:1] == ["("] and tokens[-1:] == [")"] and "(" not in tokens[1:]:
            tokens = tokens[1:-1]
        words += ["${", *tokens, "}"]
    return words


def _word(token: str, names: Mapping[str, str]) -> str:
    if token[0] in "\"'":
        return f'"{token[1:-1]}"'
    first, dot, rest = token.removeprefix("input.").partition(".")
    return f"{names.get(first, first)}{dot}{rest}"


def _differ(texts: Sequence[str], fields: Sequence[Fields], names: Sequence[str]) -> bool:
    """Whether two templates differ on an input; their words count if there is none to try."""
    tried = False
    for values in _inputs(texts, fields, names):
        given = [_rendered(text, one, values) for text, one in zip(texts, fields, strict=True)]
        if None not in given:
            tried = True
            if given[0] != given[1]:
                return True
    return not tried and texts[0] != texts[1]


def _rendered(text: str, fields: Fields, values: Mapping[str, Any]) -> str | None:
    """The text for an input; None where a launch refuses it."""
    scope = {
        name: as_declared(schema, values.get(name, schema.get("default")))
        for name, schema in fields.items()
        if name in values or "default" in schema
    }
    try:
        return render(text, {**values, **scope} if not fields else scope, refuse_null=True)
    except EvaluationError:
        return None


def _inputs(
    texts: Sequence[str], fields: Sequence[Fields], names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Inputs that may tell two templates apart; a name that may be left out sometimes is."""
    constants = [one for text in texts for one in _constants(text)]
    keys = sorted({one for text in texts for one in _FIELD.findall(text)})
    choices = {}
    for name in names:
        schemas = [one[name] for one in fields if name in one]
        values = [*_values(schemas[0] if schemas else {}, constants, keys)]
        left_out = schemas and all("default" in one for one in schemas)
        choices[name] = [*values, *([_LEFT_OUT] if left_out else [])]
    first = {name: values[0] for name, values in choices.items()}
    yield _given(first)
    for name, values in choices.items():
        yield from (_given({**first, name: value}) for value in values[1:])
    # Seeded: the same two files are judged the same way every time.
    chance = random.Random(0)
    for _ in range(_COMBINED if len(choices) > 1 else 0):
        yield _given({name: chance.choice(values) for name, values in choices.items()})


_LEFT_OUT = object()


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not _LEFT_OUT}


def _constants(text: str) -> Iterator[Any]:
    """What the expressions of *text* compare with: texts and whole numbers."""
    for double, single, number in _CONSTANT.findall(text):
        yield int(number) if number else double or single


def _values(schema: Schema, constants: Sequence[Any], keys: Sequence[str]) -> Iterator[Any]:
    if "enum" in schema or "const" in schema:
        yield from schema.get("enum", [schema.get("const")])
        return
    found = kinds(schema) or (["object"] if keys else ["string"])
    texts = [one for one in constants if isinstance(one, str)]
    numbers = [one for one in constants if isinstance(one, int)]
    for kind in found:
        match kind:
            case "string":
                yield from (*_TEXTS, *texts)
            case "integer":
                yield from (*_NUMBERS, *numbers)
            case "number":
                yield from (*_NUMBERS, 2.5, *numbers)
            case "boolean":
                yield from (True, False)
            case "array":
                item = next(_values(schema.get("items") or {}, constants, keys))
                yield from ([item, item], [])
            case "object":
                inner = schema.get("properties") or dict.fromkeys(keys, _TEXT)
                for number in range(2):
                    values = {name: [*_values(one, constants, ())] for name, one in inner.items()}
                    yield {name: some[number % len(some)] for name, some in values.items()}
            case _:
                yield None
