"""What an unquoted scalar means: YAML 1.2's answer, and where readers of YAML 1.1 have another.

PyYAML's own patterns say what YAML 1.1 readers take a text for.
"""

from __future__ import annotations

import re
from math import isfinite

from yaml.resolver import Resolver

Scalar = str | int | float | bool | None

_CONSTANTS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_OTHER_BASE = re.compile(r"[-+]?0[box]?[0-9a-fA-F_]+\Z")
_FIRST = frozenset("+-.0123456789yYnNoO")
"""What a number or an ambiguous word starts with; most scalars are neither."""
_TRUTH = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_OLD = {
    first: [
        (tag.rpartition(":")[2], pattern)
        for tag, pattern in Resolver.yaml_implicit_resolvers[first]
    ]
    for first in _FIRST & Resolver.yaml_implicit_resolvers.keys()
}


def meaning(text: str) -> tuple[Scalar, str | None]:
    """The value of *text*, and the finding's message when YAML readers do not agree on it."""
    if text in _CONSTANTS:
        return _CONSTANTS[text], None
    if text[0] not in _FIRST:
        return text, None
    number = float(text) if len(text) <= 40 and _NUMBER.match(text) else None
    if number is not None and not isfinite(number):
        return text, f'"{text}": too large for a number'
    kind = _kind_to_some(text, is_number=number is not None)
    if kind is not None:
        return text, f'unquoted "{text}" is {kind} to some YAML readers; {_instead(text)}'
    if number is not None and len(text) <= 19 and _INTEGER.match(text):
        return int(text), None
    return text if number is None else number, None


def _kind_to_some(text: str, *, is_number: bool) -> str | None:
    """What readers take *text* for that do not agree with all others."""
    old = next((tag for tag, pattern in _OLD.get(text[0], ()) if pattern.match(text)), None)
    if old is None:
        if is_number:
            return "text"
        return "a number to another base" if _OCTAL.match(text) else None
    if old == "bool":
        return "a boolean"
    if old == "timestamp":
        return "a date"
    if old not in ("int", "float") or (is_number and not _is_octal(text)):
        return None
    if text[-1] in "fFnN" and "." in text:
        return "not a finite number"
    if ":" in text:
        return "a number to base 60"
    return "a number to another base" if _OTHER_BASE.match(text) else "a number"


def _is_octal(text: str) -> bool:
    """Whether *text* has a zero in front, which makes an octal number of it in YAML 1.1."""
    return _OTHER_BASE.match(text) is not None and not _INTEGER.match(text)


def _instead(text: str) -> str:
    in_quotes = f'"{text}" in quotes for text'
    if text.lower() in _TRUTH:
        return f"write {_TRUTH[text.lower()]}, or {in_quotes}"
    digits = text.replace("_", "")
    plain = _NUMBER.match(digits) and isfinite(float(digits))
    if plain and not _OTHER_BASE.match(text):
        return f"write {_plain(float(digits))}, or {in_quotes}"
    return f'write "{text}" in quotes for text'


def _plain(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".")
