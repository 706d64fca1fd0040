"""A number is what its schema says, however it came."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tqrun.plan.numbers import as_declared, has_numbers
from tqrun.plan.types import written
from tqrun.temporal.inbox import misfit


@dataclass
class Leaf:
    price: float
    count: int


@dataclass
class Tree:
    leaves: list[Leaf]
    by_name: dict[str, float]
    best: Leaf | None = None
    either: Leaf | list[float] | None = None
    loose: float | int = 0


def test_a_whole_number_is_a_float_where_a_number_is_declared() -> None:
    leaf = {"price": 3, "count": 3}
    tree = {
        "leaves": [leaf],
        "by_name": {"a": 1},
        "best": leaf,
        "either": [1],
        "loose": 1,
        "more": 1,
    }
    found = as_declared(written(Tree), tree)
    assert json.dumps(found) == json.dumps(
        {
            "leaves": [{"price": 3.0, "count": 3}],
            "by_name": {"a": 1.0},
            "best": {"price": 3.0, "count": 3},
            "either": [1.0],
            "loose": 1,
            "more": 1,
        }
    )


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", 3, "3.0"),
        ("number", True, "true"),
        ("integer", 3.0, "3"),
        ("integer", 3.5, "3.5"),
        (["number", "null"], 3, "3.0"),
        (["number", "null"], None, "null"),
        (["integer", "number"], 3, "3"),
        ([], 3, "3"),
    ],
)
def test_only_numbers_change(kind: Any, value: Any, text: str) -> None:
    assert json.dumps(as_declared({"type": kind}, value)) == text


def test_a_schema_without_numbers_changes_nothing() -> None:
    assert has_numbers(written(Tree))
    assert not has_numbers(written(dict[str, int]))


def test_a_number_that_is_too_large_stays() -> None:
    """A signal of any client may hold one; an error here would fail its workflow task forever."""
    huge = 10**400
    assert as_declared({"type": "number"}, huge) == huge
    assert misfit({"a": {"type": "number"}}, {"a": -huge}) is None
