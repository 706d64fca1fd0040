"""A typed file from a text that may be faulty: what is sound of it, and what is wrong.

A faulty part is taken out or stood in for, so that the rules and the compiler can look at the rest
at once; what is said about the rest must not follow from the fault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from pydantic import ValidationError

from tqrun.config import shape
from tqrun.config.model import QueuesFile
from tqrun.config.repair import hidden, mend, merge, unshared
from tqrun.config.shape import Fault
from tqrun.config.source import Location, Source
from tqrun.diagnostics import Finding, Place

_ROUNDS = 8
"""A repair can show faults further inside, which are mended in turn."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is sound of a file, and the faults of its shape.

    Attributes:
        source: The text with the tree that the file was made of.
        file: The typed file without its faulty values; None when there is none to be had.
        findings: The faults, as the user reads them.
        faults: All of them, those that something else explains too.
    """

    source: Source
    file: QueuesFile | None
    findings: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, source: Source) -> Draft:
        """Validate the tree of *source*; a tree that could not be read gives nothing."""
        if source.root is None:
            return cls(source, None, () if source.findings else (_empty(source),))
        try:
            return cls(source, QueuesFile.model_validate(source.root.plain()))
        except ValidationError:
            return _mended(replace(source, root=unshared(source.root)))

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
            if (near or in_queue) and where[-1] in reads:
                return True
        return False

    def mentions(self, location: Location, names: Iterable[str]) -> bool:
        """Whether a fault in the workflow at *location*, or around it, may be about one of *names*.

        What is not read may be where the name is given its value, or where it is used.
        """
        wanted = {*names}
        return any(
            not wanted.isdisjoint(fault.words)
            for fault in self.faults
            if fault.location[:2] == location[: len(fault.location[:2])]
        )


def _empty(source: Source) -> Finding:
    message = 'the file is empty; it needs at least the key "queues"'
    return Finding(Place(source.path, 1, 1), "empty-file", message)


def _mended(source: Source) -> Draft:
    """The draft of a faulty *source*, whose tree is repaired until it is sound."""
    root = source.root
    assert root is not None
    merge(root)
    found: list[Fault] = []
    news: list[Fault] = []
    renamed: list[Location] = []
    file = None
    for number in range(_ROUNDS):
        try:
            file = QueuesFile.model_validate(root.plain())
            break
        except (ValidationError, TypeError, LookupError) as error:
            if not isinstance(error, ValidationError):
                break
            new = [
                replace(fault, words=hidden(root, fault)) for fault in shape.faults(error, source)
            ]
        # A later round sees stand-ins as well; only what a misspelt key has hidden is news.
        news += [
            fault
            for fault in new
            if number == 0 or any(fault.location[: len(way)] == way for way in renamed)
        ]
        found += new
        # From the back, so that the indexes before a removed list item stay true.
        for fault in reversed(new):
            place = mend(root, fault)
            if place is not None:
                renamed.append(place)
    return Draft(source, file, tuple(_findings(news, source)), tuple(found))


def _findings(faults: list[Fault], source: Source) -> list[Finding]:
    """The findings of *faults* that neither the YAML nor another of them explains already."""
    told = {(finding.place.line, finding.place.column): finding.code for finding in source.findings}
    meant = {(*fault.location[:-1], fault.meant) for fault in faults}
    found = []
    for fault in faults:
        finding = fault.finding
        earlier = told.get((finding.place.line, finding.place.column))
        better = earlier == "ambiguous-scalar" and finding.code == "bad-duration"
        misspelt = finding.code == "missing-key" and fault.location in meant
        if (earlier is None or better) and not misspelt:
            found.append(finding)
    return found
