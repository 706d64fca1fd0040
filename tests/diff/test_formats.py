"""Every format is what those who read it take: code scanning, annotations, Markdown, Mermaid."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tqrun.cli.reports import FORMATS
from tqrun.plan.changes.revision import Revision
from tqrun.plan.changes.table import TABLE
from tqrun.plan.changes.verdict import judge

HERE = Path(__file__).parent
CASES = [
    path.parent
    for path in sorted((HERE / "cases").rglob("before"))
    if not (path.parent / "expected.txt").read_text(encoding="utf-8").endswith("exit 3\n")
    and "new_file_has_findings" not in str(path)
]
SARIF = json.loads((HERE / "sarif-2.1.0-subset.json").read_text(encoding="utf-8"))
ANNOTATION = re.compile(
    r"::(error|warning|notice) file=[^,:]+,line=\d+,col=\d+,title=([a-z-]+)::([^\n\r]+)"
)
NODE = r'n\d+(?:\["[^"]*"\]|\{"[^"]*"\}|\(\( \)\))?(?::::changed)?|start(?:\(\("start"\)\))?'
EDGE = re.compile(rf'  (?:{NODE}) -->(?:\|"[^"]*"\|)? (?:{NODE}|done\(\("end"\)\))')

every_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda path: str(path.relative_to(HERE / "cases"))
)


def rendered(case: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(case / "after")
    before = "../before/queues.yaml"
    stream = StringIO()
    FORMATS[form](judge(Revision(before, before), Revision("queues.yaml", "queues.yaml")), stream)
    return stream.getvalue()


@every_case
def test_sarif_is_of_its_schema(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content: Any = json.loads(rendered(case, "sarif", monkeypatch))
    Draft202012Validator(SARIF).validate(content)
    [found] = content["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert rules == [*TABLE]
    for result in found["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]


@every_case
def test_annotations_are_one_line_each_and_the_worst_come_first(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *lines, _ = rendered(case, "github", monkeypatch).splitlines()
    levels = []
    for line in lines:
        match = ANNOTATION.fullmatch(line)
        assert match is not None, line
        assert re.search(r"%(?!25|0A|0D)", match[3]) is None
        levels.append(match[1])
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)


@every_case
def test_markdown_has_whole_tables_and_diagrams(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = rendered(case, "markdown", monkeypatch)
    assert text.startswith("<!-- tqrun diff -->\n### tqrun: ")
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.count("|") == 4, line
    for drawing in re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL):
        first, *edges, last = drawing.splitlines()
        assert first == "flowchart TD"
        assert last.startswith("  classDef changed ")
        assert [line for line in edges if not EDGE.fullmatch(line)] == []
