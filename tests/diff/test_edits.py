"""Edits with a verdict by construction: what hurts is reported, and nothing else."""

from __future__ import annotations

import pytest

from tests.diff.edits.edit import Edit
from tests.diff.edits.named import EDITS


@pytest.mark.parametrize("edit", EDITS, ids=lambda one: one.name)
def test_a_named_edit_is_judged_as_it_is(edit: Edit) -> None:
    right = "quiet" if edit.verdict == "safe" else "hit"
    assert edit.outcome() == right, edit.reported()
