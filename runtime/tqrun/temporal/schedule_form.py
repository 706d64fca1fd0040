"""A declared schedule as the server keeps it, and back as the fields that a person compares.

Only the parts that the file declares are looked at: whether a schedule is paused, its notes and
its history are the server's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payloads, WorkflowType
from temporalio.api.enums.v1 import ScheduleOverlapPolicy
from temporalio.api.schedule.v1 import (
    IntervalSpec,
    Range,
    Schedule,
    ScheduleAction,
    SchedulePolicies,
    ScheduleSpec,
    ScheduleState,
    StructuredCalendarSpec,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import NewWorkflowExecutionInfo
from temporalio.converter import DataConverter, encode_search_attributes

from tqrun.config import cron, model
from tqrun.config.rules.schedules import expressions
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.schedules import DeclaredSchedule
from tqrun.temporal.start import Start, duration, prepare, search_attributes_of

A_YEAR = timedelta(days=365)
"""Temporal's `catchup_window` where none is given."""
_POLICY = "SCHEDULE_OVERLAP_POLICY_"
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One schedule as the file declares it.

    Attributes:
        id: `workflow.name`, with the workflow as a launch names it.
        workflow: As a launch names it.
        key: Under which the schedule is declared.
        start: What each firing starts.
    """

    id: str
    workflow: str
    key: str
    namespace: str
    start: Start
    schedule: Schedule


def schedule_id(launch: LaunchPlan, declared: DeclaredSchedule, values: Mapping[str, Any]) -> str:
    """The id of a schedule: the workflow's name and its own."""
    return f"{launch.name}.{declared.name.render(values, refuse_null=True)}"


async def wanted(
    launch: LaunchPlan, key: str, values: Mapping[str, Any], converter: DataConverter
) -> Wanted:
    """The schedule under *key*, for the input *values* besides those that it declares itself.

    Raises:
        InvalidInput: The input does not fit.
    """
    declared = launch.schedules[key]
    start = prepare(launch, {**values, **declared.entry.input})
    entry = declared.entry
    schedule = Schedule(
        spec=_spec(entry),
        action=ScheduleAction(start_workflow=await _action(launch, start, converter)),
        policies=SchedulePolicies(
            overlap_policy=ScheduleOverlapPolicy.Value(_POLICY + entry.overlap.upper())
        ),
        state=ScheduleState(paused=entry.paused),
    )
    schedule.policies.catchup_window.FromTimedelta(entry.catchup_window or A_YEAR)
    name = schedule_id(launch, declared, start.input)
    return Wanted(name, launch.name, key, launch.namespace, start, schedule)


def _spec(entry: model.Schedule) -> ScheduleSpec:
    spec = ScheduleSpec(
        structured_calendar=[_calendar(cron.parse(text)) for text in expressions(entry)],
        timezone_name=entry.time_zone_name or "",
    )
    if entry.every is not None:
        spec.interval.append(IntervalSpec())
        spec.interval[0].interval.FromTimedelta(entry.every)
    if entry.jitter is not None:
        spec.jitter.FromTimedelta(entry.jitter)
    return spec


def _calendar(times: cron.Cron) -> StructuredCalendarSpec:
    return StructuredCalendarSpec(
        second=[Range()],
        minute=_ranges(times.minutes),
        hour=_ranges(times.hours),
        day_of_month=_ranges(times.days),
        month=_ranges(times.months),
        day_of_week=_ranges(times.weekdays),
        comment=times.text,
    )


def _ranges(numbers: Iterable[int]) -> list[Range]:
    """*numbers* as stretches of consecutive ones."""
    found: list[Range] = []
    for number in sorted(numbers):
        if found and found[-1].end == number - 1:
            found[-1].end = number
        else:
            found.append(Range(start=number, end=number, step=1))
    return found


async def _action(
    launch: LaunchPlan, start: Start, converter: DataConverter
) -> NewWorkflowExecutionInfo:
    """What a firing starts: without a plan, so that each run takes its worker's current one."""
    action = NewWorkflowExecutionInfo(
        workflow_id=start.workflow_id,
        workflow_type=WorkflowType(name=start.workflow_type),
        task_queue=TaskQueue(name=start.task_queue),
        input=Payloads(payloads=await converter.encode(launch.arguments(start.input))),
    )
    for name, value in start.memo.items():
        [payload] = await converter.encode([value])
        action.memo.fields[name].CopyFrom(payload)
    attributes = search_attributes_of(launch, start.input)
    if attributes is not None:
        encode_search_attributes(attributes, action.search_attributes)
    timeout = duration(launch.options.execution_timeout, start.input)
    if timeout is not None:
        action.workflow_execution_timeout.FromTimedelta(timeout)
    if launch.summary is not None:
        [payload] = await converter.encode([launch.summary.render(start.input)])
        action.user_metadata.summary.CopyFrom(payload)
    return action


async def fields(schedule: Schedule, converter: DataConverter) -> dict[str, Any]:
    """What the file can say of *schedule*, in the file's words; what is not set is null."""
    spec, action = schedule.spec, schedule.action.start_workflow
    policies = schedule.policies
    given = await converter.decode(action.input.payloads)
    summary = [action.user_metadata.summary] if action.user_metadata.HasField("summary") else []
    return {
        "cron": [_cron(calendar) for calendar in spec.structured_calendar] or None,
        "every": [_interval(one) for one in spec.interval] or None,
        "time_zone_name": spec.timezone_name or None,
        "jitter": _text(spec.jitter.ToTimedelta()),
        "overlap": _overlap(policies.overlap_policy),
        "catchup_window": _text(policies.catchup_window.ToTimedelta() or A_YEAR),
        "workflow_type": action.workflow_type.name,
        "task_queue": action.task_queue.name,
        "workflow_id": action.workflow_id,
        "input": given[0] if len(given) == 1 else given or None,
        "memo": {
            name: (await converter.decode([payload]))[0]
            for name, payload in sorted(action.memo.fields.items())
        },
        "search_attributes": {
            name: json.loads(payload.data)
            for name, payload in sorted(action.search_attributes.indexed_fields.items())
        },
        "execution_timeout": _text(action.workflow_execution_timeout.ToTimedelta()),
        "summary": (await converter.decode(summary))[0] if summary else None,
        "header": sorted(action.header.fields) or None,
        "limits": sorted({one.name for one, _ in spec.ListFields()} & _LIMITS) or None,
    }


_LIMITS = {"exclude_calendar", "exclude_structured_calendar", "start_time", "end_time"}
"""Of when a schedule starts runs; the file has none of them."""


def _overlap(policy: ScheduleOverlapPolicy.ValueType) -> str:
    name = ScheduleOverlapPolicy.Name(policy or ScheduleOverlapPolicy.Value(f"{_POLICY}SKIP"))
    return name.removeprefix(_POLICY).lower()


def _cron(calendar: StructuredCalendarSpec) -> str:
    """The expression that *calendar* was made from, or one that says what it is now."""
    numbers = [
        _numbers(part)
        for part in (
            *(calendar.minute, calendar.hour, calendar.day_of_month),
            *(calendar.month, calendar.day_of_week),
        )
    ]
    plain = not calendar.year and _numbers(calendar.second) == {0}
    try:
        times = cron.parse(calendar.comment)
        declared = [times.minutes, times.hours, times.days, times.months, times.weekdays]
        if plain and declared == numbers:
            return times.text
    except ValueError:
        pass
    text = " ".join(",".join(map(str, sorted(part))) for part in numbers)
    return text if plain else f"{text} and seconds or years"


def _numbers(ranges: Iterable[Range]) -> frozenset[int]:
    return frozenset(
        number
        for one in ranges
        for number in range(one.start, max(one.end, one.start) + 1, one.step or 1)
    )


def _interval(one: IntervalSpec) -> str:
    phase = one.phase.ToTimedelta()
    interval = _text(one.interval.ToTimedelta())
    return f"{interval} after {_text(phase)}" if phase else str(interval)


def _text(time: timedelta) -> str | None:
    """A duration as the file writes it; None for none at all."""
    if not time:
        return None
    if time % timedelta(seconds=1):
        return f"{time // timedelta(milliseconds=1)}ms"
    left, parts = int(time.total_seconds()), []
    # A day is written as 24h, as most people do.
    for unit, size in _UNITS if left >= 2 * 86_400 else _UNITS[1:]:
        count, left = divmod(left, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)
