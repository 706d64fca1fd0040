"""docs/reference.md says what the model says, and leaves nothing out."""

from __future__ import annotations

import re

from temporalio.exceptions import RetryState, TimeoutType

from docs.reference import PAGE, described, filled
from tqrun.config.schema import schema
from tqrun.config.steps import KINDS
from tqrun.plan.expressions.functions import NAMES
from tqrun.plan.steps.branches import OWN_ERROR_TYPES, RETRY_STATES, TIMEOUT_TYPES

ROOT = PAGE.parent.parent
TEXT = PAGE.read_text(encoding="utf-8")
SHOWN_IN_WORDS = {"InputSchema", "FailStep"}


def test_its_tables_are_fresh() -> None:
    assert filled(TEXT) == TEXT, "write them anew: python docs/reference.py"


def test_every_part_of_the_file_has_a_table() -> None:
    assert described(TEXT) == {"File", *schema()["$defs"]} - SHOWN_IN_WORDS


def test_every_kind_of_step_has_a_heading() -> None:
    headings = re.findall(r"^### (.+)$", TEXT, re.MULTILINE)
    assert {word for heading in headings for word in heading.split(" and ")} == set(KINDS)


def test_every_function_is_told() -> None:
    rows = re.findall(r"^\| (`\w+\(.*?) \|", TEXT, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)\(", row)} == NAMES


def test_every_type_of_error_is_told() -> None:
    table = TEXT.partition("\n| type | when |\n")[2].partition("\n\n")[0]
    told = {name for row in table.split("\n") for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert told == OWN_ERROR_TYPES - {"any"}


def test_every_log_line_of_the_worker_is_one_that_it_writes() -> None:
    table = TEXT.partition("\n| level | message | when |\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \| `(.+?)` \|", table, re.MULTILINE)
    source = "".join(path.read_text() for path in (ROOT / "runtime/tqrun/temporal").glob("*.py"))
    written = {
        (level, text)
        for level, text in re.findall(r"_logger\.(\w+)\(\s*\"(.+?)\"", source, re.DOTALL)
    }
    assert set(rows) <= written


def test_the_words_of_a_caught_error_are_those_of_the_sdk() -> None:
    assert [*TIMEOUT_TYPES] == [one.name.lower() for one in TimeoutType]
    assert [*RETRY_STATES] == [one.name.lower() for one in RetryState]
    assert [word for word in (*TIMEOUT_TYPES, *RETRY_STATES) if f"`{word}`" not in TEXT] == []
