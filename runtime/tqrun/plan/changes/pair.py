"""The two sides of a comparison, and which queue of one is which of the other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from tqrun.config.source import Location
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.side import Side
from tqrun.plan.compile import LaunchPlan, task_queues
from tqrun.plan.model import Child, every_step


@dataclass(frozen=True)
class Pair:
    """What was and what is."""

    before: Side
    after: Side

    def old_name(self, name: str) -> str | None:
        """What queue *name* was called before; None if it is new."""
        if name in self.before.file.queues:
            return name
        renamed = self.after.file.queues[name].renamed_from
        return renamed if renamed in self.before.file.queues else None

    def new_name(self, old_name: str) -> str | None:
        """What queue *old_name* is called now; None if it is gone."""
        return self._new_names.get(old_name)

    @cached_property
    def _new_names(self) -> dict[str, str]:
        return {old: name for name in self.after.file.queues if (old := self.old_name(name))}

    @cached_property
    def parents(self) -> dict[str, list[LaunchPlan]]:
        """The workflows of the base that start each workflow as a child."""
        found: dict[str, list[LaunchPlan]] = defaultdict(list)
        for entries in self.before.workflows.values():
            for launch in entries.values():
                steps = every_step(launch.plan.steps)
                for child in dict.fromkeys(one.workflow for one in steps if isinstance(one, Child)):
                    found[child].append(launch)
        return found

    def launch_name(self, old: str) -> str:
        """What a launch calls workflow *old* of the base where only its queue is renamed."""
        queue, dot, workflow = old.partition(".")
        return f"{self.new_name(queue) or queue}{dot}{workflow}"

    def served(self, old_name: str, name: str) -> list[int]:
        """The versions with open runs that workers of the new file serve too.

        A task queue whose name has no version is served whatever the version is.
        """
        before, after = self.before.file.queues[old_name], self.after.file.queues[name]
        listed = {
            after.version,
            *(one for one in after.draining if after.draining[one] != "external"),
        }
        polled: set[str] = set()
        if "version" not in (before.task_queue or "${version}"):
            polled = {
                one for version in listed for one in task_queues(self.after.file, name, version)
            }
        return [
            version
            for version in (before.version, *before.draining)
            if version in listed
            or (polled and polled.issuperset(task_queues(self.before.file, old_name, version)))
        ]

    def is_ours(self, old_path: str, path: str) -> bool:
        """Whether the project, not another package, should have the function at *path*."""
        package = path.partition(":")[0].partition(".")[0]
        return old_path == path or bool(self.after.revision.names(f"{package}/"))

    def change(self, location: Location, code: str, message: str, *queues: str) -> Change:
        """A change that is mended at *location* of the new file."""
        return Change(self.after.place(location), code, message, queues)
