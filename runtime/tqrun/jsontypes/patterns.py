r"""Regular expressions that take time linear in the text, and why one cannot be had.

The engine is Rust's `regex`, which Pydantic brings along. It has neither look-around nor
back-references, and `$` is only the very end, as in ECMA 262, which JSON Schema refers to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

_ATOMS = re.compile(
    r"\{(?P<least>[0-9]{1,9})(?:,(?P<most>[0-9]{0,9}))?\}"
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]|\\[pPx]\{[^}]*\}|\\.|.",
    re.DOTALL,
)
_UNICODE = re.compile(r"\\[wWsSdDpPbB]|^\.$|^\[\^")
"""An atom that stands for many characters of Unicode."""
_CLASS = 16
_LINE = re.compile(r"^error: (.*)$", re.MULTILINE)
_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\\k[<{]")

HINTS = (
    ("look-around", 'look-ahead and look-behind are not supported; use "not" and "allOf" instead'),
    ("size limit", r'too large when compiled; write "\w+" with "maxLength", not "\w{1,255}"'),
    (r"\Z", r'"\Z" is not supported; write "$", which is the very end of the text'),
    (r"\0", r'"\0" is not supported; no text has a NUL character'),
    (r"\h", r'"\h" is not supported; write "[ \t]"'),
    (r"\e", r'"\e" is not supported; write "\x1b"'),
    (r"\c", r'"\c" is not supported; write the character as "\x01"'),
    ("{,", 'write "{0,3}", not "{,3}"'),
    ("invalid range boundary", 'put the "-" at the end of the brackets'),
    ("repetition operator missing", 'a "{", "*", "+" or "?" that is meant itself takes a "\\"'),
    ("unclosed counted repetition", 'a "{" that is meant itself takes a "\\"'),
)
"""A word of the engine's error, or of what it points at, and what to do about it."""
_BACK_REFERENCE = "back-references are not supported; check it in the activity"

Found = Callable[[str], bool]


class BadPattern(ValueError):
    """The pattern cannot be used; the text says why, and what to write."""


@lru_cache(maxsize=4096)
def search(pattern: str) -> Found:
    """A function that says whether *pattern* is found in a text.

    Raises:
        BadPattern: It is not a regular expression, or not one that takes linear time.
    """
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python
    except SchemaError as error:
        raise BadPattern(_reason(pattern, str(error))) from None


def _reason(pattern: str, error: str) -> str:
    message = _LINE.search(error)
    said = message[1] if message else error.rpartition("SchemaError: ")[2]
    shown, _, caret = error.rpartition("\nerror: ")[0].rpartition("\n")
    at = len(caret) - len(caret.lstrip())
    where = shown.rpartition("\n")[2][at - 1 : at + max(caret.count("^"), 1)]
    if _REFERENCE.search(pattern) and ("reference" in said or "flag" in said):
        return _BACK_REFERENCE
    for word, hint in HINTS:
        if word in said or word in where:
            return hint
    return f"not a regular expression: {said.removesuffix('.')}"


@lru_cache(maxsize=4096)
def states(pattern: str) -> int:
    """The length of *pattern* in characters and classes, with repetitions written out.

    A search takes at most ten nanoseconds for each of them and each character of the text. A class
    of Unicode that is repeated counts as often as it is long in bytes.
    """
    groups, last = [(0, 0)], 0  # of each open group: once, and as each repetition counts
    for atom in _ATOMS.finditer(pattern):
        once, repeated = groups[-1]
        if atom["least"]:
            more = max(int(atom["most"] or atom["least"]), 1) - 1
            groups[-1] = (once + last * more, repeated + last * more)
            last *= more + 1
        elif atom[0] == "(":
            groups.append((0, 0))
        elif atom[0] == ")" and len(groups) > 1:
            groups.pop()
            last = repeated
            groups[-1] = (groups[-1][0] + once, groups[-1][1] + repeated)
        elif atom[0] not in "*+?|^$":
            last = _CLASS if _UNICODE.search(atom[0]) else 1
            groups[-1] = (once + 1, repeated + last)
    return sum(once for once, _ in groups) + 1
