"""An input is refused with one line, whatever it is, and no value is in it."""

from __future__ import annotations

from typing import Any

import pytest

from tqrun.errors import InvalidInput
from tqrun.plan.inputs import MAX_DEPTH, Inputs


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def refused(schema: dict[str, Any], value: Any) -> str:
    with pytest.raises(InvalidInput) as found:
        Inputs({"a": schema}).normalise({"a": value})
    return str(found.value)


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
TREE: Any = []
for _ in range(90):
    TREE = [TREE, TREE]
"""It has 91 lists, and 2**90 written out."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(deep(n), "nested more than 100 levels") for n in (101, 250, 5_000, 100_000)],
        (CIRCLE, "refers to itself"),
        ({"a": {"b": CIRCLE}}, "refers to itself"),
        (10**400, "beyond 1.8e308"),
        ({"x": [-(10**309)]}, "beyond 1.8e308"),
        (float("nan"), "NaN"),
        ({"\ud800": 1}, "not Unicode"),
        (["a\0"], "NUL"),
    ],
    ids=range(11),
)
@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "number"},
        {"enum": [1]},
        {"multipleOf": 0.1},
        {"uniqueItems": True},
        {"format": "regex"},
    ],
    ids=str,
)
def test_what_cannot_be_sent_is_refused(schema: dict[str, Any], value: Any, text: str) -> None:
    said = refused(schema, value)
    assert said.startswith('input "a" ')
    assert text in said


@pytest.mark.parametrize("value", [TREE, [0] * 1_000_002], ids=["tree", "list"])
def test_what_is_too_large_is_refused(value: Any) -> None:
    assert "more than 2 MB" in refused({}, value)


def test_the_deepest_value_passes() -> None:
    fields = {"a": {"items": {"type": ["array", "integer"]}, "uniqueItems": True}}
    value = {"a": deep(MAX_DEPTH)}
    assert Inputs(fields).normalise(value) == value


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"type": "integer"}, "secret", " must be a whole number"),
        ({"pattern": "^a$"}, "secret", " does not satisfy pattern: ^a$"),
        ({"pattern": "a[ab]{2000}c"}, "secret" * 300_000, " takes too long to validate"),
        ({"enum": ["x", 1]}, "secret", " must be one of x, 1"),
        ({"required": ["x", "y"]}, {"x": "secret"}, " lacks y"),
        ({"items": {"required": ["x"]}}, [{"x": 1}, {}], "[1] lacks x"),
        ({"additionalProperties": False}, {"b": "secret"}, ".b is not allowed"),
        ({"unevaluatedProperties": False}, {"b": "secret"}, ".b is not allowed"),
        ({"items": False}, ["secret"], "[0] is not allowed"),
        (
            {"items": {"type": "integer"}},
            [1] * 900_000 + ["secret"],
            "[900000] must be a whole number",
        ),
        ({"multipleOf": 0.1}, 0.35, " does not satisfy multipleOf: 0.1"),
        ({"anyOf": [{"type": "integer"}] * 100}, "secret", " does not satisfy anyOf: "),
    ],
    ids=range(12),
)
def test_a_message_names_the_place_and_no_value(
    schema: dict[str, Any], value: Any, text: str
) -> None:
    said = refused(schema, value)
    assert said.startswith(f'input "a"{text}')
    assert "secret" not in said
    assert len(said) < 500


def test_many_faults_are_told_in_a_short_message() -> None:
    said = refused({"items": {"type": "integer"}}, ["x"] * 100_000)
    assert said.count("; ") == 9
    long = refused({"additionalProperties": False}, {"n" * 100_000: 1})
    assert len(long) < 500


def test_inputs_share_one_budget() -> None:
    """One launch takes a few seconds, however many inputs it has."""
    numbers = {"items": {"type": "integer", "minimum": 0, "maximum": 9}}
    inputs = Inputs(dict.fromkeys("abc", numbers))
    with pytest.raises(InvalidInput, match=r'^input "c" takes too long to validate'):
        inputs.normalise(dict.fromkeys("abc", [1] * 300_000))
