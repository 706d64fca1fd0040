"""Fields of objects, there or not, and of what an optional holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqrun.plan.expressions.evaluator.operators import item
from tqrun.plan.expressions.evaluator.values import NONE, Failed, Optional, in_words, kind, refusal

Frame = list[Any]
Closure = Callable[[Frame], Any]


def selected(value: Any, field: str) -> Any:
    """`value.field`."""
    if isinstance(value, Optional):
        return _field(value.value, field) if value.has else NONE
    if not isinstance(value, dict):
        raise _no_fields(value)
    if field not in value:
        raise Failed(f'there is no field "{field}"')
    return value[field]


def _field(value: Any, field: str) -> Optional:
    if not isinstance(value, dict):
        raise _no_fields(value)
    return Optional(has=True, value=value[field]) if field in value else NONE


def tested(value: Any, field: str) -> bool:
    """`has(value.field)`; a field that is null is there."""
    if isinstance(value, Optional):
        return value.has and tested(value.value, field)
    if not isinstance(value, dict):
        raise _no_fields(value)
    return field in value


def _no_fields(value: Any) -> Failed:
    return Failed(f"{in_words(kind(value))} has no fields")


def optional_field(operand: Closure, field: str) -> Closure:
    """`operand.?field`."""

    def select(frame: Frame) -> Optional:
        value = operand(frame)
        if isinstance(value, Optional):
            return _field(value.value, field) if value.has else NONE
        if not isinstance(value, dict):
            raise refusal("?.", value, field)
        return _field(value, field)

    return select


def named_item(operand: Closure, field: str) -> Closure:
    """`operand["field"]`, the name of which stands in the expression: an error may quote it."""

    def select(frame: Frame) -> Any:
        value = operand(frame)
        if not isinstance(value, dict):
            return item(frame[0], value, field)
        if field not in value:
            raise Failed(f'there is no field "{field}"')
        return value[field]

    return select


def is_there(value: Any) -> bool:
    """Whether *value*, which a list or an object has only if it is there, is there."""
    if not isinstance(value, Optional):
        raise Failed("what stands after ? must be an optional")
    return value.has
