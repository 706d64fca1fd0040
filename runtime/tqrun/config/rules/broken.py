"""What a rule reports, and the walks over a file that rules share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tqrun.config import resolve
from tqrun.config.model import Activity, QueuesFile, Workflow
from tqrun.config.source import Location
from tqrun.config.steps import ActivityStep, walk


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where a rule does not hold.

    Attributes:
        location: The value that the user mends.
        message: The finding's text.
        key: The key is meant, not its value.
    """

    location: Location
    message: str
    key: bool = False


def every_activity(file: QueuesFile) -> Iterator[tuple[Location, Activity]]:
    """Each declared activity, as written, and where."""
    for name, queue in file.queues.items():
        for activity_name, activity in queue.activities.items():
            yield ("queues", name, "activities", activity_name), activity


def every_workflow(file: QueuesFile) -> Iterator[tuple[Location, str, Workflow]]:
    """Each workflow with its name: in place, or under `workflows`."""
    for name, queue in file.queues.items():
        for workflow_name, workflow in resolve.workflows(name, queue).items():
            way = ("workflows", workflow_name) if queue.workflows else ()
            yield ("queues", name, *way), workflow_name, workflow


def called_task_queues(file: QueuesFile) -> Iterator[tuple[Location, str, str]]:
    """Each `task_queue` of an activity or of a step that calls one, with the activity's name."""
    for location, activity in every_activity(file):
        if activity.task_queue is not None:
            yield location, str(location[-1]), activity.task_queue
    for location, _, workflow in every_workflow(file):
        for where, step in walk(workflow.steps or (), (*location, "steps")):
            if isinstance(step, ActivityStep) and step.task_queue is not None:
                yield where, step.activity, step.task_queue
