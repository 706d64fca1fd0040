"""Rules about one queue, its versions and its task queues."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tqrun.config import resolve
from tqrun.config.model import QueuesFile
from tqrun.config.rules.broken import Broken, called_task_queues, every_activity, every_workflow
from tqrun.config.templates import masked
from tqrun.diagnostics import nearest

_STEPS_ONLY = ("debounce", "queries", "steps")
"""What only tqrun's own interpreter does."""
_RESERVED_INPUTS = ("input", "version", "workflow")


def conflicting_keys(file: QueuesFile) -> Iterator[Broken]:
    """Two keys say the same thing in two ways, or one makes the other idle."""
    for location, activity in every_activity(file):
        if activity.task_queue is None:
            continue
        for other in sorted({"queue", "function"} & activity.model_fields_set):
            message = f'"{other}" beside "task_queue"; workers elsewhere run it, so keep one'
            yield Broken((*location, other), message, key=True)
    for location, _, workflow in every_workflow(file):
        for other in _STEPS_ONLY if workflow.workflow_class is not None else ():
            if other in workflow.model_fields_set:
                message = f'"{other}" beside "workflow_class"; the class does that, so keep one'
                yield Broken((*location, other), message, key=True)
    for name, queue in file.queues.items():
        for key in sorted(resolve.in_place(queue)) if queue.workflows else ():
            message = f'"{key}" belongs to one workflow; move it under one of "workflows"'
            yield Broken(("queues", name, key), message, key=True)


def no_activities(file: QueuesFile) -> Iterator[Broken]:
    """A queue without activities or steps does nothing."""
    for name, queue in file.queues.items():
        declared = resolve.workflows(name, queue).values()
        if not queue.activities and not any(one.steps or one.workflow_class for one in declared):
            own = ("activities",) if "activities" in queue.model_fields_set else ()
            message = f'queue "{name}" has no activities'
            yield Broken(("queues", name, *own), message, key=True)


def draining_order(file: QueuesFile) -> Iterator[Broken]:
    """Only an older version drains."""
    for name, queue in file.queues.items():
        for version in queue.draining:
            if version >= queue.version:
                message = f"version {version} cannot drain; it is not older than {queue.version}"
                yield Broken(("queues", name, "draining", str(version)), message, key=True)


def duplicate_task_queue(file: QueuesFile) -> Iterator[Broken]:
    """Two queues or versions on one task queue take each other's tasks."""
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    for name, queue in file.queues.items():
        for version in (queue.version, *queue.draining):
            task_queue = resolve.task_queue(name, queue, version)
            first = seen.setdefault((resolve.namespace(file, queue), task_queue), (name, version))
            if first == (name, version):
                continue
            if first[0] == name:
                message = (
                    f'versions {first[1]} and {version} have one task queue; add "${{version}}"'
                )
            else:
                message = f'task queue "{task_queue}" is that of queue "{first[0]}" already'
            key = "task_queue" if queue.task_queue else "version"
            yield Broken(("queues", name, key), message)


def unserved_task_queue(file: QueuesFile) -> Iterator[Broken]:
    """A call goes to a task queue that no worker of this file polls."""
    names = [
        resolve.task_queue(name, queue, version)
        for name, queue in file.queues.items()
        for version in (queue.version, *queue.draining)
    ]
    served = {masked(name): name for name in names}
    for location, _, text in called_task_queues(file):
        wanted = masked(text)
        if wanted != "*" and not any(_may_be_one(wanted, name) for name in served):
            near = nearest(wanted, served)
            way_out = f'did you mean "{served[near]}"?' if near else "workers elsewhere must"
            message = f'no queue of this file serves task queue "{text}"; {way_out}'
            yield Broken((*location, "task_queue"), message)


def _may_be_one(one: str, other: str) -> bool:
    """Whether two names, each with `*` for what is not known, can be the same."""
    return any(
        re.fullmatch(".+".join(map(re.escape, pattern.split("*"))), text)
        for pattern, text in ((one, other), (other, one))
    )


def reserved_name(file: QueuesFile) -> Iterator[Broken]:
    """A name that already means something else where it is used."""
    if "all" in file.queues:
        message = '"all" means every queue in "tqrun worker all"; choose another name'
        yield Broken(("queues", "all"), message, key=True)
    for location, _, workflow in every_workflow(file):
        for name in workflow.input:
            if name in _RESERVED_INPUTS:
                message = f'"{name}" has a meaning of its own in "${{…}}"; choose another name'
                yield Broken((*location, "input", name), message, key=True)
