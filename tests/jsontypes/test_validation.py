"""A value is judged as jsonschema judges it, in bounded work."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tqrun.jsontypes import Schema, TooMuchWork
from tqrun.jsontypes.budget import Budget
from tqrun.jsontypes.equality import key

NAMES = ("a", "b", "ab", "c1")
PATTERNS = ("^a", "b$", "[0-9]", "^.$")
SCALARS = (None, True, False, 0, 1, 1.0, 2, 2.5, -3, 10**20, 1e20, "", "a", "ab", "b1")


def a_value(chance: random.Random, depth: int = 3) -> Any:
    kind = chance.randrange(5 if depth else 3)
    if kind < 3:
        return chance.choice(SCALARS)
    inner = [a_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return inner if kind == 3 else dict(zip(NAMES, inner, strict=False))


def a_schema(chance: random.Random, depth: int = 3) -> Any:
    if not depth or chance.random() < 0.1:
        return chance.choice([True, False, {}, {"type": "integer"}, {"const": 1}, {"minimum": 1}])

    def schema() -> Any:
        return a_schema(chance, depth - 1)

    def schemas() -> list[Any]:
        return [schema() for _ in range(chance.randint(1, 3))]

    def some(names: tuple[str, ...]) -> list[str]:
        return chance.sample(names, chance.randint(1, 2))

    types = ("string", "integer", "number", "boolean", "object", "array", "null")
    keywords: dict[str, Callable[[], Any]] = {
        "type": lambda: chance.choice([chance.choice(types), some(types)]),
        "enum": lambda: [a_value(chance, 1) for _ in range(3)],
        "const": lambda: a_value(chance, 2),
        "minimum": lambda: chance.choice([0, 1, 2.5]),
        "exclusiveMaximum": lambda: chance.choice([1, 2.5, 10**20]),
        "multipleOf": lambda: chance.choice([1, 2, 0.5]),
        "minLength": lambda: chance.randrange(3),
        "maxLength": lambda: chance.randrange(3),
        "pattern": lambda: chance.choice(PATTERNS),
        "minItems": lambda: chance.randrange(3),
        "maxItems": lambda: chance.randrange(3),
        "uniqueItems": lambda: chance.random() < 0.9,
        "items": schema,
        "prefixItems": schemas,
        "contains": schema,
        "minContains": lambda: chance.randrange(3),
        "maxContains": lambda: chance.randint(1, 2),
        "properties": lambda: {name: schema() for name in some(NAMES)},
        "patternProperties": lambda: {name: schema() for name in some(PATTERNS)},
        "additionalProperties": schema,
        "propertyNames": schema,
        "required": lambda: some(NAMES),
        "minProperties": lambda: chance.randrange(3),
        "maxProperties": lambda: chance.randrange(3),
        "dependentRequired": lambda: {name: some(NAMES) for name in some(NAMES)},
        "dependentSchemas": lambda: {name: schema() for name in some(NAMES)},
        "allOf": schemas,
        "anyOf": schemas,
        "oneOf": schemas,
        "not": schema,
        "if": schema,
        "then": schema,
        "else": schema,
        "unevaluatedItems": schema,
        "unevaluatedProperties": schema,
    }
    chosen = chance.sample([*keywords], chance.randint(1, 4))
    return {name: keywords[name]() for name in chosen}


@pytest.mark.parametrize("seed", range(10))
def test_it_judges_as_jsonschema_does(seed: int) -> None:
    chance, fitting = random.Random(seed), 0
    for _ in range(100):
        schema = a_schema(chance)
        Draft202012Validator.check_schema(schema)
        ours, theirs = Schema(schema), Draft202012Validator(schema)
        for value in (a_value(chance) for _ in range(5)):
            said = ours.is_valid(value)
            assert said == theirs.is_valid(value), (schema, value)
            assert bool(ours.faults(value)) is not said
            fitting += said
    assert 100 < fitting < 400, "a generator whose values all fit, or none, proves nothing"


def test_a_fault_is_where_jsonschema_says() -> None:
    schema = {
        "properties": {"a": {"items": {"type": "integer"}}, "b": {"required": ["c"]}},
        "allOf": [{"properties": {"d": {"maxLength": 2}}}],
    }
    value = {"a": [1, "x"], "b": {}, "d": "long"}
    faults = {(fault.way, fault.keyword) for fault in Schema(schema).faults(value)}
    assert faults == {
        (tuple(error.absolute_path), str(error.validator))
        for error in Draft202012Validator(schema).iter_errors(value)
    }


def test_a_reference_may_lead_back() -> None:
    tree = Schema(
        {
            "$defs": {
                "tree": {"properties": {"left": {"$ref": "#/$defs/tree"}, "n": {"const": 1}}}
            },
            "$ref": "#/$defs/tree",
        }
    )
    assert tree.is_valid({"left": {"left": {"n": 1}}})
    [fault] = tree.faults({"left": {"left": {"n": 2}}})
    assert fault.way == ("left", "left", "n")


def test_a_reference_to_itself_ends() -> None:
    with pytest.raises(TooMuchWork):
        Schema({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}).is_valid(1)


def test_decimals_are_multiples_as_they_are_written() -> None:
    tenth = Schema({"multipleOf": 0.1})
    assert all(tenth.is_valid(value) for value in (0.3, 0.7, 1.1, 4, 10**400, 1e300))
    assert not any(tenth.is_valid(value) for value in (0.35, 1e-300))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, False, False),
        (10**20, 1e20, True),
        (2**60, float(2**60), True),
        (2**60 + 1, float(2**60), False),
        (10**400, 10**400 + 1, False),
        ([1, True], [1.0, True], True),
        ([1, True], [1, 1], False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ({"a": 1}, {"a": None}, False),
        ({}, [], False),
        ([["a", "b"]], ["a", "b"], False),
    ],
)
def test_values_are_equal_as_json(one: Any, other: Any, equal: bool) -> None:
    assert (key(one, Budget()) == key(other, Budget())) is equal


def nested(schema: dict[str, Any], around: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    for _ in range(40):
        schema = around(schema)
    return schema


PERIOD = (1 << 61) - 1
"""Whole numbers that differ by it have one hash."""
NUMBERS = [1] * 900_000
HOSTILE: dict[str, tuple[dict[str, Any], Any]] = {
    "nested quantifiers": ({"pattern": "^(a+)+$"}, "a" * 2_000_000 + "!"),
    "an e-mail": ({"pattern": r"^([a-zA-Z0-9]+[._-]?)*@x\.y$"}, "a" * 2_000_000),
    "a wide automaton": ({"pattern": "a[ab]{2000}c"}, "ab" * 1_000_000),
    "Unicode classes": ({"pattern": r"\w{60}c"}, "ab" * 1_000_000),
    "names": ({"patternProperties": {"^(a+)+$": False}}, {"a" * 1_000_000 + "!": 1}),
    "other names": (
        {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
        {"a" * 30 + f"!{n}": 1 for n in range(40_000)},
    ),
    "names of names": ({"propertyNames": {"pattern": "^(a+)+$"}}, {"a" * 1_000_000 + "!": 1}),
    "names left over": (
        {"patternProperties": {"^(a+)+$": {}}, "unevaluatedProperties": False},
        {"a" * 30 + f"!{n}": 1 for n in range(40_000)},
    ),
    "items left over": ({"contains": True, "unevaluatedItems": False}, NUMBERS),
    "unique objects": ({"uniqueItems": True}, [{"id": n} for n in range(150_000)]),
    "unique numbers of one hash": (
        {"uniqueItems": True},
        [PERIOD * n + 1 for n in range(1, 80_000)],
    ),
    "unique lists": ({"uniqueItems": True}, [[n, True] for n in range(150_000)]),
    "many choices": (
        {"items": {"enum": [{"a": n} for n in range(10_000)]}},
        [{"a": 9_999}] * 100_000,
    ),
    "regexes": ({"items": {"format": "regex"}}, [rf"^\w{{1,{n}}}$" for n in range(200, 300)]),
    "an open group": ({"format": "regex"}, "(" * 5_000),
    "closed groups": ({"format": "regex"}, "(" * 400 + ")" * 400),
    "a huge number": ({"multipleOf": 0.1}, 10**400),
    "many decimals": ({"items": {"multipleOf": 0.01}}, [n / 1000 for n in range(200_000)]),
    "schemas in turn": ({"allOf": [{"items": {"type": "integer"}}] * 300}, NUMBERS),
    "schemas that fail": ({"anyOf": [{"type": "string"}] * 3000}, ["x" * 1_000_000]),
    "schemas within": (
        nested({}, lambda one: {"anyOf": [{"allOf": [one, {"required": ["a"]}]}, one]}),
        {},
    ),
    "schemas left over": (
        nested({"type": "object"}, lambda one: {"anyOf": [one, one], "unevaluatedProperties": one}),
        {"b": 1},
    ),
    "needs": ({"items": {"required": [f"a{n}" for n in range(1000)]}}, [{}] * 600_000),
    "a long time": ({"format": "date-time"}, "2020-01-01T00:00:00." + "0" * 2_000_000 + "Z"),
    "a long address": ({"format": "uri"}, "a:/" + "b/:%20" * 300_000),
    "a long host": ({"format": "hostname"}, "a." * 1_000_000),
    "a long mailbox": ({"format": "email"}, "a" * 1_000_000 + "@" * 1_000_000),
    "a long network address": ({"format": "ipv6"}, ":" * 2_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_judgement_ends(name: str) -> None:
    schema, value = HOSTILE[name]
    ready = Schema(schema)
    started = time.process_time()
    with suppress(TooMuchWork):
        ready.faults(value)
    # Each of them took minutes, or for ever, by the library alone; about 2 s on a quiet machine.
    assert time.process_time() - started < 6


def test_what_2_mb_can_hold_is_judged() -> None:
    """The budget is above every honest value."""
    full = dict.fromkeys("abcdefgh", "x")
    record = {"type": "object", "properties": {name: {"type": "string"} for name in "abcdefgh"}}
    honest: list[tuple[dict[str, Any], Any]] = [
        ({"items": {"type": "integer"}}, [1] * 1_000_000),
        ({"items": {"type": "number", "minimum": 0}}, [1.5] * 500_000),
        ({"items": {"type": "string", "pattern": "^[a-z]+-[0-9]+$"}}, ["orders-1234"] * 140_000),
        ({"items": {"format": "uri"}}, ["https://example.com/a?b=c"] * 72_000),
        ({"items": {"format": "uuid"}}, ["9b2c1f52-3d7e-4a86-9d0f-52a0e8a4f3b1"] * 51_000),
        (
            {"items": {**record, "required": [*"abcdefgh"]}},
            [full] * 40_000,
        ),
        ({"items": record, "uniqueItems": True}, [{"a": str(n)} for n in range(150_000)]),
    ]
    for schema, value in honest:
        assert len(json.dumps(value, separators=(",", ":"))) > 1_900_000
        assert Schema(schema).is_valid(value), schema
