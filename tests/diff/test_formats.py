"""Every format is what those who read it take: code scanning, annotations, Markdown, Mermaid."""

from __future__ import annotations

import json
import re
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.diff.test_base import git
from tqrun.cli.main import run
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
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(HERE / "cases"))
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
    assert text.startswith("<!-- tqrun diff: queues.yaml -->\n### tqrun: ")
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.count("|") == 4, line
    for drawing in re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL):
        first, *edges, last = drawing.splitlines()
        assert first == "flowchart TD"
        assert last.startswith("  classDef changed ")
        assert [line for line in edges if not EDGE.fullmatch(line)] == []


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project below the top of its repository, as the working directory."""
    git(tmp_path, "init", "--quiet")
    project = tmp_path / "services" / "a b"
    shutil.copytree(HERE / "cases/formats/text/after", project)
    shutil.copytree(HERE / "cases/formats/text/before", tmp_path / "services/before")
    monkeypatch.chdir(project)
    return project


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("text", "\nqueues.yaml:"),
        ("json", '"path": "queues.yaml"'),
        ("github", "file=services/a b/queues.yaml,"),
        ("sarif", '"uri": "services/a%20b/queues.yaml"'),
        ("markdown", "`services/a b/queues.yaml:"),
        ("markdown", "<!-- tqrun diff: services/a%20b/queues.yaml -->\n"),
    ],
)
@pytest.mark.parametrize("is_valid", [True, False], ids=["compared", "invalid"])
def test_a_forge_gets_paths_from_the_top_of_the_repository(
    below: Path, capsys: pytest.CaptureFixture[str], form: str, place: str, *, is_valid: bool
) -> None:
    if not is_valid:
        (below / "queues.yaml").write_text("queues: {a: {version: one}}\n")
    run(["diff", "--against", "../before/queues.yaml", "--format", form])
    assert place in capsys.readouterr().out


def test_a_fingerprint_stays_when_lines_move(
    below: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for _ in range(2):
        run(["diff", "--against", "../before/queues.yaml", "--format", "sarif"])
        [content] = json.loads(capsys.readouterr().out)["runs"]
        found.append([one["partialFingerprints"] for one in content["results"]])
        text = (below / "queues.yaml").read_text(encoding="utf-8")
        (below / "queues.yaml").write_text(f"# a comment\n{text}")
    assert found[0]
    assert found[0] == found[1]


def test_an_edited_class_is_annotated_where_it_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line, _ = rendered(HERE / "cases/class-edited/module", "github", monkeypatch).splitlines()
    assert line.startswith("::warning file=activities/orders.py,line=10,col=5,title=class-edited::")
    assert line.endswith("%0Ain queues.yaml:17")


def test_a_change_of_python_code_has_its_place_in_the_queues_file_as_a_related_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = HERE / "cases/formats/github_in_python"
    [run] = json.loads(rendered(case, "sarif", monkeypatch))["runs"]
    places = [
        tuple(
            one["physicalLocation"]["artifactLocation"]["uri"]
            for one in (*result["locations"], *result.get("relatedLocations", ()))
        )
        for result in run["results"]
    ]
    assert places == [
        ("activities/addresses.py", "queues.yaml"),
        *[("activities/orders.py", "queues.yaml")] * 3,
        ("queues.yaml",),
    ]


@pytest.mark.parametrize("is_valid", [True, False], ids=["compared", "invalid"])
def test_a_report_is_what_its_format_prints(
    below: Path, capsys: pytest.CaptureFixture[str], *, is_valid: bool
) -> None:
    if not is_valid:
        (below / "queues.yaml").write_text("queues: {a: {version: one}}\n")
    command = ["diff", "--against", "../before/queues.yaml"]
    printed = {}
    for form in FORMATS:
        run([*command, "--format", form])
        printed[form] = capsys.readouterr().out
    reports = [f"--report={form}={form}.out" for form in FORMATS]
    status = run([*command, *reports, "--format", "json"])
    assert status == 1
    assert capsys.readouterr().out == printed["json"]
    assert {form: (below / f"{form}.out").read_text() for form in FORMATS} == printed


@pytest.mark.parametrize(
    ("report", "status", "message"),
    [
        ("comment.md", 2, '--report comment.md: write for example "markdown=comment.md"'),
        ("markdown=", 2, '--report markdown=: write for example "markdown=comment.md"'),
        (
            "markdwon=a",
            2,
            '--report markdwon=a: there is no format "markdwon"; did you mean "markdown"?',
        ),
        ("json=none/a", 3, "none/a: No such file or directory"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused(
    below: Path, capsys: pytest.CaptureFixture[str], report: str, status: int, message: str
) -> None:
    assert run(["diff", "--against", "../before/queues.yaml", "--report", report]) == status
    assert capsys.readouterr().err == f"error: {message}\n"
