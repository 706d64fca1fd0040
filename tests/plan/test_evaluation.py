"""What expressions come to: JSON or one error, whatever CEL has for a value."""

from __future__ import annotations

from typing import Any

import pytest

from tqrun.plan.expressions import EvaluationError, evaluate


@pytest.mark.parametrize("value", ["a\0b", ["a\0b"], {"k": {"a\0b": 1}}, {"k": ["", "\0"]}])
def test_a_nul_fails_the_expression_that_reads_it(value: Any) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate("${[x, 'y']}", {"x": value})
    assert str(caught.value) == "${[x, 'y']}: x holds a NUL character"
    assert evaluate("${x}", {"x": value}) == value


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
    ("source", "problem"),
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
def test_what_json_does_not_have_fails_the_expression(source: str, problem: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(f"${{{source}}}", {"page": {"next": 3}})
    assert str(caught.value) == f"${{{source}}}: {problem}"
