"""Rules about what steps refer to: activities, workflows and signals by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tqrun.config import resolve
from tqrun.config.model import QueuesFile, Workflow
from tqrun.config.rules.broken import Broken, called_task_queues, every_workflow
from tqrun.config.source import Location
from tqrun.config.steps import ActivityStep, FaultyStep, WaitStep, WorkflowStep, walk
from tqrun.diagnostics import did_you_mean, nearest


def unknown_activity(file: QueuesFile) -> Iterator[Broken]:
    """A step names an activity that its queue does not have."""
    for location, _, workflow in every_workflow(file):
        known = file.queues[str(location[1])].activities
        for where, step in walk(workflow.steps or (), (*location, "steps")):
            own = ("activity",) if isinstance(step, ActivityStep) else ()
            name = step.activity if isinstance(step, ActivityStep) else step
            if isinstance(name, str) and name not in known:
                yield Broken((*where, *own), f'no activity "{name}"{did_you_mean(name, known)}')
    for location, name, task_queue in called_task_queues(file):
        queue = str(location[1])
        place = resolve.serving(file, queue, task_queue)
        if place is not None and not resolve.has(file, *place, name):
            message = _no_function(file, queue, place[0], name, task_queue)
            yield Broken((*location, "task_queue"), message)


def _no_function(file: QueuesFile, queue: str, serving: str, name: str, task_queue: str) -> str:
    """Why workers of *serving* have no function for activity *name*, which *queue* sends there."""
    known = file.queues[serving].activities
    if name in known and serving == queue:
        return f'task queue "{task_queue}" is the queue\'s own; remove "task_queue"'
    told = f'queue "{serving}", which serves task queue "{task_queue}",'
    if name in known:
        return f'{told} sends activity "{name}" elsewhere; name the task queue that runs it'
    return f'{told} has no activity "{name}"{did_you_mean(name, known)}'


def unknown_workflow(file: QueuesFile) -> Iterator[Broken]:
    """A step starts a workflow that the file does not have."""
    for location, _, workflow in every_workflow(file):
        queue = str(location[1])
        for where, step in walk(workflow.steps or (), (*location, "steps")):
            if not isinstance(step, WorkflowStep):
                continue
            if resolve.child(file, queue, step.workflow) is None:
                message = f'no workflow "{step.workflow}"{_meant(file, queue, step.workflow)}'
                yield Broken((*where, "workflow"), message)


def _meant(file: QueuesFile, queue: str, name: str) -> str:
    """The tail of a message about a workflow *name*, which a step of *queue* cannot start."""
    named, _, _ = name.partition(".")
    if named not in file.queues:
        return did_you_mean(name, [*file.queues[queue].workflows, *resolve.workflow_names(file)])
    own = [one for one in resolve.workflow_names(file) if one.partition(".")[0] == named]
    if not own:
        return f'; queue "{named}" has none, it only runs activities'
    if own == [named]:
        return f'; queue "{named}" has one workflow, write "{named}"'
    near = nearest(name, own) if name != named else None
    return f'; did you mean "{near}"?' if near else f'; queue "{named}" has {", ".join(own)}'


def unknown_signal(file: QueuesFile) -> Iterator[Broken]:
    """A step waits for a signal that nobody can send."""
    for location, _, workflow in every_workflow(file):
        for where, step in walk(workflow.steps or (), (*location, "steps")):
            if isinstance(step, WaitStep) and step.wait_for == []:
                hint = f"; name one of {', '.join(workflow.signals)}" if workflow.signals else ""
                yield Broken((*where, "wait_for"), f"a wait for no signal{hint}")
        for where, name in _awaited(workflow, location):
            if name not in workflow.signals:
                hint = did_you_mean(name, workflow.signals) or "; the workflow declares no signals"
                yield Broken(where, f'no signal "{name}"{hint}')


def unused_signal(file: QueuesFile) -> Iterator[Broken]:
    """A signal is declared, and no step waits for it."""
    for location, _, workflow in every_workflow(file):
        awaited = {name for _, name in _awaited(workflow, location)}
        for _, step in walk(workflow.steps or (), ()):
            awaited.update(step.words if isinstance(step, FaultyStep) else ())
        for name in () if workflow.workflow_class else workflow.signals:
            if name not in awaited:
                message = f'no step waits for signal "{name}"; wait for it or remove it'
                yield Broken((*location, "signals", name), message, key=True)


def _awaited(workflow: Workflow, location: Location) -> Iterator[tuple[Location, str]]:
    """Each signal that a step of the workflow at *location* waits for."""
    for where, step in walk(workflow.steps or (), (*location, "steps")):
        if isinstance(step, WaitStep):
            several = isinstance(step.wait_for, list)
            for index, name in enumerate(step.wait_for if several else [step.wait_for]):
                yield (*where, "wait_for", *([index] if several else [])), str(name)


def unused_activity(file: QueuesFile) -> Iterator[Broken]:
    """An activity is declared, and no step of its queue calls it."""
    from_others = {
        (place[0], activity)
        for location, activity, task_queue in called_task_queues(file)
        if (place := resolve.serving(file, str(location[1]), task_queue))
    }
    for name, queue in file.queues.items():
        workflows = resolve.workflows(name, queue).values()
        listed = [workflow.steps for workflow in workflows if workflow.steps is not None]
        # Code, an older version, or callers outside of the file may call what no step does.
        if len(listed) < len(workflows) or not listed or queue.draining:
            continue
        called = {name for steps in listed for name in _called(steps)}
        # A name that no activity has may have been meant to be any of them.
        for activity in queue.activities if called <= queue.activities.keys() else ():
            if activity not in called and (name, activity) not in from_others:
                message = f'no step calls "{activity}"; remove it when no open run calls it'
                yield Broken(("queues", name, "activities", activity), message, key=True)


def _called(steps: list[Any]) -> Iterator[str]:
    for _, step in walk(steps, ()):
        if isinstance(step, ActivityStep):
            yield step.activity
        elif isinstance(step, FaultyStep):
            yield "?"
        elif isinstance(step, str):
            yield step


def short_lived_child(file: QueuesFile) -> Iterator[Broken]:
    """A child that is not waited for ends with the run, or with its continuation."""
    for location, _, workflow in every_workflow(file):
        for where, step in walk(workflow.steps or (), (*location, "steps")):
            if not isinstance(step, WorkflowStep) or step.wait:
                continue
            if step.parent_close_policy in _ENDS:
                becomes = _ENDS[step.parent_close_policy]
                message = f"the child is {becomes} when this run ends or continues as new"
                message += '; wait for it, or remove "parent_close_policy"'
                yield Broken((*where, "parent_close_policy"), message)


_ENDS = {"terminate": "terminated", "request_cancel": "cancelled"}
"""The policies that end a child with its parent, and what becomes of the child."""
