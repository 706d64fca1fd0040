"""One side of a comparison: a revision's file, its compiled plans and its functions."""

from __future__ import annotations

from dataclasses import dataclass

from tqrun.config import model, resolve
from tqrun.config import source as yaml
from tqrun.config.load import Loaded, examine, in_file_order
from tqrun.config.source import Location, child
from tqrun.diagnostics import Finding, Place
from tqrun.errors import InvalidQueuesFile
from tqrun.plan.binding import BoundFunction
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


def side(revision: Revision) -> Side:
    """Read and compile *revision*; one with findings has no workflows.

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
    workflows = {
        name: {plan.plan.workflow: plan for plan in compiler.queue(name)}
        for name in loaded.draft.file.queues
    }
    return Side(
        revision=revision,
        loaded=loaded,
        file=loaded.draft.file,
        workflows=workflows,
        findings=in_file_order((*loaded.findings, *compiler.findings)),
        reader=reader,
        compiler=compiler,
    )
