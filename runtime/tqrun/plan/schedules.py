"""The schedules that a workflow declares: their names, and the input of what they start.

A schedule whose name is a template, such as `digest-${workspace_id}`, is one schedule for each
value of the inputs that name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tqrun.config import cron, model
from tqrun.config.rules.schedules import expressions
from tqrun.config.source import Location
from tqrun.config.values import format_duration
from tqrun.errors import InvalidInput
from tqrun.plan.expressions import ExpressionError, Template, compile_template
from tqrun.plan.inputs import Inputs
from tqrun.plan.report import Report


@dataclass(frozen=True, slots=True)
class DeclaredSchedule:
    """One entry of `schedules`.

    Attributes:
        name: The key, a template over the inputs.
        entry: When it starts runs, and with which input.
        named_by: The inputs that its name is made of; empty for one schedule of a fixed name.
    """

    name: Template
    entry: model.Schedule
    named_by: tuple[str, ...]


def compiled(
    workflow: model.Workflow, location: Location, report: Report
) -> dict[str, DeclaredSchedule]:
    """The schedules of *workflow*, which stands at *location*, by key."""
    found = {}
    for key, entry in workflow.schedules.items():
        here = (*location, "schedules", key)
        try:
            name = compile_template(key, workflow.input)
        except ExpressionError as error:
            report.add(error.code, error.message, here, key=True)
            continue
        named_by = tuple(field for field in workflow.input if field in name.names())
        if _check_input(workflow.input, entry, named_by, here, report):
            found[key] = DeclaredSchedule(name, entry, named_by)
    return found


def check_overlap(
    schedules: Mapping[str, model.Schedule],
    longest: timedelta | None,
    location: Location,
    report: Report,
) -> None:
    """Tell of schedules that start runs sooner than a run may end, and do not say what then.

    *longest* is the longest time that a run can take, if there is a limit.
    """
    for key, entry in schedules.items():
        gap = None if "overlap" in entry.model_fields_set else _shortest_gap(entry)
        if gap is not None and longest is not None and longest > gap:
            message = (
                f"a run may take {format_duration(longest)}, and starts are {format_duration(gap)} "
                'apart; one that comes during a run is skipped; write "overlap" if that is meant'
            )
            report.add("schedule-overlap", message, (*location, "schedules", key), key=True)


def _shortest_gap(entry: model.Schedule) -> timedelta | None:
    """The shortest time between two starts; None where a rule has a finding about them."""
    if entry.every is not None:
        return entry.every
    try:
        return cron.shortest_gap(expressions(entry))
    except ValueError:
        return None


def _check_input(
    fields: Mapping[str, Any],
    entry: model.Schedule,
    named_by: tuple[str, ...],
    location: Location,
    report: Report,
) -> bool:
    """Whether runs can be started with the input that the schedule gives."""
    problems = list(_problems(fields, entry.input, named_by))
    place = (*location, "input") if entry.input else location
    for problem in problems:
        report.add("bad-schedule-input", problem, place, key=not entry.input)
    return not problems


def _problems(
    fields: Mapping[str, Any], given: Mapping[str, Any], named_by: tuple[str, ...]
) -> Iterator[str]:
    for field in given:
        if field in named_by:
            yield f'input "{field}" is part of the schedule\'s name; "tqrun schedule" gives it'
    if any("${" in text for text in _texts(given)):
        yield "the input of a schedule is the same at every start; nothing is known in its ${…}"
    # What a schedule of one entity lacks is given when it is made.
    needed = {name: one for name, one in fields.items() if not named_by or name in given}
    try:
        Inputs(needed if named_by else fields).normalise(given)
    except InvalidInput as error:
        yield str(error)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
