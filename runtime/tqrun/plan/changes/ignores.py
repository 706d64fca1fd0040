"""The changes that an ignore comment on their line acknowledges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tqrun.config.ignores import NO_REASON, ignores
from tqrun.config.source import Source
from tqrun.diagnostics import WARNINGS, did_you_mean
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.table import TABLE

_OF_CHECK = WARNINGS - TABLE.keys()


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A change that is meant, and why: the reason that its comment gives."""

    change: Change
    reason: str


def acknowledged(
    changes: Sequence[Change], source: Source
) -> tuple[list[Change], list[Acknowledged]]:
    """*changes* without those that a comment acknowledges, and those.

    Among the first are the faults of the comments.
    """
    comments = [one for one in ignores(source) if not _OF_CHECK.issuperset(one.codes)]
    used: set[tuple[int, str]] = set()
    kept, meant = [], []
    for change in changes:
        line = change.place.line
        comment = next(
            (one for one in comments if one.place.line == line and change.code in one.codes), None
        )
        if comment is not None and comment.reason:
            used.add((line, change.code))
            meant.append(Acknowledged(change, comment.reason))
        else:
            kept.append(change)
    for one in comments:
        if not one.reason:
            kept.append(Change(one.place, "ignore-without-reason", NO_REASON))
        kept += [
            Change(one.place, "unused-ignore", _unused(code))
            for code in one.codes
            if one.reason and code not in _OF_CHECK and (one.place.line, code) not in used
        ]
    return sorted(kept, key=lambda change: (change.place, change.code)), meant


def _unused(code: str) -> str:
    if code not in TABLE:
        return f'nothing is called "{code}"{did_you_mean(code, {*TABLE, *_OF_CHECK})}'
    return f"nothing on this line is {code}"
