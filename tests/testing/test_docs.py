"""The page about tests shows a project; its tests pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "testing.md"
FILE = re.compile(r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tests_of_the_page_pass(pytester: pytest.Pytester) -> None:
    for found in re.finditer(
        r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    ):
        file = pytester.path / found[1]
        file.parent.mkdir(exist_ok=True)
        file.write_text(found[2])
    pytester.runpytest_subprocess("-q", "--durations=8").assert_outcomes(passed=9)
