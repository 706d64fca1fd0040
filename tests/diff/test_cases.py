"""Every case is a folder: two revisions of a project, and exactly what is said about the change.

`cases/<code>/<case>/expected.txt` holds what `tqrun diff` prints in `after/`, against `before/`,
and its exit status; `arguments.txt` has further arguments. `cases/safe` holds edits that hurt
nothing, `cases/formats` and `cases/options` what is not about one row of the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tqrun.cli.main import run
from tqrun.plan.changes.table import TABLE

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.rglob("before"))
OTHERS = {"safe", "formats", "options"}

every_case = pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda path: str(path.relative_to(CASES))
)


@every_case
def test_output_is_exactly_as_expected(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(folder / "after")
    # A case is in no repository, so that its paths are the same wherever this one is.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(CASES))
    given = folder / "arguments.txt"
    arguments = given.read_text(encoding="utf-8").split() if given.exists() else []
    status = run(["diff", "--against", "../before/queues.yaml", *arguments])
    output, errors = capsys.readouterr()
    text = f"{output}{errors}exit {status}\n"
    expected = folder / "expected.txt"
    if request.config.getoption("--update", default=False):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@every_case
def test_a_case_stands_under_the_code_that_it_shows(folder: Path) -> None:
    code = folder.relative_to(CASES).parts[0]
    text = (folder / "expected.txt").read_text(encoding="utf-8")
    if code == "safe":
        assert ": error: " not in text
        assert ": warning: " not in text
        assert text.endswith("exit 0\n")
    elif code not in OTHERS:
        assert f": {TABLE[code].severity}: " in text
        assert f"[{code}]" in text


def test_every_row_of_the_table_has_a_case() -> None:
    assert {path.name for path in CASES.iterdir()} - OTHERS == set(TABLE)
