"""Durations and input types, as a user writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic_core import PydanticCustomError

from tqrun.config.values import format_duration, parse_duration, parse_input_field


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("30s", timedelta(seconds=30)),
        ("5 minutes", timedelta(minutes=5)),
        ("1 minute", timedelta(minutes=1)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("3d", timedelta(days=3)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "30", "-5s", "5 m m", "1e3s", "٣s", "5M", "s", "1h,5m", 40, 1.5]
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_duration(text)
    assert caught.value.type == "bad-duration"


@pytest.mark.parametrize("text", ["4000d", "9" * 90 + "d", "99999999999999h"])
def test_ten_years_are_the_limit_whatever_the_unit(text: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_duration(text)
    assert caught.value.type == "duration-too-long"


@pytest.mark.parametrize("text", ["1h30m", "3d", "250ms", "1d1h1m1s1ms", "0s"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert format_duration(parse_duration(text)) == text


@pytest.mark.parametrize(
    ("short", "schema"),
    [
        ("string", {"type": "string"}),
        ("integer?", {"type": ["integer", "null"], "default": None}),
        ("number[]", {"type": "array", "items": {"type": "number"}}),
        ("string[]?", {"type": ["array", "null"], "items": {"type": "string"}, "default": None}),
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}),
    ],
)
def test_a_short_form_stands_for_json_schema(short: object, schema: object) -> None:
    assert parse_input_field(short) == schema
