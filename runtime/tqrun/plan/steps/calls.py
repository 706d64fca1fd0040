"""Steps that call an activity or start a child workflow."""

from __future__ import annotations

from tqrun.config import steps
from tqrun.config.source import Location
from tqrun.plan import model as plan
from tqrun.plan.expressions import types
from tqrun.plan.steps.context import Context


def activity(at: Context, step: steps.ActivityStep, location: Location) -> plan.Call | None:
    """A call; None if there is no such activity."""
    given = at.arguments(step.arguments, (*location, "with"))
    for key in ("summary", "task_queue"):
        text = getattr(step, key)
        if text is not None:
            at.value(text, (*location, key))
    at.options(step, location)
    activity = at.calls.activities.get(step.activity)
    if activity is not None and activity.summary is not None and step.summary is None:
        declared = ("queues", at.calls.queue, "activities", step.activity)
        at.value(activity.summary, (*declared, "summary"))
    if at.calls.binds_anything(step.activity):
        at.use_all()
    bound = at.calls.activity(step, at.visible(), at.scope, given, location)
    call, schema = bound or (None, {})
    if call is not None:
        at.use(call.arguments, location)
        schema = schema if call.on_error == "fail" else types.nullable(schema)
    if step.result is not None:
        at.write(step.result, schema, (*location, "as"))
    return call


def child(at: Context, step: steps.WorkflowStep, location: Location) -> plan.Child | None:
    """A child workflow; None if there is no such workflow."""
    given = at.arguments(step.arguments, (*location, "with"))
    if step.workflow_id is not None:
        at.value(step.workflow_id, (*location, "workflow_id"))
    child = at.calls.child(step, at.visible(), given, location)
    if child is None:
        at.use_all()
    else:
        at.use(child.arguments, location)
        at.children[location] = child
    if step.result is not None:
        at.write(step.result, {}, (*location, "as"))
    return child
