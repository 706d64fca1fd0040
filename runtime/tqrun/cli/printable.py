"""User text on its way out, without characters that hide or reorder what a reader sees."""

from __future__ import annotations

import json
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
_JOINER = "\u200d"
"""Joins the parts of one emoji; it hides nothing."""


def printable(text: str, *, kept: str = "") -> str:
    """*text* with control and bidirectional characters, those *kept* aside, as escapes."""
    return "".join(
        one.encode("unicode_escape").decode() if _is_hidden(one) and one not in kept else one
        for one in text
    )


def printable_json(text: str) -> str:
    """*text*, which is JSON, with the same characters as JSON's own escapes."""
    return "".join(
        json.dumps(one)[1:-1] if _is_hidden(one) and one != "\n" else one for one in text
    )


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN and character != _JOINER
