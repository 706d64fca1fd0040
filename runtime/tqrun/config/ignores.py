"""The comments `# tqrun: ignore[CODE] reason`, and the warnings on their lines that they silence.

An error is not silenced; what a comment does to a change between two revisions is for `diff`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tqrun.config.source import Source
from tqrun.diagnostics import WARNINGS, Finding, Place

NO_REASON = "an ignore comment without a reason"
_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*tqrun:\s*ignore\[([\w\s,-]+)\]\s*(.*?)(?=\s#\s*tqrun:|$)")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment; it silences nothing unless it has a reason."""

    place: Place
    codes: tuple[str, ...]
    reason: str


def ignores(source: Source) -> Iterator[Ignore]:
    """Every ignore comment, in file order."""
    for number, line in enumerate(source.text.split("\n"), 1):
        for match in _COMMENT.finditer(line):
            codes = tuple(code.strip() for code in match[1].split(","))
            place = Place(source.path, number, match.start() + 1, len(match[0]))
            yield Ignore(place, codes, match[2].strip())


def unsilenced(findings: Iterable[Finding], source: Source, *, complete: bool) -> list[Finding]:
    """*findings* without the warnings that a comment on their line silences.

    Added is what is wrong with the comments; that one silences nothing only if the findings are
    *complete*.
    """
    comments = [one for one in ignores(source) if WARNINGS.intersection(one.codes)]
    silenced = {(one.place.line, code) for one in comments if one.reason for code in one.codes}
    used: set[tuple[int, str]] = set()
    kept: list[Finding] = []
    for finding in findings:
        key = (finding.place.line, finding.code)
        if finding.is_warning and key in silenced:
            used.add(key)
        else:
            kept.append(finding)
    for one in comments:
        if not one.reason:
            kept.append(Finding(one.place, "ignore-without-reason", NO_REASON))
        elif complete:
            kept += [
                Finding(one.place, "unused-ignore", f"nothing on this line is {code}")
                for code in one.codes
                if code in WARNINGS and (one.place.line, code) not in used
            ]
    return kept
