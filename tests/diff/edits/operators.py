"""What an edit is made of: a change of the files of a project, with the verdict that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from tests.diff.edits.edit import Edit, Verdict
from tests.diff.edits.projects import QUEUES, Files

Apply = Callable[[dict[str, str]], None]
Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Operator:
    """One change that a developer may make.

    Attributes:
        touches: What two operators must not both change: a queue, or a file.
    """

    name: str
    verdict: Verdict
    apply: Apply
    touches: frozenset[str]
    codes: tuple[str, ...] = ()


def text(
    verdict: Verdict, name: str, file: str, old: str, new: str, *codes: str, count: int = 1
) -> Operator:
    """Other text in *file*; every place if *count* is 0."""

    def apply(files: dict[str, str]) -> None:
        assert old in files[file], f"{name}: {file} has no {old!r}"
        files[file] = files[file].replace(old, new, count or -1)

    queue = "queue agent" if name.startswith("class") or "agent" in old else "queue orders"
    return Operator(name, verdict, apply, frozenset({queue if file == QUEUES else file}), codes)


def several(verdict: Verdict, name: str, *parts: Operator, codes: tuple[str, ...] = ()) -> Operator:
    """Several changes that make one."""

    def apply(files: dict[str, str]) -> None:
        for part in parts:
            part.apply(files)

    touched = frozenset().union(*(part.touches for part in parts))
    return Operator(name, verdict, apply, touched, codes)


def new_file(file: str, content: str) -> Operator:
    """A file more, or another content of one."""

    def apply(files: dict[str, str]) -> None:
        files[file] = content

    return Operator(f"new {file}", "safe", apply, frozenset({file}))


def deleted(file: str) -> Operator:
    """A file less."""

    def apply(files: dict[str, str]) -> None:
        del files[file]

    return Operator(f"delete {file}", "breaking", apply, frozenset({file}))


def declared(verdict: Verdict, name: str, queue: str, change: Change, *codes: str) -> Operator:
    """Another entry of *queue*, whatever the file looks like; `*` is the whole file."""

    def apply(files: dict[str, str]) -> None:
        data = yaml.safe_load(files[QUEUES])
        change(data if queue == "*" else data["queues"][queue])
        files[QUEUES] = yaml.safe_dump(data, sort_keys=False, width=100)

    return Operator(f"{queue}: {name}", verdict, apply, frozenset({f"queue {queue}"}), codes)


def made(base: str, files: Files, *operators: Operator) -> Edit | None:
    """The edit that *operators* make of *files*; None if they do not go together."""
    touched = [one for operator in operators for one in operator.touches]
    if len(touched) != len(set(touched)) or ("queue *" in touched and len(operators) > 1):
        return None
    new = dict(deepcopy(files))
    try:
        for operator in operators:
            operator.apply(new)
    except (AssertionError, KeyError):
        if len(operators) > 1:
            return None
        raise
    changed: dict[str, str | None] = {
        path: one for path, one in new.items() if files.get(path) != one
    }
    changed |= dict.fromkeys(path for path in files if path not in new)
    breaking = [one for one in operators if one.verdict == "breaking"]
    codes = breaking[0].codes if len(breaking) == 1 else ()
    name = " + ".join(one.name for one in operators)
    return Edit(name, "breaking" if breaking else "safe", base, changed, codes, files)


def combined(
    base: str, files: Files, groups: list[list[Operator]], chance: Any, count: int
) -> Iterator[Edit]:
    """*count* edits of one operator of each of *groups*, chosen by *chance*."""
    found = 0
    for _ in range(count * 20):
        if found == count:
            return
        edit = made(base, files, *(chance.choice(group) for group in groups))
        if edit is not None:
            found += 1
            yield edit
