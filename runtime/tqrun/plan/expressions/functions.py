"""What an expression may call besides CEL's own and its string, math and optional extensions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

from tqrun.plan.expressions.tree import ORDERED

MAX_RANGE = 10_000
"""Items; CEL's own limit for all loops of one evaluation together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where `now()` and `random()` come from: the workflow's own replay-safe ones."""

    now: Callable[[], datetime]
    random: Callable[[], float]


sources: ContextVar[Sources | None] = ContextVar("tqrun_expression_sources", default=None)


class FunctionError(ValueError):
    """An argument that the function cannot take; CEL reports the text."""


def rfc3339(moment: datetime) -> str:
    """*moment* as text, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(text: Any) -> datetime | None:
    """The moment that RFC 3339 *text* names; None if it names none."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def _sources() -> Sources:
    found = sources.get()
    if found is None:
        raise FunctionError("only a running workflow has a clock and chance")
    return found


def _now() -> str:
    return rfc3339(_sources().now())


def _random() -> float:
    return _sources().random()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _chunk(items: list[Any], size: int) -> list[list[Any]]:
    if size < 1:
        raise FunctionError("chunk() needs a size of at least 1")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _sum(items: list[Any]) -> Any:
    if not all(type(item) in (int, float) for item in items):
        raise FunctionError("sum() takes a list of numbers")
    return sum(items)


def _range(count: int) -> list[int]:
    if not 0 <= count <= MAX_RANGE:
        raise FunctionError(f"range() makes 0 to {MAX_RANGE} numbers")
    return list(range(count))


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*values: Any) -> Any:
        items = values[0] if len(values) == 1 else values
        if not items:
            raise FunctionError("an empty list has none")
        try:
            return choose(items)
        except TypeError:
            raise FunctionError("the values must be of one type") from None

    return chosen


def _seconds(count: float) -> str:
    if not count >= 0:
        raise FunctionError("seconds() needs a number of at least 0")
    return f"{count:.6f}".rstrip("0").rstrip(".") + "s"


def _keys(value: dict[str, Any]) -> list[str]:
    return sorted(value)


def _values(value: dict[str, Any]) -> list[Any]:
    return [value[key] for key in sorted(value)]


def _same(items: list[Any]) -> list[Any]:
    return items


def _refuse_map(_: dict[Any, Any]) -> list[Any]:
    raise FunctionError("a map has no order; loop over keys(m) or values(m)")


_T = cel.Type
_ANY, _LIST, _MAP = _T.DYN, _T.List(_T.DYN), _T.Map(_T.STRING, _T.DYN)
_PAIRS = (*tuple(product((_T.INT, _T.DOUBLE), repeat=2)), (_T.STRING, _T.STRING))
_Overloads = tuple[tuple[tuple[Any, ...], Any], ...]
"""The types of the parameters and of the result, per overload. CEL's run time tells overloads
apart by the kind of a value, and takes DYN for none of them."""


class _Function(NamedTuple):
    call: Callable[..., Any]
    overloads: _Overloads


_EXTREME: _Overloads = (((_LIST,), _ANY), *((pair, _T.DYN) for pair in _PAIRS))
_IN_WORKFLOW = {
    "now": _Function(_now, (((), _T.STRING),)),
    "random": _Function(_random, (((), _T.DOUBLE),)),
}
_EVERYWHERE = {
    "hash": _Function(_hash, (((_T.STRING,), _T.STRING),)),
    "chunk": _Function(_chunk, (((_LIST, _T.INT), _T.List(_LIST)),)),
    "sum": _Function(_sum, (((_LIST,), _ANY),)),
    "range": _Function(_range, (((_T.INT,), _T.List(_T.INT)),)),
    "min": _Function(_extreme(min), _EXTREME),
    "max": _Function(_extreme(max), _EXTREME),
    "seconds": _Function(_seconds, (((_T.INT,), _T.STRING), ((_T.DOUBLE,), _T.STRING))),
    "keys": _Function(_keys, (((_MAP,), _T.List(_T.STRING)),)),
    "values": _Function(_values, (((_MAP,), _LIST),)),
}
_LOOPS = (
    cel.Overload("ordered_list", return_type=_LIST, parameters=[_LIST], impl=_same),
    cel.Overload("ordered_map", return_type=_LIST, parameters=[_MAP], impl=_refuse_map),
)
NAMES = frozenset(_IN_WORKFLOW) | frozenset(_EVERYWHERE)


def _declared(name: str, function: _Function) -> Any:
    return cel.FunctionDecl(
        name,
        [
            cel.Overload(
                f"{name}_{number}",
                return_type=returns,
                parameters=list(takes),
                impl=function.call,
            )
            for number, (takes, returns) in enumerate(function.overloads)
        ],
    )


OF_CEL = (
    *("bool", "double", "dyn", "int", "string", "type", "uint", "bytes", "duration", "timestamp"),
    *("all", "exists", "exists_one", "filter", "has", "map", "matches", "size"),
    *("charAt", "contains", "endsWith", "format", "indexOf", "join", "lastIndexOf", "lowerAscii"),
    *("replace", "reverse", "split", "startsWith", "substring", "trim", "upperAscii"),
)
"""What CEL has itself, most of it written after its value: `text.contains("a")`."""


@lru_cache(maxsize=1024)
def declared(*, in_workflow: bool, objects: tuple[str, ...] = ()) -> list[Any]:
    """The functions in the form that a CEL environment takes.

    Args:
        in_workflow: With `now` and `random`.
        objects: The types of objects whose fields are known, which CEL takes for no maps.
    """
    table = _EVERYWHERE | (_IN_WORKFLOW if in_workflow else {})
    for name in ("keys", "values") if objects else ():
        call, ((_, returns),) = table[name]
        takes = [_MAP, *map(_T, objects)]
        table[name] = _Function(call, tuple(((one,), returns) for one in takes))
    found = [_declared(name, function) for name, function in table.items()]
    return [*found, cel.FunctionDecl(ORDERED, list(_LOOPS))]


@cache
def extensions() -> list[Any]:
    """CEL's own string, math and optional functions."""
    return [ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional()]
