"""The names that expressions read, and those that CEL has types for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tqrun.config.templates import split

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)?(?!\w|\s*\()")
"""A name, perhaps with its first field; not the name of a function."""
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
LITERALS = frozenset({"true", "false", "null"})
TYPE_NAMES = frozenset(
    (
        *("bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "optional_type"),
        *("string", "type", "uint"),
    )
)
"""What CEL names itself, and an input may be named too."""
ALIASES: Mapping[str, str] = {f"_{name[1:]}": name for name in TYPE_NAMES}
"""By what stands in for it while CEL compiles, each of those names; both are of one length."""


pieces = lru_cache(maxsize=8192)(split)
"""`split`, for texts that are evaluated again and again."""


def references(value: Any) -> set[str]:
    """The names in scope that the expressions in *value* read, loop variables among them."""
    if isinstance(value, str):
        if "${" not in value:
            return set()
        try:
            found = pieces(value)
        except ValueError:
            return set()
        sources = (piece for piece, offset in found if offset is not None)
        return {name for source in sources for _, name in words(source)}
    if isinstance(value, Mapping):
        return {name for inner in value.values() for name in references(inner)}
    if isinstance(value, list | tuple):
        return {name for inner in value for name in references(inner)}
    return set()


def words(source: str) -> tuple[tuple[str, str], ...]:
    """The variables of *source*, each with the name in scope that it stands for."""
    found: dict[str, str] = {}
    for word in _NAME.findall(_TEXT.sub('""', source)):
        word = "".join(word.split())
        first, _, rest = word.partition(".")
        if first == "input":
            found[word] = rest
        elif first == "workflow":
            found[word] = word
        elif first not in LITERALS:
            found[first] = first
    return tuple(found.items())


def aliased(source: str, names: frozenset[str] = TYPE_NAMES) -> str:
    """*source* with what stands in for each of *names* that it reads, at the same offsets."""
    blank = _TEXT.sub(lambda match: '"' + "." * (len(match[0]) - 2) + '"', source)
    for match in _NAME.finditer(blank):
        first = match[0].partition(".")[0].strip()
        if first in names:
            source = f"{source[: match.start()]}_{source[match.start() + 1 :]}"
    return source
