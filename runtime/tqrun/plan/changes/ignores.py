"""`# tqrun: ignore[CODE] reason` on a line of the file, which acknowledges a change there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tqrun.config.source import Source
from tqrun.diagnostics import Place, did_you_mean
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.table import TABLE

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*tqrun:\s*ignore\[([\w\s,-]+)\]\s*(.*)")


@dataclass(frozen=True)
class _Ignore:
    place: Place
    codes: tuple[str, ...]
    reason: str


def acknowledged(changes: Sequence[Change], source: Source) -> list[Change]:
    """*changes* without those that a comment acknowledges, and with the faults of the comments."""
    ignores = list(_ignores(source))
    used: set[tuple[int, str]] = set()
    kept = []
    for change in changes:
        line = change.place.line
        comment = next(
            (one for one in ignores if one.place.line == line and change.code in one.codes), None
        )
        if comment is not None and comment.reason:
            used.add((line, change.code))
        else:
            kept.append(change)
    for one in ignores:
        if not one.reason:
            message = "an ignore comment without a reason"
            kept.append(Change(one.place, "ignore-without-reason", message))
        kept += [
            Change(one.place, "unused-ignore", _unused(code))
            for code in one.codes
            if one.reason and (one.place.line, code) not in used
        ]
    return sorted(kept, key=lambda change: (change.place, change.code))


def _unused(code: str) -> str:
    if code not in TABLE:
        return f'no change is called "{code}"{did_you_mean(code, TABLE)}'
    return f"nothing on this line is {code}"


def _ignores(source: Source) -> list[_Ignore]:
    found = []
    for number, line in enumerate(source.text.split("\n"), 1):
        match = _COMMENT.search(line)
        if match is not None:
            codes = tuple(code.strip() for code in match[1].split(","))
            place = Place(source.path, number, match.start() + 1, len(match[0]))
            found.append(_Ignore(place, codes, match[2].strip()))
    return found
