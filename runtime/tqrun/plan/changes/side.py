"""One side of a comparison: a revision's file, its compiled plans and its functions."""

from __future__ import annotations

from dataclasses import dataclass

from tqrun.config import model, resolve
from tqrun.config import source as yaml
from tqrun.config.load import Loaded, examine, in_file_order
from tqrun.config.source import Location, child
from tqrun.config.steps import WorkflowStep, walk
from tqrun.diagnostics import Finding, Place
from tqrun.errors import InvalidQueuesFile
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes import raised
from tqrun.plan.changes.revision import Revision
from tqrun.plan.changes.written import Reader
from tqrun.plan.compile import Compiler, LaunchPlan


@dataclass(frozen=True)
class Side:
    """What one revision declares.

    Attributes:
        workflows: The compiled workflows by queue and name.
        findings: What is wrong with it; a side with findings cannot be compared.
        reader: Has read the functions, and knows which types it could not find.
    """

    revision: Revision
    loaded: Loaded
    file: model.QueuesFile
    workflows: dict[str, dict[str, LaunchPlan]]
    findings: tuple[Finding, ...]
    reader: Reader
    compiler: Compiler

    def bound(self, home: str, activity: str, version: int) -> BoundFunction | None:
        """What the workers of *version* of queue *home* run for *activity*, if they have it."""
        queue = self.file.queues[home]
        entry = queue.draining.get(version)
        if isinstance(entry, model.DrainingVersion) and activity in entry.activities:
            return self.compiler.functions.at(entry.activities[activity], ())
        for name in (home, *self.file.queues):
            declared = self.file.queues[name].activities.get(activity)
            if declared is not None and (declared.queue or name) == home:
                return self.compiler.functions.of(name, activity)
        return None

    def workflow(self, queue: str, name: str) -> model.Workflow:
        """The entry of a workflow."""
        return resolve.workflows(queue, self.file.queues[queue])[name]

    def location(self, queue: str, name: str | None = None) -> Location:
        """Where a queue, or a workflow of it, stands."""
        if name is None or not self.file.queues[queue].workflows:
            return ("queues", queue)
        return ("queues", queue, "workflows", name)

    def place(self, location: Location) -> Place:
        """Where a person finds *location*: its key, else the nearest one around it."""
        node = self.loaded.source.root
        assert node is not None
        shown = node
        for step in location:
            inner = child(node, step)
            if inner is None:
                break
            shown, node = node.keys.get(str(step), inner), inner
        return Place(self.loaded.source.path, shown.line + 1, shown.column + 1, max(shown.width, 1))


def side(revision: Revision, twin: Side | None = None) -> Side:
    """Read and compile *revision*; one with findings has no workflows.

    Args:
        revision: What is read.
        twin: A sound side; a queue that is the same there is not compiled again.

    Raises:
        UnreadableFile: Its queues file is not there.
        InvalidQueuesFile: It holds nothing that could be a queues file.
    """
    source = yaml.read(revision.path, revision.text())
    loaded = examine(source)
    if loaded.draft.file is None:
        raise InvalidQueuesFile(loaded.findings)
    reader = Reader(revision)
    compiler = Compiler(loaded, reader.bind)
    same = _same(loaded, revision, twin) if twin is not None else set()
    compiled = {name: compiler.queue(name) for name in loaded.draft.file.queues if name not in same}
    workflows = {
        name: {plan.plan.workflow: plan for plan in compiled[name].launches}
        if twin is None or name in compiled
        else twin.workflows[name]
        for name in loaded.draft.file.queues
    }
    found = (one for queue in compiled.values() for one in queue.findings)
    return Side(
        revision=revision,
        loaded=loaded,
        file=loaded.draft.file,
        workflows=workflows,
        findings=in_file_order((*loaded.findings, *found)),
        reader=reader,
        compiler=compiler,
    )


def _same(loaded: Loaded, revision: Revision, twin: Side) -> set[str]:
    """The queues that are on both sides what they are, with all that they rest on."""
    assert loaded.draft.file is not None
    file, other = loaded.draft.file, twin.file
    shared: dict[str, object] = {"queues": {}}
    if file.model_copy(update=shared) != other.model_copy(update=shared):
        return set()
    return {
        name
        for name, queue in file.queues.items()
        if name in other.queues
        # As text, because the order of activities and steps counts.
        and _entry(loaded, name) == _entry(twin.loaded, name)
        and _stands_alone(name, queue)
        and not any(raised.named(launch.plan) for launch in twin.workflows[name].values())
        and all(
            revision.file(source) == text
            for activity in queue.activities
            for source, text in twin.reader.sources.get(
                resolve.function_path(file, name, activity), {}
            ).items()
        )
    }


def _entry(loaded: Loaded, name: str) -> str:
    return repr(loaded.source.node(("queues", name)).plain())


def _stands_alone(name: str, queue: model.Queue) -> bool:
    """Whether nothing of a queue depends on another one, or on code besides its activities."""
    workflows = resolve.workflows(name, queue).values()
    return (
        not queue.draining
        and not any(activity.queue for activity in queue.activities.values())
        and not any(one.workflow_class for one in workflows)
        and not any(
            isinstance(step, WorkflowStep)
            for one in workflows
            for _, step in walk(one.steps or (), ())
        )
    )
