"""A typed file from a text that may be faulty: what is sound of it, and what is wrong.

A faulty value is taken out or stood in for, so that the rules can look at the rest at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tqrun.config.model import QueuesFile
from tqrun.config.shape import ENTRIES, REQUIRED, Fault, faults
from tqrun.config.source import Location, Source
from tqrun.diagnostics import Finding, Place


@dataclass(frozen=True, slots=True)
class Draft:
    """What is sound of a file, and the faults of its shape.

    Attributes:
        file: The typed file without its faulty values; None when there is none to be had.
        findings: The faults, as the user reads them.
        faults: All of them, those that the YAML itself explains too.
    """

    file: QueuesFile | None
    findings: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, source: Source) -> Draft:
        """Validate the tree of *source*; a tree that could not be read gives nothing."""
        if source.root is None:
            return cls(None, () if source.findings else (_empty(source),))
        plain = source.root.plain()
        try:
            return cls(QueuesFile.model_validate(plain))
        except ValidationError as error:
            found = list(faults(error, source))
        return cls(_sound(plain, found), tuple(_news(found, source)), tuple(found))

    def shadows(self, location: Location, reads: Collection[str]) -> bool:
        """Whether a fault may be the reason why a rule that *reads* these keys is broken there.

        A fault is, if it is the very entry, or one of the keys in the entry, in its queue or in
        what all queues share.
        """
        nested = len(location) > 3 and location[2] in ("activities", "workflows")
        entry = location[:4] if nested else location[:2]
        for fault in self.faults:
            where = fault.location
            if entry[: len(where)] == where:
                return True
            near = where[0] != "queues" or where[: len(entry)] == entry
            in_queue = len(where) <= 4 and where[:2] == entry[:2]
            keys = {*where[-2:], fault.meant} | ({"steps"} & {*where})
            if (near or in_queue) and (not keys.isdisjoint(reads) or "<<" in keys):
                return True
        return False


def _empty(source: Source) -> Finding:
    message = 'the file is empty; it needs at least the key "queues"'
    return Finding(Place(source.path, 1, 1), "empty-file", message)


def _news(found: list[Fault], source: Source) -> list[Finding]:
    """The findings of faults that the YAML itself does not explain already."""
    told = {(finding.place.line, finding.place.column): finding.code for finding in source.findings}
    news = []
    for fault in found:
        finding = fault.finding
        earlier = told.get((finding.place.line, finding.place.column))
        better = earlier == "ambiguous-scalar" and finding.code == "bad-duration"
        merged = finding.code == "missing-key" and "<<" in source.node(fault.location[:-1]).keys
        if (earlier is None or better) and not merged:
            news.append(finding)
    return news


def _sound(plain: Any, found: list[Fault]) -> QueuesFile | None:
    """*plain* validated again with every fault taken out or stood in for."""
    if not isinstance(plain, dict):
        return None
    # From the back, so that the indexes before a removed list item stay true.
    for fault in reversed(found):
        _mend(plain, fault)
    try:
        return QueuesFile.model_validate(plain)
    except (ValidationError, LookupError, TypeError):
        return None


def _mend(plain: Any, fault: Fault) -> None:
    *way, last = _step_of(fault.location) or fault.location
    parent = plain
    for step in way:
        parent = parent[str(step) if isinstance(parent, dict) else step]
    if isinstance(parent, list) and "steps" in way:
        parent[last] = {"sleep": "1s"}  # type: ignore[index]
    elif isinstance(parent, list):
        del parent[last]  # type: ignore[arg-type]
    elif last in REQUIRED:
        parent[last] = REQUIRED[str(last)]
    elif fault.finding.code != "bad-name" and way and way[-1] in ENTRIES:
        parent[last] = _STAND_INS.get(str(way[-1]), {})
    elif isinstance(parent, dict):
        parent.pop(str(last), None)


def _step_of(location: Location) -> Location | None:
    """The innermost step that *location* is part of."""
    for end in range(len(location), 3, -1):
        *_, outer, inner, index = location[:end]
        is_list = inner in _LISTS_OF_STEPS or outer == "parallel"
        if is_list and isinstance(index, int) and "steps" in location[: end - 1]:
            return location[:end]
    return None


_LISTS_OF_STEPS = frozenset({"steps", "then", "else", "try", "finally"})
_STAND_INS: dict[str, Any] = {"queues": {"version": 1}, "input": "string"}
