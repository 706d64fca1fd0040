"""Rules about what a workflow is called and which activities it calls."""

from __future__ import annotations

from collections.abc import Iterator

from tqrun.config import resolve
from tqrun.config.model import QueuesFile, Workflow
from tqrun.config.rules.broken import Broken, called_task_queues, every_activity, every_workflow
from tqrun.config.source import Location
from tqrun.config.templates import replaced
from tqrun.diagnostics import quote


def missing_workflow_id(file: QueuesFile) -> Iterator[Broken]:
    """Every workflow needs an id; a queue without workflows must serve another queue."""
    for location, name, workflow in every_workflow(file):
        if workflow.workflow_id is None:
            yield Broken(location, f'"{name}" has no workflow_id; {_example(workflow)}', key=True)
    serving = {activity.queue for _, activity in every_activity(file)}
    serving |= {
        place[0]
        for location, _, task_queue in called_task_queues(file)
        if (place := resolve.serving(file, str(location[1]), task_queue))
    }
    for name, queue in file.queues.items():
        if not resolve.workflows(name, queue) and name not in serving:
            yield Broken(
                ("queues", name), f'"{name}" has no workflow_id; {_example(queue)}', key=True
            )


def _example(workflow: Workflow) -> str:
    field = next(iter(workflow.input), "entity_id")
    return f'write for example "workflow_id: your-workflow-${{{field}}}"'


def missing_steps(file: QueuesFile) -> Iterator[Broken]:
    """Of several workflows each says which activities are its own."""
    for name, queue in file.queues.items():
        for workflow_name, workflow in queue.workflows.items():
            does_nothing = workflow.steps is None and workflow.workflow_class is None
            if does_nothing and len(queue.workflows) > 1:
                location = ("queues", name, "workflows", workflow_name)
                message = f'"{workflow_name}" has no steps; of several workflows each lists its own'
                yield Broken(location, message, key=True)


def duplicate_workflow_type(file: QueuesFile) -> Iterator[Broken]:
    """Temporal knows a workflow by its type; two of one type in a namespace are mixed up."""
    seen: dict[tuple[str, str], str] = {}
    for location, name, workflow in every_workflow(file):
        type_name = workflow.workflow_type or name
        first = seen.setdefault((_namespace(file, location), type_name), _title(location))
        if first != _title(location):
            own = ("workflow_type",) if workflow.workflow_type else ()
            message = f"workflow type {quote(type_name)} is that of {first} already"
            yield Broken((*location, *own), message, key=not own)


def duplicate_workflow_id(file: QueuesFile) -> Iterator[Broken]:
    """Two workflows with one id keep each other from running."""
    seen: dict[tuple[str, str], str] = {}
    for location, _, workflow in every_workflow(file):
        if workflow.workflow_id is None:
            continue
        template = replaced(workflow.workflow_id, _without_input)
        first = seen.setdefault((_namespace(file, location), template), _title(location))
        if first != _title(location):
            message = f"{quote(workflow.workflow_id)} is the id of {first} already"
            yield Broken((*location, "workflow_id"), message)


def _without_input(expression: str) -> str:
    return f"${{{expression.strip().removeprefix('input.')}}}"


def _namespace(file: QueuesFile, location: Location) -> str:
    return resolve.namespace(file, file.queues[str(location[1])])


def _title(location: Location) -> str:
    """How a message names the workflow at *location*: `queue` or `queue.workflow`."""
    return f'"{".".join(str(step) for step in location[1::2])}"'
