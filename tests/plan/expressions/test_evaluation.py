"""What expressions come to: JSON or one error, whatever CEL has for a value."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from tests.plan.expressions.sources import FROM_BEFORE
from tqrun.plan.expressions import EvaluationError, Sources, evaluate
from tqrun.plan.expressions.pieces import TYPE_NAMES

NULS = ["a\0b", ["a\0b"], {"k": {"a\0b": 1}}, {"k": ["", "\0"]}]


@pytest.mark.parametrize("value", NULS)
def test_text_with_a_nul_is_text(value: Any) -> None:
    assert evaluate("${[x, 'y']}", {"x": value}) == [value, "y"]


def test_a_nul_is_refused_where_cel_would_cut_the_text() -> None:
    refused = '"strings.quote" does not take a NUL character'
    assert problem("strings.quote(x)", {"x": "a\0b"}) == refused


@pytest.mark.parametrize("value", [*NULS, 2**63, {"k": [-(2**63) - 1]}])
def test_a_run_from_before_the_budget_refuses_what_it_refused(value: Any) -> None:
    assert evaluate("${[x].size()}", {"x": value}) == 1
    with pytest.raises(EvaluationError, match="x holds a"):
        evaluate("${[x].size()}", {"x": value}, FROM_BEFORE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${page.?next}", 3),
        ("${page.?last}", None),
        ("${[1, 2][?5]}", None),
        ("${page.?next.hasValue()}", True),
        ("${page.?last.orValue(0)}", 0),
        ("page ${page.?next} of ${page.?last}", "page 3 of null"),
        ("${input . page . next}", 3),
    ],
)
def test_an_optional_is_its_value_or_null(text: str, value: Any) -> None:
    assert evaluate(text, {"page": {"next": 3}}) == value


OPTIONAL = "an optional is no value; write .orValue(…) after it"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[page.?next]", OPTIONAL),
        ("{'a': [page.?last]}", OPTIONAL),
        ("[1].map(i, dyn(page.?last))", OPTIONAL),
        ("true ? page.?last : page", OPTIONAL),
        ("type(page)", "a type is no value"),
        ("[type(page)]", "a type is no value"),
        ("b'a'", "bytes are no JSON; write text"),
    ],
)
def test_what_json_does_not_have_fails_the_expression(source: str, expected: str) -> None:
    assert problem(source, {"page": {"next": 3}}) == expected


@pytest.mark.parametrize("name", sorted(TYPE_NAMES))
def test_a_name_may_be_that_of_a_type_of_cel(name: str) -> None:
    scope = {name: {"a": 5}, "l": [1]}
    for source in (name, f"input.{name}", f"dyn({name})"):
        assert evaluate(f"${{{source}}}", scope) == {"a": 5}
    for source in (f"{name}.a", f"input.{name}.a", f"l.map(x, {name}.a)[0]"):
        assert evaluate(f"${{{source}}}", scope) == 5
    assert evaluate(f"${{l.map({name}, {name} + 1)}}", scope) == [2]


def test_a_type_of_cel_is_itself_where_no_name_hides_it() -> None:
    assert evaluate("${type(n) == int && type(t) == string}", {"n": 1, "t": "a"}) is True


@pytest.mark.parametrize(
    "source", ["[deep]", "deep == other", "deep.map(x, x)", "'%s'.format([deep])"]
)
def test_a_value_may_be_nested_too_deeply(source: str) -> None:
    assert problem(source, {"deep": nested(5_000), "other": nested(5_000)}) in (
        "a value is nested too deeply",
        '"format" fails on these values',
    )
    with pytest.raises(EvaluationError, match="nested too deeply"):
        evaluate("it is ${deep}", {"deep": nested(20_000)})


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "source", ["sum([wide, 1.5])", "seconds(wide)", "double(wide)", "wide * 1.5"]
)
def test_a_number_may_be_too_large_for_any_kind(source: str) -> None:
    problem(source, {"wide": 10**400})


def problem(source: str, scope: Mapping[str, Any], sources: Sources | None = None) -> str:
    """Why *source* fails; that it names itself is checked."""
    with pytest.raises(EvaluationError) as caught:
        evaluate(f"${{{source}}}", scope, sources)
    text, place = str(caught.value), f"${{{source}}}: "
    assert text.startswith(place)
    return text.removeprefix(place)


def test_time_and_chance_are_the_runs_own() -> None:
    assert evaluate("${now () + string(random( ))}", {}, FROM_BEFORE) == "2026-01-01T00:00:00Z0.5"
    assert problem("now()", {}) == "only a running workflow has a clock and chance"


def test_chance_is_asked_as_often_as_by_cel() -> None:
    drawn: list[float] = []

    def random() -> float:
        drawn.append(0.5)
        return 0.5

    sources = Sources(FROM_BEFORE.now, random)
    for source, times in (
        ("[1 / 0, int(random())]", 1),
        ("1 / 0 > 0 || random() > 0.1", 1),
        ("true || random() > 0.1", 0),
        ("false ? random() : 1.0", 0),
        ("[1, 2].map(x, [x / 0, int(random())])", 2),
    ):
        drawn.clear()
        with suppress(EvaluationError):
            evaluate(f"${{{source}}}", {}, sources)
        assert len(drawn) == times, source


def test_null_keeps_its_references() -> None:
    """To give a null to Python costs CEL's binding one that it does not have."""
    scope = {"nil": None, "o": {"a": None}}
    sources = ["[nil]", "o.a", "o", "{'a': nil}", "'%s'.format([nil])", "nil == null ? nil : nil"]
    before = sys.getrefcount(None)
    for _ in range(1_000):
        for source in sources:
            evaluate(f"${{{source}}}", scope)
    assert sys.getrefcount(None) > before - 500
