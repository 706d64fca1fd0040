"""Which line of a text that is no YAML is the wrong one, and what is wrong with it.

A parser says where it gave up, which is often a line after the fault. So the lines before are
tried, nearest first: the one whose repair lets the parser go on is the one to mend, and the
repair tells what to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml import events
from yaml.cyaml import CParser  # type: ignore[attr-defined]

MAX_LENGTH = 50_000
"""Characters that are looked at; each repair that is tried costs one more pass over them."""
_CANDIDATES = 8
_LINES_AHEAD = 20
_MAX_DEPTH = 64
_TAB = "a tab in the indentation; YAML allows only spaces"
_ENTRY = re.compile(r"(?P<lead>\s*(?:- +)*)(?P<key>[\w-]+)(?P<colon>:\s+|:?)(?P<rest>.*)")


class Fault(NamedTuple):
    """What to report: lines and columns are counted from 0."""

    line: int
    column: int
    width: int
    code: str
    message: str


class _Repair(NamedTuple):
    """Another text for one line; if it helps, what was wrong with the line and from where on."""

    line: int
    column: int
    text: str
    code: str
    message: str


def explain(text: str, error: yaml.MarkedYAMLError) -> Fault:
    """The fault behind the parser's *error* in *text*."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    # The parser counts the line breaks of Unicode too, which end no line of a text file.
    line = min(line, len(lines) - 1)
    start = error.context_mark
    if start is not None and "end of stream" in str(error.problem):
        message = "the quoted text that starts here has no end"
        return Fault(start.line, start.column, 1, "yaml-syntax", message)
    context = min(start.line, line) if start is not None else line
    first = _window(lines, line)
    shown = lines[first : line + _LINES_AHEAD]
    culprit = _culprit(shown, line - first, max(context - first, 0))
    if culprit is None:
        return Fault(line, column, 1, "yaml-syntax", f"not valid YAML: {error.problem}")
    return culprit._replace(line=culprit.line + first)


def _window(lines: list[str], line: int) -> int:
    """The first line to look at: of the least indented ones not too far above, the highest."""
    first, length = line, 0
    for number in range(min(line, len(lines) - 1), -1, -1):
        length += len(lines[number])
        if length > MAX_LENGTH:
            break
        least = len(_indent(lines[first])) if first < line else length
        if _says_something(lines[number]) and len(_indent(lines[number])) <= least:
            first = number
    return first


def _culprit(lines: list[str], line: int, context: int) -> Fault | None:
    """The fault whose repair takes the parser to the end, or at least beyond *line*."""
    best, farthest = None, line
    candidates = _candidates(lines, line, context)
    for repairs in (_wordings, _indentations, _removals):
        cures: list[tuple[int, _Repair]] = []
        for number in candidates:
            for repair in repairs(lines, number):
                repaired = [*lines[:number], repair.text, *lines[number + 1 :]]
                reach = _reach("\n".join(repaired))
                if reach > len(lines):
                    cures.append((_odd_indentations(repaired), repair))
                elif reach > farthest:
                    best, farthest = repair, reach
        # A repair other than of the words may only push the fault on to the next line.
        farthest = max(farthest, line + 1)
        if cures:
            best = min(cures, key=lambda cure: cure[0])[1]
            break
    if best is None:
        return None
    number, column, _, code, message = best
    written = lines[number]
    if "\t" in _indent(written):
        code, message, column = "tab", _TAB, written.index("\t")
    return Fault(number, column, max(len(written.rstrip()) - column, 1), code, message)


def _candidates(lines: list[str], line: int, context: int) -> list[int]:
    """The lines to try: where the parser gave up, those before it, and those it is inside of."""
    before = [number for number in range(line, -1, -1) if _says_something(lines[number])]
    if not before:
        return []
    depth = len(_indent(lines[before[0]]))
    outer = [number for number in before if len(_indent(lines[number])) <= depth]
    return list(dict.fromkeys([*before[:_CANDIDATES], *outer[:_CANDIDATES], context]))


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _wordings(lines: list[str], number: int) -> Iterator[_Repair]:
    """What may be wrong inside the line: a tab, missing quotes, a missing colon."""
    line = lines[number]
    indent, body = _indent(line), line.lstrip()
    if "\t" in indent:
        yield _Repair(number, 0, indent.replace("\t", "  ") + body, "tab", _TAB)
    entry = _ENTRY.fullmatch(line)
    start = f"{entry['lead']}{entry['key']}:" if entry else f"{indent}-"
    if "${" in body:
        message = "the expression breaks the YAML around it; quote the expression"
        column = line.index("${")
        yield _Repair(number, column, f"{start} 'x'", "unquoted-expression", message)
    if entry and entry["colon"].endswith(" ") and entry["rest"]:
        mend = "close its bracket, or put it" if entry["rest"][0] in "[{" else "put it"
        message = f'the value of "{entry["key"]}" is not valid YAML; {mend} in quotes'
        yield _Repair(number, entry.start("rest"), f"{start} 'x'", "yaml-syntax", message)
    elif entry and "-" not in entry["lead"]:
        message = f'"{entry["key"]}" must be followed by ": "'
        for text in (f"{start} {entry['rest']}", start):
            yield _Repair(number, entry.start("key"), text, "yaml-syntax", message)


def _indentations(lines: list[str], number: int) -> Iterator[_Repair]:
    """The line indented as those around it are."""
    body, own = lines[number].lstrip(), _indent(lines[number])
    before = (line for line in reversed(lines[:number]) if _says_something(line))
    after = [line for line in lines[number + 1 :] if _says_something(line)]
    around = [next(before, ""), *after[:1]]
    outer = next((line for line in after if len(_indent(line)) < len(_indent(after[0]))), "")
    message = "the indentation does not fit the lines around it"
    for indent in dict.fromkeys(map(_indent, [*around, outer])):
        if indent != own:
            yield _Repair(number, len(own), indent + body, "yaml-syntax", message)


def _removals(lines: list[str], number: int) -> Iterator[_Repair]:
    message = "this line does not fit the lines around it"
    yield _Repair(number, len(_indent(lines[number])), "", "yaml-syntax", message)


def _odd_indentations(lines: list[str]) -> int:
    """How many lines are indented by another step than most."""
    open_indents, steps = [0], []
    for line in filter(_says_something, lines):
        indent = len(_indent(line))
        while open_indents[-1] > indent:
            open_indents.pop()
        if indent > open_indents[-1]:
            steps.append(indent - open_indents[-1])
            open_indents.append(indent)
    return len(steps) - max(map(steps.count, set(steps)), default=0)


def _reach(text: str) -> int:
    """The line up to which the parser gets; one past the last when it gets through."""
    parser = None
    depth = 0
    try:
        parser = CParser(text)
        while not isinstance(event := parser.get_event(), events.StreamEndEvent):
            depth += isinstance(event, events.CollectionStartEvent)
            depth -= isinstance(event, events.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                break
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.line if error.problem_mark else 0
    except yaml.reader.ReaderError:
        return 0
    finally:
        if parser is not None:
            parser.dispose()
    return text.count("\n") + 2
