"""What the text of two revisions does not show, of functions that are not as they were."""

from __future__ import annotations

from collections.abc import Iterator

from tqrun.config import model, resolve
from tqrun.config.source import Location
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.pair import Pair


def not_compared(pair: Pair) -> Iterator[Change]:
    """What the source does not show, of functions whose source is not as it was."""
    for name in pair.after.file.queues:
        old_name = pair.old_name(name)
        was = dict(_bound(pair.before.file, old_name)) if old_name is not None else {}
        for way, path in _bound(pair.after.file, name):
            parts = _unread(pair, was[way], path) if way in was else ()
            if parts:
                message = f"{', '.join(parts)} of {path} cannot be compared"
                yield pair.change(("queues", name, *way), "not-compared", message, name)


def _bound(file: model.QueuesFile, queue: str) -> Iterator[tuple[Location, str]]:
    """Where a queue binds functions, for each of its versions."""
    for activity in file.queues[queue].activities:
        yield ("activities", activity), resolve.function_path(file, queue, activity)
    for version, entry in file.queues[queue].draining.items():
        for activity, path in entry.activities.items() if entry != "external" else ():
            yield ("draining", str(version), "activities", activity), path


def _unread(pair: Pair, old_path: str, path: str) -> list[str]:
    """What could not be read of a function on one side, and may be another on the other."""
    sides = (pair.before.reader, old_path), (pair.after.reader, path)
    is_broken = path in pair.after.reader.faults and old_path not in pair.before.reader.faults
    if is_broken and pair.is_ours(old_path, path):
        return []  # it cannot be called at all, which is reported as such
    readers = pair.before.reader, pair.after.reader
    if path in readers[1].uncertain and old_path not in readers[0].uncertain:
        return []  # activity-conditional
    sources = [reader.sources.get(one) for reader, one in sides]
    if None in sources or sources[0] == sources[1]:
        return []
    old, new = (reader.not_compared.get(one, {}) for reader, one in sides)
    return [part for part in old | new if old.get(part) is None or old.get(part) != new.get(part)]
