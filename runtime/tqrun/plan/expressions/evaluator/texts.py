"""Functions on texts that Python makes exactly as CEL does, and sooner than it could be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqrun.plan.expressions.evaluator.meter import CHARACTERS, Meter
from tqrun.plan.expressions.evaluator.prices import (
    PART,
    compared,
    joined,
    replaced,
    searched,
)
from tqrun.plan.expressions.evaluator.values import Failed

ELSEWHERE: Any = object()
"""What a function here gives for arguments that it leaves to CEL."""
_BLANKS = " \t\n\v\f\r"
"""White space of ASCII, as CEL has it."""
_BEYOND = "the position is beyond the end of the text"


def _size(_: Meter, value: Any) -> Any:
    return len(value) if isinstance(value, str | list | dict) else ELSEWHERE


def _on_texts(find: Callable[[str, str], Any], charge: Callable[..., None]) -> Callable[..., Any]:
    def found(meter: Meter, text: Any, part: Any, *more: Any) -> Any:
        if more or not (isinstance(text, str) and isinstance(part, str)):
            return ELSEWHERE
        charge(meter, text, part)
        return find(text, part)

    return found


def _replace(meter: Meter, text: Any, part: Any, other: Any, *more: Any) -> Any:
    if more or not all(isinstance(one, str) for one in (text, part, other)) or not part:
        return ELSEWHERE
    replaced(meter, text, part, other)
    return text.replace(part, other)


def _join(meter: Meter, items: Any, separator: Any = "") -> Any:
    if not isinstance(items, list) or not isinstance(separator, str):
        return ELSEWHERE
    if not all(isinstance(item, str) for item in items):
        return ELSEWHERE
    joined(meter, items, separator)
    return separator.join(items)


def _lower(meter: Meter, text: Any) -> Any:
    return _ascii(meter, text, str.lower)


def _upper(meter: Meter, text: Any) -> Any:
    return _ascii(meter, text, str.upper)


def _ascii(meter: Meter, text: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(text, str) or not text.isascii():
        return ELSEWHERE
    meter.build(len(text))
    return change(text)


def _trim(meter: Meter, text: Any) -> Any:
    if not isinstance(text, str) or not text.isascii():
        return ELSEWHERE
    meter.build(len(text))
    return text.strip(_BLANKS)


def _reverse(meter: Meter, text: Any) -> Any:
    if not isinstance(text, str):
        return ELSEWHERE
    meter.build(len(text))
    meter.work(len(text) // CHARACTERS)
    return text[::-1]


def _char_at(_: Meter, text: Any, position: Any) -> Any:
    if not isinstance(text, str) or type(position) is not int:
        return ELSEWHERE
    if not 0 <= position <= len(text):
        raise Failed(f'"charAt": {_BEYOND}')
    return text[position : position + 1]


def _substring(meter: Meter, text: Any, start: Any, *end: Any) -> Any:
    # To CEL, an end at the end of the text is beyond it: it has to be asked.
    if end or not isinstance(text, str) or type(start) is not int:
        return ELSEWHERE
    if not 0 <= start <= len(text):
        raise Failed(f'"substring": {_BEYOND}')
    meter.build(len(text) - start)
    return text[start:]


def _split(meter: Meter, text: Any, separator: Any, *more: Any) -> Any:
    if more or not (isinstance(text, str) and isinstance(separator, str) and separator):
        return ELSEWHERE
    searched(meter, text, separator)
    parts = text.count(separator) + 1
    meter.work(parts)
    meter.build(len(text) + PART * parts)
    return text.split(separator)


ON_TEXTS: dict[str, Callable[..., Any]] = {
    "size": _size,
    "contains": _on_texts(lambda text, part: part in text, searched),
    "startsWith": _on_texts(str.startswith, compared),
    "endsWith": _on_texts(str.endswith, compared),
    "indexOf": _on_texts(str.find, searched),
    "replace": _replace,
    "join": _join,
    "split": _split,
    "trim": _trim,
    "reverse": _reverse,
    "charAt": _char_at,
    "substring": _substring,
    "lowerAscii": _lower,
    "upperAscii": _upper,
}
