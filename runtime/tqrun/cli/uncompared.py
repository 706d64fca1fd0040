"""A new file that is invalid, in every format of `tqrun diff`: its findings, and no comparison."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TextIO

from tqrun.cli import sarif
from tqrun.cli.printable import printable, printable_json
from tqrun.cli.render import findings_as_github, findings_as_text
from tqrun.cli.reports import JSON_VERSION, cell, mark
from tqrun.cli.repository import rooted
from tqrun.diagnostics import Finding

Findings = Sequence[Finding]


def _summary(path: str, findings: Findings) -> str:
    count = len(findings)
    return f"{path} is invalid and not compared: {count} finding{'' if count == 1 else 's'}"


def _printable(findings: Findings, *, is_rooted: bool = False) -> list[Finding]:
    return [
        replace(
            one,
            message=printable(one.message),
            place=replace(one.place, path=rooted(one.place.path) if is_rooted else one.place.path),
        )
        for one in findings
    ]


def as_text(path: str, findings: Findings, stream: TextIO) -> None:
    """One line each, as `tqrun check` has them."""
    stream.write(f"{_summary(path, findings)}\n")
    findings_as_text(_printable(findings), stream)


def as_json(path: str, findings: Findings, stream: TextIO) -> None:
    """The object of a comparison, with findings and without changes."""
    content = {
        "version": JSON_VERSION,
        "against": None,
        "summary": _summary(path, findings),
        "changed": [],
        "safe": [],
        "deploy_order": None,
        "changes": [],
        "acknowledged": [],
        "findings": [
            asdict(one.place) | {"code": one.code, "message": one.message} for one in findings
        ],
    }
    stream.write(printable_json(json.dumps(content, indent=2, ensure_ascii=False)) + "\n")


def as_github(path: str, findings: Findings, stream: TextIO) -> None:
    """Annotations of the lines that are wrong."""
    findings_as_github(_printable(findings, is_rooted=True), stream)
    stream.write(f"{_summary(path, findings)}\n")


def as_sarif(_path: str, findings: Findings, stream: TextIO) -> None:
    """One result each."""
    sarif.write_findings(findings, stream)


def as_markdown(path: str, findings: Findings, stream: TextIO) -> None:
    """A comment that takes the place of the one about an earlier comparison."""
    lines = [mark(path), f"### tqrun: {cell(_summary(rooted(path), findings))}", ""]
    lines += ["| | finding |", "| --- | --- |"]
    for one in _printable(findings, is_rooted=True):
        place = f"`{one.place.path}:{one.place.line}`"
        lines.append(f"| error | {cell(one.message)} `{one.code}` {place} |")
    stream.write("\n".join(lines) + "\n")


FORMATS: Mapping[str, Callable[[str, Findings, TextIO], None]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
    "markdown": as_markdown,
}
