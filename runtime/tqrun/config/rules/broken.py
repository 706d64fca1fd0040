"""What a rule reports, and the walks over a file that rules share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tqrun.config import resolve
from tqrun.config.model import Activity, QueuesFile, Workflow
from tqrun.config.source import Location


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
