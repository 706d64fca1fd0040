"""From a path to a checked file, with everything that is wrong in it.

The stages are YAML, shape and rules. Each one runs as far as the one before it left something
to look at, and keeps quiet about what an earlier finding already explains.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tqrun.config import source as yaml
from tqrun.config.draft import Draft
from tqrun.config.model import QueuesFile
from tqrun.config.rules import broken_rules
from tqrun.config.source import Source
from tqrun.diagnostics import Finding
from tqrun.errors import UnreadableFile


@dataclass(frozen=True, slots=True)
class Loaded:
    """A queues file as far as it can be understood.

    Attributes:
        source: The text and where each value stands.
        file: The typed file; None when its YAML or its shape is wrong.
        findings: All of them, in file order.
        draft: What is sound of a file that is not, to look for more findings in.
    """

    source: Source
    file: QueuesFile | None
    findings: tuple[Finding, ...]
    draft: Draft


def load(path: Path | str) -> Loaded:
    """Read and check the queues file at *path*, without its Python functions.

    Raises:
        UnreadableFile: The file is missing, is a directory or may not be read.
    """
    return examine(yaml.read(path, read_bytes(path)))


def examine(source: Source) -> Loaded:
    """Check a file whose text is at hand already."""
    draft = Draft.of(source)
    found = [*source.findings, *draft.findings, *broken_rules(draft)]
    file = draft.file if not source.findings and not draft.findings else None
    return Loaded(source, file, in_file_order(found), draft)


def read_bytes(path: Path | str) -> bytes:
    """The bytes at *path*; of a file that is too large only enough to see that it is.

    Raises:
        UnreadableFile: The file is missing, is a directory or may not be read.
    """
    if not str(path):
        raise UnreadableFile("the name of the queues file is empty")
    try:
        with Path(path).open("rb") as stream:
            return stream.read(yaml.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise UnreadableFile(f"{path}: {str(reason).lower()}") from None


def in_file_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sorted, each one once, and of two about one unclear word the one that explains more."""
    found = sorted(set(findings))
    durations = {finding.place for finding in found if finding.code == "bad-duration"}
    return tuple(
        finding
        for finding in found
        if finding.code != "ambiguous-scalar" or finding.place not in durations
    )
