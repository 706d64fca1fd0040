"""Findings on their way out: for a person, for a program, for a pull request.

Knows how findings look, not what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tqrun.config.load import Loaded
from tqrun.diagnostics import Finding, Place, errors

if TYPE_CHECKING:
    from rich.text import Text

JSON_VERSION = 1


def findings_as_text(findings: Iterable[Finding], stream: TextIO) -> None:
    """One line each; on a terminal in colour, with the line of the file and a caret."""
    if not stream.isatty():
        stream.writelines(f"{finding}\n" for finding in findings)
        return
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    for finding in findings:
        console.print(_coloured(finding), soft_wrap=True)
        excerpt = _excerpt(finding.place, console.width)
        if excerpt is not None:
            console.print(excerpt, soft_wrap=True)


def findings_as_json(findings: Iterable[Finding], stream: TextIO) -> None:
    """One object with a version number; keys are only ever added to a version."""
    entries = [
        asdict(finding.place)
        | {"code": finding.code, "message": finding.message, "severity": _severity(finding)}
        for finding in findings
    ]
    json.dump({"version": JSON_VERSION, "findings": entries}, stream, indent=2, ensure_ascii=False)
    stream.write("\n")


def findings_as_github(findings: Iterable[Finding], stream: TextIO) -> None:
    """Workflow commands that GitHub Actions turns into annotations of the changed lines."""
    for finding in findings:
        place = finding.place
        stream.write(
            f"::{_severity(finding)} file={command_property(place.path)},"
            f"line={place.line},col={place.column},endColumn={place.column + place.width},"
            f"title={command_property(finding.code)}"
            f"::{command_data(finding.message)}\n"
        )


def _severity(finding: Finding) -> str:
    return "warning" if finding.is_warning else "error"


def command_data(text: str) -> str:
    """*text* as the data of one of GitHub's workflow commands."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """*text* as a property of one of GitHub's workflow commands."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def summary(loaded: Loaded) -> str:
    """The last line of a check."""
    path = loaded.source.path
    if loaded.findings:
        found = len(errors(loaded.findings))
        parts = [_count(found, "finding", "findings")] if found else []
        if warnings := len(loaded.findings) - found:
            parts.append(_count(warnings, "warning", "warnings"))
        return f"{' and '.join(parts)} in {path}"
    queues = loaded.file.queues if loaded.file else {}
    activities = sum(len(queue.activities) for queue in queues.values())
    counts = _count(len(queues), "queue", "queues"), _count(activities, "activity", "activities")
    return f"{path}: {', '.join(counts)}, no findings"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _coloured(finding: Finding) -> Text:
    from rich.text import Text

    place = finding.place
    return Text.assemble(
        (f"{place.path}:{place.line}:{place.column}: ", "bold"),
        ("warning: " if finding.is_warning else "", "magenta"),
        finding.message,
        (f" [{finding.code}]", "yellow"),
    )


def _excerpt(place: Place, width: int) -> Text | None:
    """The line of the file, as much as fits, and a caret below; None when there is no such line."""
    from rich.cells import cell_len
    from rich.text import Text

    lines = _lines(place.path)
    if place.line > len(lines) or not lines[place.line - 1].strip():
        return None
    line = "".join(c if c.isprintable() else " " for c in lines[place.line - 1])
    start = place.column - 1
    room = max(width - 4, 20)
    first = max(0, start - room // 2) if cell_len(line) > room else 0
    shown = line[first : first + room]
    marked = line[start : start + place.width][: max(room - (start - first), 1)]
    indent = " " * (2 + cell_len(line[first:start]))
    return Text.assemble(
        (f"  {shown}\n", "dim"), indent, ("^" * max(cell_len(marked), 1), "bold red")
    )


@cache
def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError:
        return []
