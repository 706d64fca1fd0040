"""What an unquoted scalar means: YAML 1.2's answer, and where YAML 1.1 has another."""

from __future__ import annotations

import re
from math import isfinite

Scalar = str | int | float | bool | None

_CONSTANTS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_AMBIGUOUS = (
    (re.compile(r"(?i:y|n|yes|no|on|off)\Z"), "a boolean"),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?\Z"), "a number to base 60"),
    (re.compile(r"[-+]?(?=[0-9_.]*_)[0-9][0-9_]*(\.[0-9_]*)?\Z"), "a number"),
    (re.compile(r"[-+]?0(b[01_]+|o?[0-7_]+|x[0-9a-fA-F_]+)\Z"), "a number to another base"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?\Z"), "a date"),
    (re.compile(r"[-+]?\.(?i:inf|nan)\Z"), "not a finite number"),
)
_FIRST = frozenset("+-.0123456789yYnNoO")
"""What a number or an ambiguous word starts with; most scalars are neither."""
_TRUTH = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}


def meaning(text: str) -> tuple[Scalar, str | None]:
    """The value of *text*, and the finding's message when YAML readers do not agree on it."""
    if text in _CONSTANTS:
        return _CONSTANTS[text], None
    if text[0] not in _FIRST:
        return text, None
    for pattern, kind in _AMBIGUOUS:
        if pattern.match(text):
            return text, f'unquoted "{text}" is {kind} to some YAML readers; {_instead(text)}'
    if _INTEGER.match(text) and len(text) <= 19:
        return int(text), None
    if not _FLOAT.match(text) or len(text) > 40:
        return text, None
    number = float(text)
    return (number, None) if isfinite(number) else (text, f'"{text}": too large for a number')


def _instead(text: str) -> str:
    in_quotes = f'"{text}" in quotes for text'
    digits = text.replace("_", "")
    if text.lower() in _TRUTH:
        return f"write {_TRUTH[text.lower()]}, or {in_quotes}"
    if "_" in text and _FLOAT.match(digits):
        return f"write {digits}, or {in_quotes}"
    return f'write "{text}" in quotes for text'
