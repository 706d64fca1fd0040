"""What workers serve: for each task queue its workflows, functions and options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from tqrun.config import model, resolve
from tqrun.config.load import in_file_order, load
from tqrun.config.options import WorkerOptions
from tqrun.diagnostics import Finding, did_you_mean, errors
from tqrun.errors import InvalidQueuesFile, UnknownQueue, UsageError
from tqrun.plan.binding import BoundFunction, project_on_path
from tqrun.plan.compile import Compiler, LaunchPlan, plain_memo, task_queues
from tqrun.plan.model import Child, every_step


@dataclass(frozen=True, slots=True)
class Service:
    """What one worker of one task queue serves.

    Attributes:
        version: Of the queue; an older one than the file's where that one is draining.
        workflows: The declared workflows by type.
        activities: The function of each activity by name.
        children: The encoded plan of each workflow that they may start as a child.
        parameters: The inputs in order of each such child whose class takes them one by one.
        memos: The memo fields by workflow type, of all workflows whose activities may come here.
    """

    queue: str
    version: int
    namespace: str
    task_queue: str
    workflows: Mapping[str, LaunchPlan]
    activities: Mapping[str, BoundFunction]
    options: WorkerOptions
    children: Mapping[str, bytes]
    parameters: Mapping[str, tuple[str, ...]]
    memos: Mapping[str, tuple[str, ...]]


class Registry:
    """The compiled form of a queues file; queues are compiled when they are asked for."""

    def __init__(
        self, path: Path | str, *, overrides: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Load the file at *path*.

        Args:
            path: The queues file.
            overrides: Worker options by queue, as text, that replace the file's.

        Raises:
            UsageError: An override names no queue or option, or its value does not fit.
            UnreadableFile: It cannot be read.
            InvalidQueuesFile: It has findings.
        """
        loaded = load(path)
        if loaded.file is None or errors(loaded.findings):
            raise InvalidQueuesFile(errors(loaded.findings))
        project_on_path(Path(path).resolve().parent)
        self.file = loaded.file
        self._overrides = {
            queue: _overridden(self.file, queue, options)
            for queue, options in (overrides or {}).items()
        }
        self._compiler = Compiler(loaded)

    def queue(self, name: str) -> list[LaunchPlan]:
        """The workflows of queue *name*.

        Raises:
            UnknownQueue: The file declares no such queue.
            InvalidQueuesFile: The queue's expressions or functions have findings.
        """
        if name not in self.file.queues:
            hint = did_you_mean(name, self.file.queues)
            raise UnknownQueue(f'there is no queue "{name}"{hint}')
        compiled = self._compiler.queue(name)
        if found := errors(compiled.findings):
            raise InvalidQueuesFile(in_file_order(found))
        return [*compiled.launches]

    def workflow(self, name: str) -> LaunchPlan:
        """The workflow called `queue`, or `queue.workflow` where a queue has several.

        Raises:
            UnknownQueue: There is none of this name.
            InvalidQueuesFile: As `queue`.
        """
        workflows = {plan.name: plan for plan in self.queue(name.partition(".")[0])}
        if name not in workflows:
            known = ", ".join(workflows) or "none: it only runs activities for other queues"
            raise UnknownQueue(f'"{name}" is not one workflow; the queue has {known}')
        return workflows[name]

    def workflows(self, queues: Iterable[str] | None = None) -> list[LaunchPlan]:
        """The workflows of *queues*, or of the whole file.

        Raises:
            UnknownQueue: One of *queues* does not exist.
            InvalidQueuesFile: Findings of the chosen queues, all of them together.
        """
        found: list[LaunchPlan] = []
        findings: list[Finding] = []
        for name in self.file.queues if queues is None else queues:
            try:
                found += self.queue(name)
            except InvalidQueuesFile as error:
                findings += error.findings
        if findings:
            raise InvalidQueuesFile(in_file_order(findings))
        return found

    def services(self, queues: Iterable[str]) -> list[Service]:
        """What a worker process that serves *queues* serves, draining versions included.

        Raises:
            UnknownQueue: One of *queues* does not exist.
            InvalidQueuesFile: As `workflows`.
        """
        chosen = list(queues)
        self.workflows(chosen)
        return [service for name in chosen for service in self._services(name)]

    def _services(self, name: str) -> list[Service]:
        queue = self.file.queues[name]
        options = self._overrides.get(name) or resolve.worker_options(self.file, queue)
        children = self._children(name)
        versions = {queue.version: model.DrainingVersion()} | {
            version: entry
            for version, entry in queue.draining.items()
            if isinstance(entry, model.DrainingVersion)
        }
        return [
            Service(
                queue=name,
                version=version,
                namespace=resolve.namespace(self.file, queue),
                task_queue=task_queue,
                workflows={plan.workflow_type: plan for plan in self.queue(name)},
                activities=self._activities(name, entry),
                options=_with_concurrency(options, entry),
                children={
                    child: launch.plan.encoded
                    for child, launch in children.items()
                    if launch.workflow_class is None
                },
                parameters={
                    child: launch.parameters
                    for child, launch in children.items()
                    if launch.parameters is not None
                },
                memos=self._memos,
            )
            for version, entry in versions.items()
            for task_queue in task_queues(self.file, name, version)
        ]

    @cached_property
    def _memos(self) -> dict[str, tuple[str, ...]]:
        return {
            workflow.workflow_type or name: plain_memo(workflow)
            for queue_name, queue in self.file.queues.items()
            for name, workflow in resolve.workflows(queue_name, queue).items()
        }

    def function(self, queue: str, activity: str) -> BoundFunction | None:
        """The function of an activity; None if workers elsewhere run it."""
        return self._compiler.functions.of(queue, activity)

    def _children(self, name: str) -> dict[str, LaunchPlan]:
        """The workflows that those of queue *name* may start as a child."""
        steps = [step for launch in self.queue(name) for step in every_step(launch.plan.steps)]
        names = {step.workflow for step in steps if isinstance(step, Child)}
        return {child: self.workflow(child) for child in sorted(names)}

    def _activities(self, name: str, version: model.DrainingVersion) -> dict[str, BoundFunction]:
        """The queue's own functions, those that other queues send here, and moved old ones."""
        bound = {
            activity: self._compiler.functions.of(queue, activity)
            for queue, entry in self.file.queues.items()
            for activity, declared in entry.activities.items()
            if (queue if declared.queue is None else declared.queue) == name
        }
        for activity, path in version.activities.items():
            bound[activity] = self._compiler.functions.at(path, ())
        return {activity: function for activity, function in bound.items() if function is not None}


def _with_concurrency(options: WorkerOptions, version: model.DrainingVersion) -> WorkerOptions:
    limit = version.max_concurrent_activities
    return (
        options
        if limit is None
        else options.model_copy(update={"max_concurrent_activities": limit})
    )


def _overridden(file: model.QueuesFile, queue: str, texts: Mapping[str, str]) -> WorkerOptions:
    """The worker options of *queue* with those in *texts* in their place."""
    if queue not in file.queues:
        raise UsageError(f'there is no queue "{queue}"{did_you_mean(queue, file.queues)}')
    known = WorkerOptions.model_fields
    for option in texts:
        if option not in known:
            raise UsageError(f'"{option}" is not a worker option{did_you_mean(option, known)}')
    current = resolve.worker_options(file, file.queues[queue])
    stated = current.model_fields_set & known.keys()
    given = {option: getattr(current, option) for option in stated} | dict(texts)
    try:
        return WorkerOptions.model_validate(given, strict=False)
    except ValidationError as error:
        fault = error.errors()[0]
        raise UsageError(f"{queue}.{fault['loc'][0]}: {fault['msg']}") from None
