"""An expression that fails is named with the reason, and no value that it met is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.plan.expressions.random_expressions import SCOPE, Expressions
from tqrun.plan.expressions import EvaluationError, evaluate, is_true, render

SECRET = "hunter2"
NUMBER = 8675309
EXPRESSIONS = 400
_POSITION = re.compile(r"there is no item -?\d+ in a list of \d+")
"""A position is what a reader needs, and no more than a number."""
VALUES = {
    "text": SECRET,
    "number": NUMBER,
    "real": 8675309.25,
    "big": NUMBER * 10**20,
    "list": [SECRET, NUMBER],
    "object": {SECRET: SECRET, "key": {SECRET: NUMBER}},
    "moment": "2020-01-01T00:00:00Z",
    "nul": f"{SECRET}\0",
    "odd": f"{SECRET}\ud800",
}


@pytest.mark.parametrize(
    "source",
    [
        "object[text + text]",
        "object[number]",
        "object.key[text + text]",
        "list[text]",
        "text[0]",
        "text.key",
        "text.?key",
        "int(text)",
        "double(text)",
        "bool(text)",
        "uint(text)",
        "timestamp(text)",
        "duration(text)",
        "timestamp(moment).getHours(text)",
        "text.matches('[' + text)",
        "text.charAt(number)",
        "text.substring(number)",
        "text.indexOf(text, number)",
        "'%d'.format([text])",
        "'%.3f'.format([text])",
        "('%' + text).format([number])",
        "text + number",
        "text < number",
        "-text",
        "!text",
        "text ? 1 : 2",
        "text && true",
        "sum(list)",
        "min(list)",
        "hash(number)",
        "range(number)",
        "seconds(-number)",
        "chunk(list, -number)",
        "keys(list)",
        "text.map(x, x)",
        "object.map(x, x)",
        "list.map(x, x + 1)",
        "list.all(x, x > 0)",
        "{number: 1, number: 2}",
        "{real: 1}",
        "bytes(text)",
        "number * number * number",
        "number / 0",
        "big + 1",
        "math.abs(big)",
        "strings.quote(nul)",
        "odd.matches(text)",
        "strings.quote(text) + strings.quote(odd)",
        "hash(odd)",
        "text.join(text)",
        "list.join(text)",
        "text.split(number + 1)[0]",
        "optional.of(text)[?0]",
        "text.hasValue()",
        "[optional.of(text)]",
        "math.bitShiftLeft(number, -number)",
        "missing + text",
        "now() + text",
    ],
)
def test_a_reason_quotes_no_value(source: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(f"${{{source}}}", VALUES)
    _assert_silent(str(caught.value).removeprefix(f"${{{source}}}: "))


def test_a_condition_that_is_none_quotes_no_value() -> None:
    with pytest.raises(EvaluationError, match=r"\$\{text\} is neither true nor false") as caught:
        is_true("${text}", VALUES)
    _assert_silent(str(caught.value))
    with pytest.raises(EvaluationError) as caught:
        render("${text} ${text.nope}", VALUES)
    _assert_silent(str(caught.value))


def test_random_failures_quote_no_value() -> None:
    made = Expressions(3)
    scope = {name: _secret(value) for name, value in SCOPE.items()}
    for source in [made.next() for _ in range(EXPRESSIONS)]:
        try:
            evaluate(f"${{{source}}}", scope)
        except EvaluationError as error:
            _assert_silent(str(error).replace(source, ""))


def _assert_silent(text: str) -> None:
    text = _POSITION.sub("", text)
    assert SECRET not in text
    assert str(NUMBER) not in text


def _secret(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET
    if isinstance(value, list):
        return [_secret(item) for item in value]
    if isinstance(value, dict):
        return {name: _secret(item) for name, item in value.items()}
    return NUMBER if type(value) is int else value
