"""Operators that do not need both of their sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tqrun.plan.expressions.evaluator.values import Failed, Optional, refusal

Frame = list[Any]
Closure = Callable[[Frame], Any]


def _choice(condition: Closure, then: Closure, otherwise: Closure) -> Closure:
    def choose(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return then(frame)
        if value is False:
            return otherwise(frame)
        raise Failed("what decides must be true or false")

    return choose


def _deciding(decisive: bool, sign: str) -> Callable[[Closure, Closure], Closure]:
    """`||` or `&&`: the *decisive* value on either side makes up for a failure on the other."""

    def operator(left: Closure, right: Closure) -> Closure:
        def decide(frame: Frame) -> bool:
            try:
                first: object = left(frame)
            except Failed as error:
                if _is(right, frame, decisive):
                    return decisive
                raise error from None
            if first is decisive:
                return decisive
            second: object = right(frame)
            if second is decisive or (type(first) is bool and type(second) is bool):
                return second is True
            raise Failed(f'"{sign}" takes true or false')

        return decide

    return operator


def _is(closure: Closure, frame: Frame, value: bool) -> bool:
    try:
        found = closure(frame)
    except Failed:
        return False
    return value is found


def _or_value(left: Closure, right: Closure) -> Closure:
    def choose(frame: Frame) -> Any:
        value = left(frame)
        if not isinstance(value, Optional):
            raise refusal("orValue", value)
        return value.value if value.has else right(frame)

    return choose


def _or(left: Closure, right: Closure) -> Closure:
    def choose(frame: Frame) -> Any:
        value = left(frame)
        if not isinstance(value, Optional):
            raise refusal("or", value)
        if value.has:
            return value
        other = right(frame)
        if not isinstance(other, Optional):
            raise refusal("or", value, other)
        return other

    return choose


SHORT: Mapping[str, Callable[..., Closure]] = {
    "_?_:_": _choice,
    "_||_": _deciding(True, "||"),
    "_&&_": _deciding(False, "&&"),
    "orValue": _or_value,
    "or": _or,
}
