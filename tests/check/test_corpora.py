"""Files as people write them: right ones have no finding, faulty ones all of theirs in one run.

A faulty file marks each line with the findings that it must have: `# ! code code`.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tqrun.plan.check import check_file

HERE = Path(__file__).parent
RIGHT = sorted((HERE / "right").glob("*.yaml"))
WRONG = sorted((HERE / "wrong").glob("*.yaml"))
WITH_FUNCTIONS = {"typed", "bindings"}
MARK = re.compile(r"# ! ([a-z -]+)$")


def findings(path: Path) -> list[str]:
    checked = check_file(path, bind=path.stem in WITH_FUNCTIONS)
    return [f"{one.place.line}: {one.code}" for one in checked.findings]


def expected(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").split("\n")
    marked = [(number, MARK.search(line)) for number, line in enumerate(lines, 1)]
    return [f"{number}: {code}" for number, mark in marked if mark for code in mark[1].split()]


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_right_file_has_no_finding(path: Path) -> None:
    assert findings(path) == []


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_every_fault_of_a_file_is_reported_in_one_run_and_nothing_else(path: Path) -> None:
    assert Counter(findings(path)) == Counter(expected(path))


def test_the_right_files_are_a_corpus() -> None:
    loaded = [check_file(path, bind=False).file for path in RIGHT]
    assert sum(len(file.queues) for file in loaded if file is not None) >= 50
