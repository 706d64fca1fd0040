"""Edits with a verdict by construction: what hurts is reported, and nothing else.

`make edits` judges thousands of them.
"""

from __future__ import annotations

import pytest

from tests.diff.edits.edit import Edit
from tests.diff.edits.generate import few
from tests.diff.edits.named import EDITS

RIGHT = {"safe": "quiet", "breaking": "hit"}


@pytest.mark.parametrize("edit", EDITS, ids=lambda one: one.name)
def test_a_named_edit_is_judged_as_it_is(edit: Edit) -> None:
    assert edit.outcome() == RIGHT[edit.verdict], edit.reported()


def test_edits_that_are_made_are_judged_as_they_are() -> None:
    edits = list(few(seed=1))
    assert {one.verdict for one in edits} == RIGHT.keys()
    wrong = [one for one in edits if one.outcome() != RIGHT[one.verdict]]
    assert {one.name: one.reported() for one in wrong} == {}
