"""One evaluation does so much and no more, on whatever values, and says which bound it met."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from tests.plan.expressions.hostile import HONEST, HOSTILE, scope
from tests.plan.expressions.sources import FROM_BEFORE
from tqrun.plan.expressions import EvaluationError, evaluate, render
from tqrun.plan.expressions.evaluator.meter import TOO_LARGE, TOO_MANY_PASSES, TOO_MUCH_WORK

BOUNDS = (TOO_MANY_PASSES, TOO_MUCH_WORK, TOO_LARGE)
MOST_SECONDS = 2.0
"""Of CPU, on a busy machine; what is published is below 0.1 (`make bench`)."""


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return scope()


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_expression_is_refused_at_once(source: str, values: dict[str, Any]) -> None:
    begun = process_time()
    with pytest.raises(EvaluationError) as caught:
        evaluate(f"${{{source}}}", values)
    assert str(caught.value) in [f"${{{source}}}: {bound}" for bound in BOUNDS]
    assert process_time() - begun < MOST_SECONDS


@pytest.mark.parametrize("source", HONEST)
def test_work_on_ten_thousand_records_is_not_refused(source: str, values: dict[str, Any]) -> None:
    evaluate(f"${{{source}}}", values)


def test_all_expressions_of_one_value_share_the_budget(values: dict[str, Any]) -> None:
    one = "${users.map(u, u)}"
    evaluate(one, values)
    with pytest.raises(EvaluationError, match=r"1,000,000 steps|8 MB"):
        evaluate({"a": [one, one], "b": one}, values)
    with pytest.raises(EvaluationError, match="8 MB"):
        render("${p}" * 5, values)


def test_passes_are_counted_for_each_expression() -> None:
    one = "${range(9000).all(i, i >= 0)}"
    assert evaluate([one, one], {}) == [True, True]


def test_no_branch_makes_up_for_a_bound() -> None:
    for source in ("range(10000).all(i, i < 0 || true) || true", "p + p + p + p + p == '' || true"):
        with pytest.raises(EvaluationError, match="more than"):
            evaluate(f"${{{source}}}", {"p": "a" * 2_000_000})


def test_a_run_from_before_the_budget_has_fifty() -> None:
    source = "${range(5000).map(i, p + 'a').size()}"
    assert evaluate(source, {"p": "a" * 2_000}, FROM_BEFORE) == 5_000
    with pytest.raises(EvaluationError, match="8 MB"):
        evaluate(source, {"p": "a" * 2_000})
    with pytest.raises(EvaluationError, match="more than 50 times the work"):
        evaluate(source, {"p": "a" * 1_000_000}, FROM_BEFORE)


def test_a_call_that_cel_does_not_compile_fails_as_any_other() -> None:
    source = "${range(9999).exists(i, size(dyn(1u)) == i)}"
    begun = process_time()
    with pytest.raises(EvaluationError, match="more than 1,000,000 steps"):
        evaluate(source, {})
    assert process_time() - begun < MOST_SECONDS
    with pytest.raises(EvaluationError, match='"size" does not take an unsigned integer'):
        evaluate("${size(dyn(1u))}", {})
