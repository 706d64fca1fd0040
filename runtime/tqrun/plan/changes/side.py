"""One side of a comparison: a revision's file, its compiled plans and its functions."""

from __future__ import annotations

from dataclasses import dataclass

from tqrun.config import model, resolve
from tqrun.config import source as yaml
from tqrun.config.load import Loaded, examine
from tqrun.config.source import Location
from tqrun.diagnostics import Finding, Place
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

    def function(self, queue: str, activity: str) -> BoundFunction | None:
        """The function of an activity; None if it runs elsewhere or cannot be read."""
        return self.compiler.functions.of(queue, activity)

    def at(self, path: str) -> BoundFunction | None:
        """The function at *path*, which may be one that no entry names."""
        return self.compiler.functions.at(path, ())

    def workflow(self, queue: str, name: str) -> model.Workflow:
        """The entry of a workflow."""
        return resolve.workflows(queue, self.file.queues[queue])[name]

    def location(self, queue: str, name: str | None = None) -> Location:
        """Where a queue, or a workflow of it, stands."""
        if name is None or not self.file.queues[queue].workflows:
            return ("queues", queue)
        return ("queues", queue, "workflows", name)

    def place(self, location: Location, *, key: bool = False) -> Place:
        """Where a person finds *location*; the nearest part around it that is there."""
        return self.loaded.source.place(location, key=key)


def side(revision: Revision) -> Side | None:
    """Read and compile *revision*; None if its file has no queues that could be compared.

    Raises:
        UnreadableFile: Its queues file is not there.
    """
    source = yaml.read(revision.path, revision.text())
    loaded = examine(source)
    if loaded.draft.file is None:
        return None
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
        findings=(*loaded.findings, *compiler.findings),
        reader=reader,
        compiler=compiler,
    )
