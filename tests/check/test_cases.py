"""Every case is a folder: a queues file, its functions if they matter, and the exact output.

`cases/<rule>/<case>/expected.txt` holds what `tqrun check` prints, and its exit status. A case
with an `activities/` folder is checked with its functions, the others with `--no-bind`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tqrun.cli.main import run
from tqrun.config.pages import codes
from tqrun.plan.changes.table import TABLE

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.rglob("queues.yaml"))


@pytest.fixture
def own_activities(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules named `activities` are the case's own, before and after."""

    def imported() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] == "activities"]

    for name in imported():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in imported():
        del sys.modules[name]


@pytest.mark.usefixtures("own_activities")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(CASES)))
def test_output_is_exactly_as_expected(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(folder)
    status = run(["check", *([] if Path("activities").is_dir() else ["--no-bind"])])
    output, errors = capsys.readouterr()
    text = f"{output}{errors}exit {status}\n"
    expected = folder / "expected.txt"
    if request.config.getoption("--update", default=False):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(CASES)))
def test_case_stands_under_a_rule_that_it_breaks(folder: Path) -> None:
    rule = folder.relative_to(CASES).parts[0]
    text = (folder / "expected.txt").read_text(encoding="utf-8")
    if rule == "valid":
        assert text.endswith("exit 0\n")
    elif rule != "several":
        assert f"[{rule}]" in text


def test_every_rule_has_a_case() -> None:
    of_diff = TABLE.keys() - {"ignore-without-reason", "unused-ignore"}  # of check as well
    assert {path.name for path in CASES.iterdir()} - {"valid", "several"} == {*codes()} - of_diff
