"""What calls get by name: the same values as before, though nobody touched the call?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest

from tqrun.config.source import Location
from tqrun.plan.binding import BoundFunction
from tqrun.plan.changes import functions
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.pair import Pair
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.model import Call, Set, every_step


def rebound(
    pair: Pair, queue: str, location: Location, was: LaunchPlan, is_: LaunchPlan
) -> Iterator[Change]:
    """Calls that are written as before and get other values, or a parameter more."""
    old, new = _calls(was), _calls(is_)
    for activity in old.keys() & new.keys():
        before = pair.before.compiler.functions.of(was.plan.queue, activity)
        after = pair.after.compiler.functions.of(queue, activity)
        if before is None or after is None or functions.is_opaque(pair, before, after):
            continue
        way = ("activities", activity) if activity in _in_place(pair, queue) else ("steps",)
        for first, second in zip_longest(old[activity], new[activity]):
            if first is None or second is None or first.given != second.given:
                continue
            here = (*location, *way) if way[0] == "steps" else ("queues", queue, *way)
            for code, text in _differences(first, second, before, after, (was, is_)):
                yield pair.change(here, code, f"{activity} {text}", queue)


def _in_place(pair: Pair, queue: str) -> set[str]:
    """The activities of a queue that are called because they are declared, without steps."""
    entry = pair.after.file.queues[queue]
    return set(entry.activities) if entry.steps is None and not entry.workflows else set()


def _differences(
    first: Call,
    second: Call,
    was: BoundFunction,
    now: BoundFunction,
    launches: tuple[LaunchPlan, LaunchPlan],
) -> Iterator[tuple[str, str]]:
    old, new = ({one.name for one in function.parameters} for function in (was, now))
    sources = [_sources(launch) for launch in launches]
    for name in second.arguments:
        if name not in first.arguments and name not in old and not was.accepts_any:
            yield "parameter-added", f'now gets its new parameter "{name}"'
        elif name not in first.arguments:
            kind = sources[1].get(name, "input")
            text = f'now gets "{name}", {kind}, by its name; before, the default held'
            yield "binding-changed", text
        elif sources[0].get(name) != sources[1].get(name):
            kinds = [source.get(name, "an input") for source in sources]
            yield "binding-changed", f'gets as "{name}" {kinds[1]}; before, {kinds[0]}'
    for name in first.arguments:
        if name not in second.arguments and name in new:
            yield "binding-changed", f'no longer gets "{name}" by its name; the default holds'


def _calls(launch: LaunchPlan) -> dict[str, list[Call]]:
    found = defaultdict(list)
    for step in every_step(launch.plan.steps):
        if isinstance(step, Call):
            found[step.activity].append(step)
    return found


def _sources(launch: LaunchPlan) -> dict[str, str]:
    """Where each name of a workflow comes from, in words; the last one that gives it counts."""
    found = dict.fromkeys(launch.inputs.fields, "an input")
    for step in every_step(launch.plan.steps):
        if isinstance(step, Set):
            found |= dict.fromkeys(step.values, "a local that is set")
        elif name := getattr(step, "result", None):
            found[name] = f"the result of {getattr(step, 'activity', f'a {step.kind} step')}"
    return found
