"""Expressions and values with expressions in them, evaluated over JSON.

Values in, values out: the types are not looked at again, because they were when the file was
checked. Equal values give equal results in every process, maps sorted by key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tqrun.plan.expressions import functions
from tqrun.plan.expressions.evaluator import Failed, Meter, OverBudget, Program
from tqrun.plan.expressions.functions import Sources
from tqrun.plan.expressions.pieces import LITERALS, pieces

_ALONE = re.compile(r"\s*(?:input\.)?([A-Za-z_]\w*)\s*\Z")


class EvaluationError(Exception):
    """An expression that failed on these values; the text says which and why, and quotes none."""


def evaluate(value: Any, scope: Mapping[str, Any], sources: Sources | None = None) -> Any:
    """*value* with every expression in it evaluated over the names in *scope*.

    An expression that fills the whole text keeps its type; `input.x` is the `x` of *scope*. All of
    them share one budget of steps and bytes.

    Args:
        value: JSON whose texts may hold `${…}`.
        scope: JSON by name; also by dotted name, such as `workflow.id`.
        sources: What `now()` and `random()` ask; without them the two fail.

    Raises:
        EvaluationError: An expression fails on these values.
    """
    if isinstance(value, str):
        name = _name(value)
        if name is None:
            return value
        if name in scope:
            return scope[name]
    return _Evaluation(scope, sources).value(value)


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
    return _Evaluation(scope, sources).text(text, refuse_null=refuse_null)


def is_true(condition: Any, scope: Mapping[str, Any], sources: Sources | None = None) -> bool:
    """Whether *condition* holds.

    Raises:
        EvaluationError: As `evaluate`, or it is neither true nor false.
    """
    value = evaluate(condition, scope, sources)
    if not isinstance(value, bool):
        raise EvaluationError(f"{condition} is neither true nor false")
    return value


class _Evaluation:
    """One value on its way: the scope that it sees and what it may still do."""

    __slots__ = ("_meter", "_scope", "_sources")

    def __init__(self, scope: Mapping[str, Any], sources: Sources | None) -> None:
        self._scope, self._sources = scope, sources
        self._meter = Meter(bounded=sources is None or sources.bounded)

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._of_text(value) if "${" in value else value
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, Mapping):
            return {name: self.value(inner) for name, inner in value.items()}
        return value

    def _of_text(self, text: str) -> Any:
        found = pieces(text)
        return self._of_source(found[0][0]) if len(found) == 1 else self.text(text)

    def text(self, text: str, *, refuse_null: bool = False) -> str:
        texts = []
        for piece, offset in pieces(text):
            if offset is None:
                texts.append(piece)
                continue
            value = self._of_source(piece)
            if value is None and refuse_null:
                raise EvaluationError(f"${{{piece}}} is null")
            texts.append(self._written(piece, value))
        return "".join(texts)

    def _written(self, source: str, value: Any) -> str:
        try:
            if not isinstance(value, str):
                self._meter.look(value)
            text = as_text(value)
            self._meter.build(len(text))
        except OverBudget as error:
            raise EvaluationError(f"${{{source}}}: {error}") from None
        except RecursionError:
            raise EvaluationError(f"${{{source}}}: a value is nested too deeply") from None
        return text

    def _of_source(self, source: str) -> Any:
        alone = _alone(source)
        if alone is not None and alone in self._scope:
            return self._scope[alone]
        try:
            program = _program(source)
            if isinstance(program, Failed):
                raise program
            if self._sources is not None and not self._sources.bounded:
                self._look_as_before(program)
            if not program.uses_sources:
                return program.run(self._scope, self._meter)
            token = functions.sources.set(self._sources)
            try:
                return program.run(self._scope, self._meter)
            finally:
                functions.sources.reset(token)
        except (Failed, OverBudget) as error:
            raise EvaluationError(f"${{{source}}}: {error}") from None
        except RecursionError:
            raise EvaluationError(f"${{{source}}}: a value is nested too deeply") from None

    def _look_as_before(self, program: Program) -> None:
        """Refuse what CEL refused where it still evaluated: a run from then must end the same."""
        for name in program.names:
            if name in self._scope:
                _refuse_nul_and_wide(name, self._scope[name])


def _refuse_nul_and_wide(name: str, value: Any) -> None:
    if isinstance(value, str) and "\0" in value:
        raise Failed(f"{name} holds a NUL character")
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise Failed(f"{name} holds an integer that is too large for CEL")
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_nul_and_wide(name, key)
            _refuse_nul_and_wide(name, inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_nul_and_wide(name, inner)


@lru_cache(maxsize=8192)
def _name(text: str) -> str | None:
    """The name that *text* is and nothing else, or none; None where it holds no expression."""
    if "${" not in text:
        return None
    found = pieces(text)
    return (_alone(found[0][0]) if len(found) == 1 else None) or ""


@lru_cache(maxsize=8192)
def _alone(source: str) -> str | None:
    """The name that *source* is and nothing else; it is never compiled."""
    match = _ALONE.match(source)
    return match[1] if match and match[1] not in LITERALS else None


@lru_cache(maxsize=8192)
def _program(source: str) -> Program | Failed:
    try:
        return Program(source)
    except Failed as error:
        return error


def as_text(value: Any) -> str:
    """*value* as it stands in a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
