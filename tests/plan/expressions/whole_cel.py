"""What CEL itself makes of an expression: the evaluation that ours must agree with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any

from cel_expr_python import cel

from tqrun.plan.expressions import functions
from tqrun.plan.expressions.functions import rfc3339
from tqrun.plan.expressions.pieces import TYPE_NAMES, aliased, words

_OPTIONAL = re.compile(r"\.\?|\[\?|\{\?|\boptional\b")
_OWN = re.compile(rf"\b({'|'.join(sorted(functions.NAMES))})\(")


class Refused(Exception):
    """CEL does not compile the expression, or fails on the values."""


class BeyondPython(Exception):
    """CEL cannot give a value of this kind to a function in Python."""


def evaluate(source: str, scope: Mapping[str, Any]) -> Any:
    """The value of *source* over *scope*, as JSON.

    Raises:
        Refused: There is none.
        BeyondPython: The binding for Python has none.
    """
    if _OPTIONAL.search(source) and _OWN.search(source):
        # An optional in a list that is given to Python ends the process.
        raise BeyondPython(source)
    _KEPT.extend(_SPARE)
    names = TYPE_NAMES.intersection(scope)
    data = {aliased(word, names): scope[name] for word, name in words(source) if name in scope}
    try:
        value = _compiled(aliased(source, names), tuple(aliased(name, names) for name in scope))(
            data
        )
    except RuntimeError as error:
        raise (BeyondPython if _beyond(str(error)) else Refused)(str(error)) from None
    if _OPTIONAL.search(source):
        _refuse_optional(value)
    plain = value.plain_value()
    if value.type() == cel.Type.ERROR:
        if _beyond(plain):
            raise BeyondPython(plain)
        raise Refused(plain)
    return _plain(plain)


_KEPT: list[None] = []
"""References to None: the binding gives each null to Python without one of its own."""
_SPARE = [None] * 100


def _refuse_optional(value: Any) -> None:
    """Raise where an optional is in *value*, which may end the process when it is taken out."""
    if value.type() == cel.Type.ERROR:
        try:
            value.plain_value()
        except TypeError:
            raise BeyondPython("an optional in the result") from None
    else:
        inner = value.value()
        values = inner.values() if isinstance(inner, dict) else inner
        for one in values if isinstance(values, list) or isinstance(inner, dict) else ():
            _refuse_optional(one)


def _beyond(problem: str) -> bool:
    return "Non-CEL value type" in problem or "Unimplemented type" in problem


@lru_cache(maxsize=64)
def _environment(variables: tuple[str, ...]) -> Any:
    return cel.NewEnv(
        variables=dict.fromkeys((*variables, "missing"), cel.Type.DYN),
        functions=functions.declared(in_workflow=True),
        extensions=functions.extensions(),
    )


def _compiled(source: str, variables: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Any]:
    environment = _environment(variables)
    made = environment.compile(source)
    if made.return_type().name().startswith("optional_type<"):
        made = environment.compile(f"({source}).orValue(dyn(null))")
    return lambda data: made.eval(data=data)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, float) and not isfinite(value):
        raise Refused("no JSON number")
    if isinstance(value, bytes | bytearray) or (
        value is not None and not isinstance(value, str | int | float)
    ):
        raise Refused("no JSON value")
    return value
