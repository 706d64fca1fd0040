"""A finding: one thing that is wrong in a file, where, and the way out.

This module knows what a finding is, not how it is found or shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line of a file.

    Attributes:
        path: The file as the user named it.
        line: Counted from 1.
        column: Counted from 1, in characters.
        width: How many characters a caret underlines; at least 1.
    """

    path: str
    line: int
    column: int
    width: int = 1


WARNINGS = frozenset(
    {
        *("bound-item", "constant-id", "idle-retries", "large-plan", "near-miss"),
        *("schedule-overlap", "short-lived-child", "unserved-task-queue", "unused-activity"),
        *("unused-ignore", "unused-name", "unused-signal"),
    }
)
"""Rules that tell what is hardly meant; a file that breaks no other can be run."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One rule broken at one place.

    Attributes:
        place: Where the user mends it.
        code: The rule; `tqrun explain CODE` prints its page.
        message: Lower case, no full stop, the user's words in quotes, then the way out.
    """

    place: Place
    code: str
    message: str

    @property
    def is_warning(self) -> bool:
        """Whether the file can be run all the same."""
        return self.code in WARNINGS

    def __str__(self) -> str:
        """`path:line:col: message [code]`, the form that editors make clickable."""
        place, warning = self.place, "warning: " if self.is_warning else ""
        return f"{place.path}:{place.line}:{place.column}: {warning}{self.message} [{self.code}]"


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The *findings* that keep the file from being run."""
    return [finding for finding in findings if not finding.is_warning]


def quote(text: str) -> str:
    """The user's *text* in quotes: one line, no control characters, not too long."""
    line = text if len(text) <= 60 else f"{text[:59]}…"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return f'"{shown}"'


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The tail of a message about an unknown *word*: the nearest known one, or all of them."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f'; did you mean "{near}"?'
    if not names:
        return ""
    shown = ", ".join(names[:12])
    return f"; known here: {shown}{', …' if len(names) > 12 else ''}"


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The one of *names* that *word* may have been meant to be.

    The words of Temporal's other SDKs count as near: `startToCloseTimeout`, `retry`.
    """
    snake = snake_case(word)
    names = list(names)
    whole = get_close_matches(snake, names, n=1, cutoff=0.6)
    if whole:
        return whole[0]
    by_first_word = {name.partition("_")[0]: name for name in reversed(names)}
    first = get_close_matches(snake, by_first_word, n=1, cutoff=0.66)
    return by_first_word[first[0]] if first else None


def snake_case(word: str) -> str:
    """`startToCloseTimeout` as `start_to_close_timeout`."""
    return _HUMP.sub("_", word).lower()


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
