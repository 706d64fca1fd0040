"""The template of a workflow's id: equal inputs must give one id, and others another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tqrun.config import model
from tqrun.config.source import Location
from tqrun.plan.expressions import ExpressionError, Template, compile_template
from tqrun.plan.report import Report

MAX_ID_BYTES = 1_000
"""Temporal's limit for workflow ids and task queue names (dynamic config `limit.maxIDLength`)."""

_UNSTABLE = re.compile(r"(?i)\b(now|today|time|timestamp|date|datetime|random|rand|uuid\d?|math)\b")


def template(workflow: model.Workflow, location: Location, report: Report) -> Template | None:
    """The checked template of the id of *workflow*; None if it has none, or a faulty one."""
    location = (*location, "workflow_id")
    text = workflow.workflow_id
    if text is None:
        return None
    try:
        found = compile_template(text, workflow.input)
    except ExpressionError as error:
        report.expression(_unstable(text, error), location)
        return None
    if workflow.input and not found.names() & set(workflow.input):
        first = next(iter(workflow.input))
        message = f'"{text}" is the same id for every input; put ${{{first}}} in it'
        report.add("constant-id", message, location)
    longest = len(found.literal.encode()) + sum(
        _max_length(workflow.input[name]) for name in found.names() & set(workflow.input)
    )
    if longest > MAX_ID_BYTES:
        message = f"an id from this template can have {longest} bytes; Temporal's limit is 1000"
        report.add("id-too-long", message, location)
    return found


def _unstable(text: str, error: ExpressionError) -> ExpressionError:
    """An unknown name that means the time or chance gets a finding of its own."""
    others = tuple(_unstable(text, one) for one in error.others)
    match = _UNSTABLE.search(text, max(error.offset - 1, 0), error.offset + error.width)
    if error.code != "unknown-name" or match is None:
        error.others = others
        return error
    message = (
        f'"{match[1]}" differs at every launch, '
        "so that the same input starts a second run; use inputs"
    )
    unstable = ExpressionError("unstable-id", message, error.offset, error.width)
    unstable.others = others
    return unstable


def _max_length(schema: Mapping[str, Any]) -> int:
    """The most characters that a value of *schema* is declared to have; 0 when it is open."""
    if "enum" in schema:
        return max((len(str(value)) for value in schema["enum"]), default=0)
    length = schema.get("maxLength", 0)
    return length if isinstance(length, int) else 0
