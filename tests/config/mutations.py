"""Small seeded edits of a queues file, and the lines of the result that each one touches.

A line is touched when it is new or changed, and so is its neighbour when the two are the same, for
nobody can say which is the copy. When lines were only taken away, those on both sides of the gap
are touched, and the key of the entry that has lost something.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from difflib import SequenceMatcher
from random import Random
from typing import Any

import yaml

_TOKEN = re.compile(r"[A-Za-z_][\w-]*|[0-9]+[a-z]*|[^\s\w]")
_CHARACTERS = "azAZ09_-:,[]{}'\"#&*!|>%@`$ \t?.~é\n"
_TOKENS = [
    *("no", "yes", "null", "~", "1:30", "1_000", "0x10", "2026-01-02", "1.5", "-1", "0", "true"),
    *("[]", "{}", "[a, b]", "{a: b}", "''", '"x"', "'30'", "30", "30s", "5 minutes", "${x}", "&a"),
    *("*a", "!!int", "!python/name", "<<", "- x", "x: y", "|", ">", "# x", "---", "...", "%", "@"),
    *("`", "nan", ".inf", "\t", "${a ? b : c}", "1d", "ms"),
]
_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**20, "", "x", "30", "30s", "no such thing", "${x}"),
    *([], ["x"], [1], {}, {"x": 1}, {"a": {"b": ["c"]}}, [[1]], [None], "é" * 70, "version"),
]
_KEYS = ["x", "a-b", "1", "", "timeout", "retry", "version", "input", "steps", "<<", "activities"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed text, and the lines of it, counted from 1, that the change touches."""

    kind: str
    text: str
    lines: frozenset[int]


def mutate(text: str, random: Random) -> Mutant:
    """One edit of *text*; *random* chooses its kind and its place."""
    kind = random.choice(list(_KINDS))
    if kind == "structure":
        before = yaml.load(text, yaml.CSafeLoader)
        text = _dumped(before)
        changed = _dumped(_structure(before, random))
    else:
        changed = _KINDS[kind](text, random)
    return Mutant(kind, changed, frozenset(touched(text, changed)))


def touched(before: str, after: str) -> set[int]:
    """The lines of *after* that the change from *before* touches."""
    old, new = before.split("\n"), after.split("\n")
    lines: set[int] = set()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for what, first, _, start, end in matcher.get_opcodes():
        if what == "delete":
            lines |= {start, start + 1, _owner(new, start, old[first])}
        elif what != "equal":
            lines |= set(range(start + 1, end + 1))
    return lines | {line + step for line in lines for step in (-1, 1) if _is_twin(new, line, step)}


def _is_twin(lines: list[str], line: int, step: int) -> bool:
    here, there = line - 1, line - 1 + step
    inside = 0 <= here < len(lines) and 0 <= there < len(lines)
    return inside and lines[here].strip() == lines[there].strip()


def _owner(lines: list[str], index: int, removed: str) -> int:
    """The number of the line whose key enclosed *removed*, which stood before line *index*."""
    for number in range(index, 0, -1):
        text = lines[number - 1]
        if text.strip() and not text.lstrip().startswith("#") and _indent(text) < _indent(removed):
            return number
    return 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _character(text: str, random: Random) -> str:
    at = random.randrange(len(text))
    new = random.choice(["", random.choice(_CHARACTERS), text[at] + random.choice(_CHARACTERS)])
    return text[:at] + new + text[at + 1 :]


def _token(text: str, random: Random) -> str:
    found = random.choice(list(_TOKEN.finditer(text)))
    new = random.choice(["", random.choice(_TOKENS), f"{found[0]} {random.choice(_TOKENS)}"])
    return text[: found.start()] + new + text[found.end() :]


def _line(text: str, random: Random) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at] = " " * random.randrange(1, 5) + lines[at]
        case 3:
            lines[at] = lines[at][random.randrange(1, 5) :]
        case _:
            lines.insert(random.randrange(len(lines)), random.choice(_TOKENS))
    return "\n".join(lines)


def _structure(tree: Any, random: Random) -> Any:
    """A value or key of *tree* replaced, removed, renamed or added."""
    tree = deepcopy(tree)
    parent = random.choice(list(_containers(tree)))
    if isinstance(parent, list):
        parent[random.randrange(len(parent))] = random.choice(_VALUES)
        return tree
    key = random.choice(list(parent))
    match random.randrange(4):
        case 0:
            parent[key] = random.choice(_VALUES)
        case 1:
            del parent[key]
        case 2:
            word = str(key)
            new = random.choice([random.choice(_KEYS), word[:-1], f"{word}s", word.title()])
            entries = [(new if one == key else one, value) for one, value in parent.items()]
            parent.clear()
            parent.update(entries)
        case _:
            parent[random.choice(_KEYS)] = random.choice(_VALUES)
    return tree


def _containers(tree: Any) -> list[Any]:
    """Every list and mapping in *tree* that is not empty."""
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    found = [tree] if inner else []
    return found + [container for value in inner for container in _containers(value)]


def _dumped(tree: Any) -> str:
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


_KINDS: dict[str, Any] = {
    "character": _character,
    "token": _token,
    "line": _line,
    "structure": _structure,
}
