"""Names of exception classes: which one a misspelt type of error was meant to be.

Types of errors are matched by the name of the class, so that a letter too many is never noticed. A
class may come from anywhere below a function; only a name that no loaded class has, and that is one
letter off a class in the function's own module, is called misspelt.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from tqrun.plan.signatures import BoundFunction

_SHORTEST = 5
"""Letters; shorter names are one letter off each other by chance."""


def misspelt(name: str, functions: Iterable[BoundFunction]) -> str | None:
    """The class near *functions* that *name* was meant to be; None if it may be right as it is."""
    if len(name) < _SHORTEST:
        return None
    known = set(_of(builtins))
    for function in functions:
        module = sys.modules.get(function.path.partition(":")[0])
        known |= _of(module) if module is not None else set()
    if name in known:
        return None
    near = min((one for one in known if _one_off(name, one)), default=None)
    return None if near is None or name in _loaded(BaseException) else near


@cache
def _of(module: ModuleType) -> frozenset[str]:
    """The names of the exception classes that *module* knows."""
    return frozenset(value.__name__ for value in vars(module).values() if _is_exception(value))


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _loaded(root: type[BaseException]) -> Iterator[str]:
    for one in root.__subclasses__():
        yield one.__name__
        yield from _loaded(one)


def _one_off(one: str, other: str) -> bool:
    """Whether two names differ in one letter, in the order of two, or only in capitals."""
    one, other = one.lower(), other.lower()
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    start = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    rest, tail = short[start:], long[start:]
    if len(short) < len(long):
        return rest == tail[1:]
    return rest[1:] == tail[1:] or (rest[:2] == tail[1::-1] and rest[2:] == tail[2:])
