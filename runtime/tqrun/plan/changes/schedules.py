"""The schedules of one workflow: what `tqrun apply` does to the server's, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tqrun.config.model import Schedule
from tqrun.plan.changes.change import shown

_ENDS = {"terminate_other": "terminates", "cancel_other": "cancels"}
"""What a start does to the run before it, by `overlap`."""


def changed(
    before: Mapping[str, Schedule], after: Mapping[str, Schedule]
) -> Iterator[tuple[str, str, str]]:
    """The key, the code and the message of everything that became of the schedules."""
    for key, entry in before.items():
        if key not in after:
            twin = next((one for one in after if one not in before and after[one] == entry), None)
            also = f'; "{twin}" is the same, so that both start runs' if twin is not None else ""
            yield key, "schedule-removed", f'schedule "{key}" is gone{also}'
        elif texts := [*_differences(entry, after[key])]:
            yield key, "schedule-changed", f'schedule "{key}": {", ".join(texts)}'
    for key, entry in after.items():
        if key not in before:
            yield key, "schedule-changed", f'schedule "{key}" is new{_ending(entry)}'


def _differences(before: Schedule, after: Schedule) -> Iterator[str]:
    for name in Schedule.model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if name == "input":
            yield "it starts runs with another input"
            continue
        ending = _ending(after) if name == "overlap" else ""
        kept = " (only where it is made anew)" if name == "paused" else ""
        yield f"{name} goes from {shown(old)} to {shown(new)}{kept}{ending}"


def _ending(entry: Schedule) -> str:
    verb = _ENDS.get(entry.overlap)
    return f"; a start {verb} the run before it" if verb is not None else ""
