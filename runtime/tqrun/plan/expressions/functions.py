"""What an expression may call besides CEL's own and its string, math and optional extensions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

MAX_RANGE = 10_000
"""Items; CEL's own limit for all loops of one evaluation together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run gives its expressions.

    Attributes:
        now: The workflow's own, replay-safe clock, for `now()`.
        random: Its own random numbers, for `random()`.
        bounded: Whether the budget of steps and bytes holds; it did not for runs of old.
    """

    now: Callable[[], datetime]
    random: Callable[[], float]
    bounded: bool = True


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
    if not all(isinstance(key, str) for key in value):
        raise FunctionError("keys() takes an object whose fields have names")
    return sorted(value)


def _values(value: dict[str, Any]) -> list[Any]:
    return [value[key] for key in sorted(value)]


_T = cel.Type
_ANY, _LIST, _MAP = _T.DYN, _T.List(_T.DYN), _T.Map(_T.STRING, _T.DYN)
_SCALARS = (_T.INT, _T.DOUBLE, _T.STRING, _T.BOOL)
_KINDS = {"INT": "int64", "DOUBLE": "double", "STRING": "string", "LIST": "list", "MAP": "map"}
"""The kind of a value at run time, by the name of its type."""
_Overloads = tuple[tuple[tuple[Any, ...], Any], ...]
"""The types of the parameters and of the result, per overload."""


class Function(NamedTuple):
    """One of the project's functions.

    Attributes:
        call: What it does.
        overloads: What it takes and gives, by the kinds of its arguments at run time.
        checked: The same by their types, where more is known about the result.
    """

    call: Callable[..., Any]
    overloads: _Overloads
    checked: _Overloads = ()

    @property
    def kinds(self) -> frozenset[tuple[str, ...]]:
        """The kinds of arguments that it takes."""
        return frozenset(
            tuple(_KINDS[one.name().partition("<")[0]] for one in takes)
            for takes, _ in self.overloads
        )


def _of_items(result: Callable[[Any], Any], items: Sequence[Any]) -> _Overloads:
    return tuple(((_T.List(item),), result(item)) for item in items)


_NUMBERS = (_T.INT, _T.DOUBLE)
_PAIRS: _Overloads = (
    *(((one, other), one if one == other else _ANY) for one, other in product(_NUMBERS, repeat=2)),
    ((_T.STRING, _T.STRING), _T.STRING),
)
_EXTREME: _Overloads = (((_LIST,), _ANY), *_PAIRS)
_EXTREME_CHECKED: _Overloads = (*_of_items(lambda item: item, _SCALARS), *_PAIRS)
_SUM_CHECKED = _of_items(lambda item: item, _NUMBERS)
IN_WORKFLOW = {
    "now": Function(_now, (((), _T.STRING),)),
    "random": Function(_random, (((), _T.DOUBLE),)),
}
_EVERYWHERE = {
    "hash": Function(_hash, (((_T.STRING,), _T.STRING),)),
    "chunk": Function(_chunk, (((_LIST, _T.INT), _T.List(_LIST)),)),
    "sum": Function(_sum, (((_LIST,), _ANY),), _SUM_CHECKED),
    "range": Function(_range, (((_T.INT,), _T.List(_T.INT)),)),
    "min": Function(_extreme(min), _EXTREME, _EXTREME_CHECKED),
    "max": Function(_extreme(max), _EXTREME, _EXTREME_CHECKED),
    "seconds": Function(_seconds, (((_T.INT,), _T.STRING), ((_T.DOUBLE,), _T.STRING))),
    "keys": Function(_keys, (((_MAP,), _T.List(_T.STRING)),)),
    "values": Function(_values, (((_MAP,), _LIST),)),
}
PYTHON = _EVERYWHERE | IN_WORKFLOW
"""The functions that the project adds to CEL's, by name."""
NAMES = frozenset(PYTHON)


def _declared(name: str, function: Function, overloads: _Overloads) -> Any:
    return cel.FunctionDecl(
        name,
        [
            cel.Overload(
                f"{name}_{number}",
                return_type=returns,
                parameters=list(takes),
                impl=function.call,
            )
            for number, (takes, returns) in enumerate(overloads)
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
def declared(*, in_workflow: bool, objects: tuple[str, ...] | None = None) -> list[Any]:
    """The functions in the form that a CEL environment takes.

    Args:
        in_workflow: With `now` and `random`.
        objects: The types of objects whose fields are known, which CEL takes for no maps; None
            where nothing is known about any type.
    """
    table = _EVERYWHERE | (IN_WORKFLOW if in_workflow else {})
    overloads = {name: function.overloads for name, function in table.items()}
    if objects is not None:
        overloads |= {name: one.checked for name, one in table.items() if one.checked}
        for name in ("keys", "values"):
            ((_, returns),) = overloads[name]
            overloads[name] = tuple(((one,), returns) for one in (_MAP, *map(_T, objects)))
    return [_declared(name, table[name], found) for name, found in overloads.items()]


@cache
def extensions() -> list[Any]:
    """CEL's own string, math and optional functions."""
    return [ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional()]
