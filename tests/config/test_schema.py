"""The JSON Schema for editors says what the model says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from tqrun.config.input_schema import INPUT_SCHEMA
from tqrun.config.schema import schema, schema_text
from tqrun.config.source import read
from tqrun.config.values import DURATION_PATTERN

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/check/cases"
SHAPE = {
    *("unknown-key", "missing-key", "empty-value", "wrong-type", "out-of-range", "unknown-value"),
    *("bad-name", "bad-function", "bad-duration", "bad-input-type", "unknown-step"),
}
"""The rules that say what one value may be; the others need YAML or more than one value."""


def cases() -> Iterator[tuple[str, Any, set[str]]]:
    """Each case that is YAML at all, as plain values, with the rules that it breaks."""
    for folder in sorted(path.parent for path in CASES.rglob("queues.yaml")):
        source = read("queues.yaml", (folder / "queues.yaml").read_bytes())
        expected = (folder / "expected.txt").read_text(encoding="utf-8").split("\n")
        codes = {line.rpartition("[")[2][:-1] for line in expected if line.endswith("]")}
        if source.root is not None:
            yield str(folder.relative_to(CASES)), source.root.plain(), codes


def properties(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every described key below *part*, with the way to it."""
    for name, inner in part.get("properties", {}).items():
        yield f"{path}.{name}", inner
    for name, inner in part.get("$defs", {}).items():
        yield from properties(inner, name)


def test_the_file_in_the_repository_is_fresh() -> None:
    kept = (ROOT / "schema/queues.schema.json").read_text(encoding="utf-8")
    assert kept == schema_text(), "write it anew: tqrun schema > schema/queues.schema.json"


def test_it_is_valid_and_accepts_the_example() -> None:
    Draft7Validator.check_schema(schema())
    source = read("queues.yaml", (ROOT / "queues.yaml").read_bytes())
    assert source.root is not None
    Draft7Validator(schema()).validate(source.root.plain())


@pytest.mark.parametrize(
    ("plain", "codes"), [pytest.param(plain, codes, id=name) for name, plain, codes in cases()]
)
def test_it_refuses_exactly_the_faults_of_shape(plain: Any, codes: set[str]) -> None:
    validator = Draft7Validator(schema(), format_checker=FormatChecker(["regex"]))
    # An editor sees no tag, and has a regular expression judged by an engine of its own.
    by_us_alone = codes & {"ambiguous-scalar", "merge-key", "unsafe-tag", "bad-pattern"}
    if codes & SHAPE or not by_us_alone:
        assert validator.is_valid(plain) == (not codes & SHAPE)


def test_every_key_is_described_and_has_a_default_or_an_example() -> None:
    shown = {"default", "examples", "enum", "const", "$ref", "patternProperties"}
    for path, body in properties(schema()):
        assert body.get("description"), path
        if not path.startswith("InputSchema"):
            assert shown & body.keys(), path


def test_durations_are_written_as_a_user_writes_them() -> None:
    text = json.dumps(schema())
    assert '"default": "30s"' in text
    assert "PT" not in text
    assert json.dumps(DURATION_PATTERN) in text


def test_null_is_no_value_of_any_key() -> None:
    outside = schema() | {"$defs": {**schema()["$defs"], "InputSchema": True}}
    assert '"null"' not in json.dumps(outside).replace(json.dumps(INPUT_SCHEMA), "")
    assert '"default": null' not in json.dumps(outside)
