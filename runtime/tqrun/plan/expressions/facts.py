"""What a condition tells about null: the values that certainly are not, where it holds or fails."""

from __future__ import annotations

import re
from typing import Any

from tqrun.config.templates import split

Facts = frozenset[str]
"""Names, and fields such as `page.next`, that are not null; a field with a `?` is only there, and
one with a `-`, such as `page.-next`, is null."""

_PATH = r"(?:input\.)?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
_NOT_NULL = re.compile(rf"(?:{_PATH}\s*!=\s*null|null\s*!=\s*{_PATH})\Z")
_NULL = re.compile(rf"(?:{_PATH}\s*==\s*null|null\s*==\s*{_PATH})\Z")
_HAS = re.compile(rf"has\({_PATH}\)\Z")
_EQUAL = re.compile(rf"{_PATH}\s*==\s*(?:'[^']*'|\"[^\"]*\"|-?[0-9.]+|true|false)\Z")
_COMPARED = re.compile(rf"(?<![\w.]){_PATH}\s*[!=]=\s*null\b|\bnull\s*[!=]=\s*{_PATH}")
_OPEN, _CLOSE = "([{", ")]}"


def not_null(condition: Any, *, holds: bool) -> Facts:
    """What is not null, or is, where *condition* holds, or where it does not."""
    if not isinstance(condition, str):
        return frozenset()
    try:
        pieces = split(condition.strip())
    except ValueError:
        return frozenset()
    if len(pieces) != 1 or pieces[0][1] is None:
        return frozenset()
    nulls = _facts(pieces[0][0], holds=holds, null=True)
    fields = (path.rpartition(".") for path in nulls if "." in path)
    return _facts(pieces[0][0], holds=holds) | {f"{of}.-{field}" for of, _, field in fields}


def compared(source: str) -> Facts:
    """What an expression compares with null anywhere in itself."""
    return frozenset(
        path for match in _COMPARED.finditer(source) for path in match.groups() if path
    )


def _facts(source: str, *, holds: bool, null: bool = False) -> Facts:
    """What is not null, or with *null* what is, where *source* holds or does not."""
    source = source.strip()
    if len(_parts(source, "?")) > 1:
        return frozenset()
    for operator, every in (("||", not holds), ("&&", holds)):
        parts = _parts(source, operator)
        if len(parts) > 1:
            found = [_facts(part, holds=holds, null=null) for part in parts]
            return frozenset.union(*found) if every else frozenset.intersection(*found)
    if source.startswith("!"):
        return _facts(source[1:], holds=not holds, null=null)
    if source.startswith("(") and source.endswith(")"):
        return _facts(source[1:-1], holds=holds, null=null)
    if holds and not null and (match := _HAS.match(source)):
        return frozenset({f"{match[1]}?"})
    patterns: tuple[re.Pattern[str], ...] = (_NULL,) if holds is null else (_NOT_NULL,)
    if holds and not null:
        patterns = (_NOT_NULL, _EQUAL)
    matches = (pattern.match(source) for pattern in patterns)
    return frozenset(path for match in matches if match for path in match.groups() if path)


def _parts(source: str, operator: str) -> list[str]:
    """*source* apart at each *operator* that is in no bracket and no text."""
    parts, depth, quote, start, position = [], 0, "", 0, 0
    while position < len(source):
        character = source[position]
        if quote:
            position += character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif not depth and source.startswith(operator, position):
            # `.?` and `[?` look into what may be missing, and choose nothing.
            if operator != "?" or source[position - 1 : position] not in (".", "["):
                parts.append(source[start:position])
                start = position + len(operator)
            position += len(operator) - 1
        else:
            depth += (character in _OPEN) - (character in _CLOSE)
        position += 1
    return [*parts, source[start:]]
