"""What the table, the pages and docs/changes.md say about a change is one and the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tqrun.config.pages import page
from tqrun.plan.changes.table import TABLE

DOCUMENT = Path(__file__).parents[2] / "docs/changes.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
ROW = re.compile(
    r'^\| <a id="(.+?)"></a>`(.+?)`<br>.+? \| (.+?) \| (.+?) \| (.+?) \|$', re.MULTILINE
)

every_code = pytest.mark.parametrize("code", TABLE)


@every_code
def test_a_page_begins_with_what_the_table_says(code: str) -> None:
    row, text = TABLE[code], " ".join(page(code).split())
    for heading, said in (("Why", row.why), ("How to mend", row.mend)):
        assert f"## {heading} {said[:1].upper()}{said[1:]}." in text
    assert re.search(rf"Found by `tqrun diff`, as an? {row.severity}; docs/changes.md", text)


def test_the_document_has_a_row_for_every_change() -> None:
    found = {anchor: tuple(rest) for anchor, *rest in ROW.findall(TEXT)}
    assert found == {code: (code, row.severity, row.why, row.mend) for code, row in TABLE.items()}
