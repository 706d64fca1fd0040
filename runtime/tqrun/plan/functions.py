"""The functions that the activities of one file call, each imported once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tqrun.config import model, resolve
from tqrun.config.source import Location
from tqrun.plan.binding import BindingError, BoundFunction
from tqrun.plan.exceptions import misspelt
from tqrun.plan.report import Report


class Functions:
    """Imports functions when they are first asked for; those that cannot be had are findings."""

    def __init__(
        self,
        file: model.QueuesFile,
        report: Report,
        binder: Callable[[str], BoundFunction] | None,
        *,
        imports: bool = False,
    ) -> None:
        """The functions of *file*, had from *binder*; without one there are none.

        With *imports*, the binder imports their modules, so that what these define can be seen.
        """
        self._file, self._report, self._bind, self._imports = file, report, binder, imports
        self._bound: dict[str, BoundFunction | None] = {}

    def of(self, queue: str, activity: str) -> BoundFunction | None:
        """The function of an activity; None when it has findings or runs elsewhere."""
        declared = self._file.queues[queue].activities[activity]
        location = ("queues", queue, "activities", activity)
        if declared.task_queue is not None or self._is_unknown(location):
            return None
        if declared.function is not None:
            return self.at(declared.function, (*location, "function"))
        path = resolve.function_path(self._file, queue, activity)
        return self.at(path, location, key=True)

    def at_worker(self, queue: str, version: int, activity: str) -> BoundFunction | None:
        """The function that workers of a *version* of *queue* have under a name; as `of`."""
        draining = self._file.queues[queue].draining.get(version)
        if isinstance(draining, model.DrainingVersion) and activity in draining.activities:
            key = ("queues", queue, "draining", str(version), "activities", activity)
            return self.at(draining.activities[activity], key)
        owner = resolve.owner(self._file, queue, activity)
        return None if owner is None else self.of(owner, activity)

    def _is_unknown(self, location: tuple[str, str, str, str]) -> bool:
        """Whether a fault of the file hides where the function of the activity is."""
        if not self._report.has_faults:
            return False
        keys = ("function", "queue", "task_queue")
        return self._report.is_faulty("activities_package") or any(
            self._report.is_faulty(*location, key) for key in keys
        )

    def at(self, path: str, location: Location, *, key: bool = False) -> BoundFunction | None:
        """The function at *path*, which is named at *location*; None when it has findings."""
        if self._bind is None:
            return None
        if path not in self._bound:
            try:
                self._bound[path] = self._bind(path)
            except BindingError as error:
                self._bound[path] = None
                self._report.add(error.code, error.message, location, key=key)
        return self._bound[path]

    def misspelt_error(self, name: str, queue: str, activities: Iterable[str]) -> str | None:
        """The exception class near *activities* that *name* was probably meant to be."""
        if not self._imports:
            return None
        functions = (self.of(queue, activity) for activity in activities)
        return misspelt(name, [one for one in functions if one is not None])


def remembered(binder: Callable[[str], BoundFunction]) -> Callable[[str], BoundFunction]:
    """*binder*, asked once for each path, also where it fails."""
    known: dict[str, BoundFunction | BindingError] = {}

    def bound(path: str) -> BoundFunction:
        if path not in known:
            try:
                known[path] = binder(path)
            except BindingError as error:
                known[path] = error
        found = known[path]
        if isinstance(found, BindingError):
            raise BindingError(found.code, found.message) from None
        return found

    return bound
