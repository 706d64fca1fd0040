"""Where the expressions of a text begin and end: the one reader of `${…}`.

What stands inside an expression is CEL, and for `plan.expressions` to understand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache


def split(text: str) -> list[tuple[str, int | None]]:
    """Literal pieces (with None) and expressions (with the offset of their first character).

    Raises:
        ValueError: A `${` has no `}`; its argument is the offset.
    """
    pieces: list[tuple[str, int | None]] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = _closing_brace(text, start + 2)
        if start > position:
            pieces.append((text[position:start], None))
        pieces.append((text[start + 2 : end], start + 2))
        position = end + 1
    if position < len(text):
        pieces.append((text[position:], None))
    return pieces


def _closing_brace(text: str, position: int) -> int:
    """Where the `}` stands that ends the expression; braces in CEL strings do not count."""
    depth, quote, start = 0, "", position
    while position < len(text):
        character = text[position]
        if quote:
            position += character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            if not depth:
                return position
            depth -= 1
        position += 1
    raise ValueError(start - 2)


def replaced(text: str, replacement: Callable[[str], str]) -> str:
    """*text* with *replacement* of each expression in its place; as it is if one has no end."""
    if "${" not in text:
        return text
    try:
        pieces = split(text)
    except ValueError:
        return text
    return "".join(piece if offset is None else replacement(piece) for piece, offset in pieces)


@lru_cache(maxsize=8192)
def masked(text: str) -> str:
    """*text* with `*` in place of each expression, whatever stands inside it."""
    return replaced(text, lambda _: "*")
