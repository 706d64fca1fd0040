"""A comparison on its way out: for a person, a program, annotations, code scanning, a comment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TextIO
from urllib.parse import quote

from tqrun.cli import sarif
from tqrun.cli.printable import printable, printable_json
from tqrun.cli.render import command_data, command_property
from tqrun.cli.repository import rooted
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.diagram import diagram
from tqrun.plan.changes.verdict import Verdict
from tqrun.plan.cost import cost

JSON_VERSION = 1
_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
_ENTITIES = {character: f"&#{ord(character)};" for character in "&<>|$@#*~`[]\\"}


def as_text(verdict: Verdict, stream: TextIO) -> None:
    """The summary, then one block per change; in colour on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    console.print(verdict.summary, style="bold")
    for change in verdict.changes:
        place = f"{change.place.path}:{change.place.line}:{change.place.column}: "
        console.print(
            Text.assemble(
                (place, "bold"),
                (f"{change.severity}: ", _COLOURS[change.severity]),
                printable(change.message),
                (f" [{change.code}]", "dim"),
            )
        )
        if change.severity != "info":
            console.print(Text(f"    why: {change.why}\n    mend: {change.mend}"))
    if verdict.deploy_order is not None:
        console.print(verdict.deploy_order)
    if verdict.changes:
        console.print("tqrun explain CODE tells more")


def as_json(verdict: Verdict, stream: TextIO) -> None:
    """One object with a version number; keys are only ever added to a version."""
    content = {
        "version": JSON_VERSION,
        "against": verdict.before.revision.name,
        "summary": verdict.summary,
        "changed": verdict.changed,
        "safe": verdict.safe,
        "deploy_order": verdict.deploy_order,
        "changes": [_as_dict(change) for change in verdict.changes],
        "acknowledged": [
            _as_dict(one.change) | {"reason": one.reason} for one in verdict.acknowledged
        ],
        "findings": [],
    }
    stream.write(printable_json(json.dumps(content, indent=2, ensure_ascii=False)) + "\n")


def _as_dict(change: Change) -> dict[str, Any]:
    fields = asdict(change)
    return {**fields.pop("place"), **fields, "severity": change.severity} | {
        "why": change.why,
        "mend": change.mend,
    }


def as_github(verdict: Verdict, stream: TextIO) -> None:
    """Annotations, the gravest first: GitHub shows ten per step."""
    for change in verdict.worst_first():
        place = change.python or change.place
        text = f"{printable(change.message)}\nwhy: {change.why}\nmend: {change.mend}"
        if change.python is not None:
            text += f"\nin {rooted(change.place.path)}:{change.place.line}"
        stream.write(
            f"::{_LEVELS[change.severity]} file={command_property(rooted(place.path))},"
            f"line={place.line},col={place.column},title={command_property(change.code)}"
            f"::{command_data(text)}\n"
        )
    stream.write(f"{verdict.summary}\n")


def as_sarif(verdict: Verdict, stream: TextIO) -> None:
    """One result per change, for code scanning."""
    sarif.write(verdict.changes, stream)


def as_markdown(verdict: Verdict, stream: TextIO) -> None:
    """A comment for the pull request, with a diagram per changed workflow."""
    lines = [mark(verdict.after.revision.path), f"### tqrun: {cell(verdict.summary)}"]
    if verdict.changes:
        lines += ["", "| | change | why, and what makes it right |", "| --- | --- | --- |"]
    for change in verdict.worst_first():
        place = f"`{rooted(change.place.path)}:{change.place.line}`"
        told = "" if change.severity == "info" else f"{cell(change.why)}; {cell(change.mend)}"
        lines.append(
            f"| {change.severity} | {cell(change.message)} `{change.code}` {place} | {told} |"
        )
    if verdict.acknowledged:
        lines += ["", "| | acknowledged | reason |", "| --- | --- | --- |"]
    for one in verdict.acknowledged:
        place = f"`{rooted(one.change.place.path)}:{one.change.place.line}`"
        what = f"{cell(one.change.message)} `{one.change.code}` {place}"
        lines.append(f"| {one.change.severity} | {what} | {cell(one.reason)} |")
    if verdict.deploy_order is not None:
        lines += ["", f"**{verdict.deploy_order[:1].upper()}{verdict.deploy_order[1:]}.**"]
    for queue in verdict.changed:
        lines += _workflows(verdict, queue)
    stream.write(printable("\n".join(lines), kept="\n") + "\n")


def mark(path: str) -> str:
    """The first line of the comment about *path*, by which a later run finds it."""
    return f"<!-- tqrun diff: {quote(rooted(path))} -->"


def _workflows(verdict: Verdict, queue: str) -> list[str]:
    lines = []
    old = verdict.before.workflows.get(queue, {})
    for name, launch in verdict.after.workflows.get(queue, {}).items():
        if name not in old or old[name].plan.text == launch.plan.text:
            continue
        before, after = cost(old[name].plan), cost(launch.plan)
        lines += [
            "",
            f"<details><summary>{cell(launch.name)}</summary>",
            "",
            "| | before | after |",
        ]
        lines.append("| --- | --- | --- |")
        for label in before.FIELDS:
            values = getattr(before, label), getattr(after, label)
            lines.append(f"| {label.replace('_', ' ')} | {values[0]} | {values[1]} |")
        lines += ["", "Steps in yellow are new or have changed.", ""]
        lines += ["```mermaid", *diagram(old[name].plan, launch.plan), "```", "", "</details>"]
    return lines


def cell(text: str) -> str:
    """*text* as it stands, in a cell of GitHub's Markdown: no markup, formula, mention or link."""
    return "".join(_ENTITIES.get(character, character) for character in text.replace("\n", " "))


FORMATS: Mapping[str, Callable[[Verdict, TextIO], None]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
    "markdown": as_markdown,
}
