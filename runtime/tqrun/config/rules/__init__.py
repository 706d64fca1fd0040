"""The rules that need more than one value: one small function each, all in one table.

A rule looks at the typed file and says what is broken where; the table gives it its code, which
is also the name of its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tqrun.config.draft import Draft
from tqrun.config.model import QueuesFile
from tqrun.config.rules import activities, inputs, queues, schedules, starts, steps, workflows
from tqrun.config.rules.broken import Broken
from tqrun.diagnostics import Finding


class Rule(NamedTuple):
    """A check, and the keys that it reads: a fault in one of them says enough already."""

    check: Callable[[QueuesFile], Iterator[Broken]]
    reads: tuple[str, ...]


_TIMEOUTS = (
    *("start_to_close_timeout", "schedule_to_close_timeout", "schedule_to_start_timeout"),
    *("heartbeat_timeout", "defaults", "activity"),
)
_SCHEDULES = ("schedules", "cron", "every", "time_zone_name", "jitter", "catchup_window")
_POLICIES = ("id_reuse_policy", "id_conflict_policy", "defaults", "workflow")

RULES: dict[str, Rule] = {
    "missing-timeout": Rule(activities.missing_timeout, _TIMEOUTS),
    "heartbeat-too-long": Rule(activities.heartbeat_too_long, _TIMEOUTS),
    "timeout-order": Rule(activities.timeout_order, _TIMEOUTS),
    "retry-interval-order": Rule(activities.retry_interval_order, ("initial_interval",)),
    "idle-retries": Rule(activities.idle_retries, (*_TIMEOUTS, "retry_policy", "retry_policies")),
    "unknown-retry-policy": Rule(activities.unknown_retry_policy, ("retry_policies",)),
    "unknown-queue": Rule(activities.unknown_queue, ("queues",)),
    "conflicting-keys": Rule(queues.conflicting_keys, ()),
    "no-activities": Rule(queues.no_activities, ("activities",)),
    "draining-order": Rule(queues.draining_order, ("version",)),
    "duplicate-task-queue": Rule(queues.duplicate_task_queue, ("version", "task_queue")),
    "unserved-task-queue": Rule(queues.unserved_task_queue, ("version", "task_queue")),
    "reserved-name": Rule(queues.reserved_name, ()),
    "missing-workflow-id": Rule(workflows.missing_workflow_id, ("workflow_id", "workflows")),
    "missing-steps": Rule(workflows.missing_steps, ("steps",)),
    "unknown-activity": Rule(steps.unknown_activity, ("activities", "task_queue", "version")),
    "unknown-workflow": Rule(steps.unknown_workflow, ("workflows", "queues")),
    "unknown-signal": Rule(steps.unknown_signal, ("signals",)),
    "unused-signal": Rule(steps.unused_signal, ("steps",)),
    "unused-activity": Rule(steps.unused_activity, ("steps", "workflows")),
    "short-lived-child": Rule(steps.short_lived_child, ()),
    "duplicate-workflow-type": Rule(workflows.duplicate_workflow_type, ("workflow_type",)),
    "duplicate-workflow-id": Rule(workflows.duplicate_workflow_id, ("namespace",)),
    "id-policies": Rule(starts.id_policies, _POLICIES),
    "cron-or-every": Rule(schedules.cron_or_every, _SCHEDULES),
    "bad-cron": Rule(schedules.bad_cron, _SCHEDULES),
    "unknown-time-zone": Rule(schedules.unknown_time_zone, _SCHEDULES),
    "idle-time-zone": Rule(schedules.idle_time_zone, _SCHEDULES),
    "schedule-interval": Rule(schedules.schedule_interval, _SCHEDULES),
    "debounce-order": Rule(starts.debounce_order, ("debounce",)),
    "debounce-policy": Rule(starts.debounce_policy, ("debounce", *_POLICIES)),
    "unknown-input": Rule(inputs.unknown_input, ("input",)),
    "bad-default": Rule(inputs.bad_default, ()),
    "bad-search-attribute": Rule(inputs.bad_search_attribute, ("input",)),
}


def broken_rules(draft: Draft) -> list[Finding]:
    """Every broken rule of the *draft*, but for those that one of its faults explains."""
    if draft.file is None:
        return []
    return [
        Finding(draft.source.place(broken.location, key=broken.key), code, broken.message)
        for code, rule in RULES.items()
        for broken in rule.check(draft.file)
        if not draft.shadows(broken.location, rule.reads)
    ]
