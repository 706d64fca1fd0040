"""Expressions and values with expressions in them, evaluated over JSON.

Values in, values out: the types are not looked at again, because they were when the file was
checked. Equal values give equal results in every process, maps sorted by key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any

from cel_expr_python import cel

from tqrun.config.templates import split
from tqrun.plan.expressions import functions
from tqrun.plan.expressions.functions import Sources, rfc3339
from tqrun.plan.expressions.tree import ordered

MAX_STEPS = "more than 10,000 passes over lists in one expression; make it a foreach"
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)?(?!\w|\s*\()")
"""A name, perhaps with its first field; not the name of a function."""
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_ALONE = re.compile(r"\s*(?:input\.)?([A-Za-z_]\w*)\s*\Z")
_OPTIONAL = re.compile(r"\.\s*\?|\[\s*\?|\boptional\b")
OPTIONAL_TYPE = "optional_type<"
"""How the name of an optional's type begins."""
_LITERALS = frozenset({"true", "false", "null"})


class EvaluationError(Exception):
    """An expression that failed on these values; the text says which and why."""


def references(value: Any) -> set[str]:
    """The names in scope that the expressions in *value* read, loop variables among them."""
    if isinstance(value, str):
        if "${" not in value:
            return set()
        try:
            pieces = _split(value)
        except ValueError:
            return set()
        sources = (piece for piece, offset in pieces if offset is not None)
        return {name for source in sources for _, name in _words(source)}
    if isinstance(value, Mapping):
        return {name for inner in value.values() for name in references(inner)}
    if isinstance(value, list | tuple):
        return {name for inner in value for name in references(inner)}
    return set()


def evaluate(value: Any, scope: Mapping[str, Any], sources: Sources | None = None) -> Any:
    """*value* with every expression in it evaluated over the names in *scope*.

    An expression that fills the whole text keeps its type; `input.x` is the `x` of *scope*.

    Args:
        value: JSON whose texts may hold `${…}`.
        scope: JSON by name; also by dotted name, such as `workflow.id`.
        sources: What `now()` and `random()` ask; without them the two fail.

    Raises:
        EvaluationError: An expression fails on these values.
    """
    if isinstance(value, str):
        return _text(value, scope, sources) if "${" in value else value
    if isinstance(value, list | tuple):
        return [evaluate(item, scope, sources) for item in value]
    if isinstance(value, Mapping):
        return {name: evaluate(inner, scope, sources) for name, inner in value.items()}
    return value


def render(
    text: str,
    scope: Mapping[str, Any],
    sources: Sources | None = None,
    *,
    refuse_null: bool = False,
) -> str:
    """The *text* with every expression's value written into it.

    Raises:
        EvaluationError: As `evaluate`, or a value is null and *refuse_null* is set.
    """
    texts = []
    for piece, offset in _split(text):
        if offset is None:
            texts.append(piece)
            continue
        value = _evaluate(piece, scope, sources)
        if value is None and refuse_null:
            raise EvaluationError(f"${{{piece}}} is null")
        texts.append(as_text(value))
    return "".join(texts)


def is_true(condition: Any, scope: Mapping[str, Any], sources: Sources | None = None) -> bool:
    """Whether *condition* holds.

    Raises:
        EvaluationError: As `evaluate`, or it is neither true nor false.
    """
    value = evaluate(condition, scope, sources)
    if not isinstance(value, bool):
        raise EvaluationError(f"{condition} is {as_text(value)[:60]}, neither true nor false")
    return value


_split = lru_cache(maxsize=8192)(split)


def _text(text: str, scope: Mapping[str, Any], sources: Sources | None) -> Any:
    pieces = _split(text)
    if len(pieces) == 1:
        return _evaluate(pieces[0][0], scope, sources)
    return render(text, scope, sources)


def _evaluate(source: str, scope: Mapping[str, Any], sources: Sources | None) -> Any:
    alone, program, words = _compiled(source)
    if alone is not None and alone in scope:
        return scope[alone]
    data = {}
    for word, name in words:
        if name in scope:
            data[word] = value = scope[name]
            if _has_nul(value):
                raise EvaluationError(f"${{{source}}}: {name} holds a NUL character")
    token = functions.sources.set(sources)
    try:
        value = program().eval(data=data)
    except RuntimeError as error:
        reason = MAX_STEPS if "budget" in str(error) else str(error)
        raise EvaluationError(f"${{{source}}}: {reason}") from None
    finally:
        functions.sources.reset(token)
    try:
        if program.may_be_optional:
            _refuse_optional(value)
        plain = value.plain_value()
        if value.type() == cel.Type.ERROR:
            raise ValueError(_reason(str(plain)))
        return _plain(plain)
    except ValueError as error:
        raise EvaluationError(f"${{{source}}}: {error}") from None


def _refuse_optional(value: Any) -> None:
    """Raise a ValueError when an optional is in *value*: CEL gives none, or ends the process."""
    if value.type() == cel.Type.ERROR:
        try:
            value.plain_value()
        except TypeError:
            raise ValueError("an optional is no value; write .orValue(…) after it") from None
    elif isinstance(inner := value.value(), list | dict):
        for one in inner.values() if isinstance(inner, dict) else inner:
            _refuse_optional(one)


def _has_nul(value: Any) -> bool:
    """Whether CEL, which takes text up to a NUL, would see another *value*."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(_has_nul, value)) or any(map(_has_nul, value.values()))
    return isinstance(value, list) and any(map(_has_nul, value))


class _Program:
    """An expression that is compiled when it is first needed; a bare name never is."""

    def __init__(self, source: str, words: tuple[tuple[str, str], ...]) -> None:
        self._source, self._words, self._made = source, words, None
        self.may_be_optional = _OPTIONAL.search(source) is not None

    def __call__(self) -> Any:
        if self._made is None:
            environment = _environment(tuple(word for word, _ in self._words))
            made = environment.compile(self._source)
            if made.return_type().name().startswith(OPTIONAL_TYPE):
                made = environment.compile(f"({self._source}).orValue(dyn(null))")
            self._made = ordered(environment, made)
        return self._made


@lru_cache(maxsize=8192)
def _compiled(source: str) -> tuple[str | None, _Program, tuple[tuple[str, str], ...]]:
    """The name that *source* is alone, its program, and the words with the names they stand for."""
    found = _words(source)
    alone = _ALONE.match(source)
    name = alone[1] if alone and alone[1] not in _LITERALS else None
    return name, _Program(source, found), found


def _words(source: str) -> tuple[tuple[str, str], ...]:
    """The variables of *source*, each with the name in scope that it stands for."""
    words: dict[str, str] = {}
    for word in _NAME.findall(_TEXT.sub('""', source)):
        word = "".join(word.split())
        first, _, rest = word.partition(".")
        if first == "input":
            words[word] = rest
        elif first == "workflow":
            words[word] = word
        elif first not in _LITERALS:
            words[first] = first
    return tuple(words.items())


@lru_cache(maxsize=4096)
def _environment(words: tuple[str, ...]) -> Any:
    return cel.NewEnv(
        variables=dict.fromkeys(words, cel.Type.DYN),
        functions=functions.declared(in_workflow=True),
        extensions=functions.extensions(),
    )


_MISSING_NAME = re.compile(r'No value with name "([^"]*)"')
_MISSING_KEY = re.compile(r'Key not found in map : "?([^"]*)"?')
_NO_OVERLOAD = re.compile(r"No matching overloads found : ([^\s(]+)\((.*?)\)")
_INDEX = re.compile(r"Index error: index=(-?\d+) size=(\d+)")
_KINDS = {
    "null_type": "null",
    "int64": "an integer",
    "double": "a number",
    "string": "text",
    "bool": "true or false",
    "list": "a list",
    "map": "an object",
}


def _reason(problem: str) -> str:
    """What CEL says at run time, in the user's words; it quotes no value."""
    text = problem.partition(": ")[2] or problem
    if match := _MISSING_NAME.search(text):
        return f'"{match[1]}" has no value here'
    if match := _MISSING_KEY.search(text):
        return f'there is no field "{match[1]}"'
    if match := _INDEX.search(text):
        return f"there is no item {match[1]} in a list of {match[2]}"
    if match := _NO_OVERLOAD.search(text):
        given = " and ".join(_KINDS.get(kind.strip(), kind.strip()) for kind in match[2].split(","))
        return f'"{match[1].strip("_@")}" does not take {given}'
    return text


def _plain(value: Any) -> Any:
    """*value* as JSON, with every map sorted by key: CEL's own order differs between processes."""
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    if isinstance(value, bytes | bytearray):
        raise ValueError("bytes are no JSON; write text")
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError("a type is no value")
    return value


def as_text(value: Any) -> str:
    """*value* as it stands in a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
