"""What is in force for an entry: its own options first, then the file's defaults.

Takes a checked file and answers one question per function. It checks nothing: a name that leads
nowhere is a finding of `rules` before anything here is asked.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from tqrun.config.model import Activity, DrainingVersion, Queue, QueuesFile, Workflow
from tqrun.config.options import ActivityOptions, RetryPolicy, WorkerOptions

_Entry = TypeVar("_Entry", bound=BaseModel)
_WORKFLOW_KEYS = frozenset(Workflow.model_fields)


def activity_options(file: QueuesFile, activity: Activity) -> Activity:
    """*activity* with the file's defaults where it gives no option."""
    return _over(file.defaults.activity, activity)


def worker_options(file: QueuesFile, queue: Queue) -> WorkerOptions:
    """*queue* with the file's defaults where it gives no worker option."""
    return _over(file.defaults.queue, queue)


def workflow_options(file: QueuesFile, workflow: Workflow) -> Workflow:
    """*workflow* with the file's defaults where it gives no start option."""
    return _over(file.defaults.workflow, workflow)


def retry_policy(file: QueuesFile, options: ActivityOptions) -> RetryPolicy | None:
    """The policy that *options* give or name; None means Temporal's own."""
    policy = options.retry_policy
    return file.retry_policies.get(policy) if isinstance(policy, str) else policy


def workflows(name: str, queue: Queue) -> dict[str, Workflow]:
    """The workflows of *queue* by name: those under `workflows`, or the one in place.

    A queue with no workflow key at all has none: it only runs activities for other queues.
    """
    if queue.workflows or not in_place(queue):
        return queue.workflows
    return {name: queue}


def in_place(queue: Queue) -> set[str]:
    """The keys of one workflow that stand in *queue* itself."""
    return queue.model_fields_set & _WORKFLOW_KEYS


def workflow_names(file: QueuesFile) -> list[str]:
    """Every workflow as a launch names it: `queue`, or `queue.workflow` where it has several."""
    return [
        f"{queue_name}.{name}" if queue.workflows else queue_name
        for queue_name, queue in file.queues.items()
        for name in workflows(queue_name, queue)
    ]


def child(file: QueuesFile, queue: str, name: str) -> tuple[str, str] | None:
    """The queue and workflow that a step of *queue* means by *name*; None if there is none."""
    if name in file.queues[queue].workflows:
        return queue, name
    other, _, workflow = name.partition(".")
    if name not in workflow_names(file):
        return None
    return other, workflow or other


def function_path(file: QueuesFile, queue: str, activity: str) -> str:
    """`module:name` of the function that an activity of *queue* calls."""
    declared = file.queues[queue].activities[activity].function
    return declared or f"{file.activities_package}.{queue}:{activity}"


def default_task_queue(queue: str) -> str:
    """The template of a task queue's name where the file gives none."""
    return f"{queue.replace('_', '-')}-v${{version}}"


def task_queue(name: str, queue: Queue, version: int) -> str:
    """The template of the task queue that workers of *version* poll."""
    template = queue.task_queue or default_task_queue(name)
    return template.replace("${version}", str(version))


def serving(file: QueuesFile, queue: str, name: str) -> tuple[str, int] | None:
    """The queue and version whose workers poll the task queue *name*, where *queue* sends a call.

    None if this file does not say: they are not of this file, or its name depends on an input.
    """
    own = namespace(file, file.queues[queue])
    for other, entry in file.queues.items():
        served = [version for version, kind in entry.draining.items() if kind != "external"]
        for version in (entry.version, *served):
            if namespace(file, entry) == own and task_queue(other, entry, version) == name:
                return other, version
    return None


def has(file: QueuesFile, queue: str, version: int, activity: str) -> bool:
    """Whether workers of a *version* of *queue* have a function under the name of an activity."""
    draining = file.queues[queue].draining.get(version)
    if isinstance(draining, DrainingVersion) and activity in draining.activities:
        return True
    return owner(file, queue, activity) is not None


def owner(file: QueuesFile, queue: str, activity: str) -> str | None:
    """The queue that declares the function that workers of *queue* have under a name, if any."""
    found = None
    for name, entry in file.queues.items():
        declared = entry.activities.get(activity)
        if declared and declared.task_queue is None and (declared.queue or name) == queue:
            found = name
    return found


def namespace(file: QueuesFile, queue: Queue) -> str:
    """The Temporal namespace of *queue*."""
    return queue.namespace or file.namespace


def _over(defaults: BaseModel, entry: _Entry) -> _Entry:
    given = defaults.model_fields_set - entry.model_fields_set
    if not given:
        return entry
    return entry.model_copy(update={key: getattr(defaults, key) for key in given})
