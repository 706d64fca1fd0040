"""YAML text as a tree in which every value still knows its line and column.

Reads events from libyaml and builds its own nodes, so that depth, size and alias expansion are
bounded while reading. Scalars mean what YAML 1.2 says; the ones that YAML 1.1 reads otherwise
are findings, because editors and other tools do not agree on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml import events
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from tqrun.config import syntax
from tqrun.config.scalars import Scalar, meaning
from tqrun.diagnostics import Finding, Place

MAX_BYTES = 8_000_000
MAX_DEPTH = 64
MAX_NODES = 500_000
"""Nodes after aliases are expanded; a thousand queues have about a hundred thousand."""

Location = tuple[str | int, ...]
"""The way to a value from the top of the file: keys and indexes."""

_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_STANDARD_TAG = "tag:yaml.org,2002:"
_SAFE_TAGS = frozenset({"!", *(_STANDARD_TAG + kind for kind in ("str", "map", "seq"))})


@dataclass(slots=True)
class Node:
    """One value of the file.

    Attributes:
        value: What it means: a plain scalar, a list of nodes, or a dict of text to node.
        line: Counted from 0.
        column: Counted from 0, in characters.
        width: Characters to underline on the first line.
        text: The scalar as written, without quotes; None for lists and mappings.
        keys: The key nodes of a mapping, under the same text as in `value`.
        size: Nodes below and including this one, aliases expanded.
        block: The scalar stands in block style (`|` or `>`).
        quoted: The scalar stands in quotes.
    """

    value: dict[str, Node] | list[Node] | Scalar
    line: int
    column: int
    width: int
    text: str | None = None
    keys: dict[str, Node] = field(default_factory=dict)
    size: int = 1
    block: bool = False
    quoted: bool = False

    def plain(self) -> Any:
        """The value as dicts, lists and scalars, without positions."""
        if type(self.value) is dict:
            return {key: node.plain() for key, node in self.value.items()}
        if type(self.value) is list:
            return [node.plain() for node in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Source:
    """A queues file as text and as a tree.

    Attributes:
        path: The file as the user named it.
        text: All of it; findings quote lines from here.
        root: The top mapping; None when the text is no YAML at all.
        findings: What is wrong with the YAML itself.
    """

    path: str
    text: str
    root: Node | None
    findings: tuple[Finding, ...]

    def node(self, location: Location) -> Node:
        """The value at *location*, or the nearest one around it that is written down."""
        node = self.root or Node(None, 0, 0, 1)
        for step in location:
            inner = child(node, step)
            node = inner or node
        return node

    def place(self, location: Location, *, key: bool = False) -> Place:
        """Where *location* stands; with *key*, where its key does."""
        if key and location:
            parent = self.node(location[:-1])
            named = parent.keys.get(str(location[-1]))
            if named is not None:
                return self._place(named)
        return self._place(self.node(location))

    def inside(self, location: Location, offset: int, width: int = 1) -> Place:
        """Where character *offset* of the scalar at *location* stands."""
        node = self.node(location)
        if node.text is None:
            return self._place(node)
        lines = _lines(self.text)
        column = node.column + int(node.quoted)
        if not node.block and lines[node.line].startswith(node.text, column):
            return Place(self.path, node.line + 1, column + offset + 1, width)
        # Lines are folded or characters escaped: look for the same occurrence of the same word.
        word = node.text[offset : offset + width].partition("\n")[0]
        before = node.text.count(word, 0, offset) if word else 0
        for number in range(node.line + int(node.block), len(lines)) if word else ():
            start = column if number == node.line else 0
            for match in re.finditer(re.escape(word), lines[number][start:]):
                if not before:
                    return Place(self.path, number + 1, start + match.start() + 1, len(word))
                before -= 1
        return self._place(node)

    def _place(self, node: Node) -> Place:
        return Place(self.path, node.line + 1, node.column + 1, max(node.width, 1))


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    return _LINE_BREAK.split(text)


def child(node: Node, step: str | int) -> Node | None:
    """The value under key or index *step* of *node*, or a list's item written as *step*."""
    value = node.value
    if isinstance(value, dict):
        return value.get(str(step))
    if not isinstance(value, list):
        return None
    if isinstance(step, str):
        return next((item for item in value if item.text == step), None)
    return value[step] if step < len(value) else None


def read(path: Path | str, text: str | bytes) -> Source:
    """Parse *text*, which was read from *path*.

    Raises nothing for bad text: whatever is wrong with it is in `Source.findings`.
    """
    name = str(path)
    if len(text) > MAX_BYTES:
        return _refused(name, "file-too-large", f"more than {MAX_BYTES // 1_000_000} MB; split it")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            place = Place(name, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
            found = Finding(place, "not-utf8", "not UTF-8 text; save the file as UTF-8")
            return Source(name, error.object.decode("utf-8", "replace"), None, (found,))
    reader = _Reader(name, text)
    root = reader.document()
    return Source(name, text, root, tuple(reader.findings))


def _refused(path: str, code: str, message: str) -> Source:
    return Source(path, "", None, (Finding(Place(path, 1, 1), code, message),))


class _Stop(Exception):
    """Reading on makes no sense; the finding that says why is recorded."""


class _Reader:
    """Builds nodes from the parser's events, one document only."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.findings: list[Finding] = []
        self._anchors: dict[str, Node] = {}
        self._parser: Any = None
        self._next: Any = None

    def document(self) -> Node | None:
        """The root of the first document, or None when there is none to be had."""
        try:
            # The parser reads the first bytes when it is made, so that it may raise here too.
            self._parser = CParser(self.text)
            self._next = self._parser.get_event
            return self._documents()
        except yaml.reader.ReaderError as error:
            before = self.text.encode()[: int(error.position)].decode(errors="ignore")
            place = Place(self.path, before.count("\n") + 1, len(before) - before.rfind("\n"))
            self._add(place, "yaml-syntax", f"character U+{error.character:04X} is not allowed")
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except _Stop:
            pass
        finally:
            if self._parser is not None:
                self._parser.dispose()
        return None

    def _documents(self) -> Node | None:
        root = None
        while not isinstance(event := self._next(), events.StreamEndEvent):
            if isinstance(event, events.DocumentStartEvent) and root is not None:
                message = "a second document starts here; a queues file is one document"
                self._report(event, "several-documents", message, stop=True)
            elif isinstance(event, events.NodeEvent):
                root = self._node(event, 0)
        # A document that holds nothing is no better than none.
        return None if root is not None and root.value is None else root

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is events.ScalarEvent:
            node = self._scalar(event)
        elif kind is events.AliasEvent:
            return self._alias(event)
        else:
            if depth >= MAX_DEPTH:
                message = f"nested more than {MAX_DEPTH} levels deep"
                self._report(event, "nested-too-deep", message, stop=True)
            build = self._mapping if kind is events.MappingStartEvent else self._sequence
            node = build(event, depth + 1)
        if event.tag is not None and event.tag not in _SAFE_TAGS:
            tag = event.tag.replace(_STANDARD_TAG, "!!")
            self._report(event, "unsafe-tag", f'tag "{tag}" is not allowed; remove it')
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, start: Any, depth: int) -> Node:
        items: list[Node] = []
        node = Node(items, start.start_mark.line, start.start_mark.column, 1)
        while type(event := self._next()) is not events.SequenceEndEvent:
            item = self._node(event, depth)
            items.append(item)
            self._grow(node, item, event)
        return node

    def _mapping(self, start: Any, depth: int) -> Node:
        entries: dict[str, Node] = {}
        node = Node(entries, start.start_mark.line, start.start_mark.column, 1)
        while type(event := self._next()) is not events.MappingEndEvent:
            key = self._key(event, depth)
            value_event = self._next()
            value = self._node(value_event, depth)
            name = key.text or ""
            if name in entries:
                first = node.keys[name].line + 1
                message = f'key "{name}" is written twice, first on line {first}; keep one'
                self._report(event, "duplicate-key", message)
                continue
            entries[name] = value
            node.keys[name] = key
            self._grow(node, value, value_event)
        return node

    def _key(self, event: Any, depth: int) -> Node:
        if type(event) is not events.ScalarEvent:
            message = "a key must be plain text; quote it if it starts with [, { or *"
            self._report(event, "wrong-type", message, stop=True)
        if event.value == "<<" and not event.style:
            message = 'merge keys ("<<") are not supported; put shared options under "defaults"'
            self._report(event, "merge-key", message)
        return self._node(event, depth)

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            message = f'alias "*{event.anchor}" names no complete anchor above it'
            self._report(event, "yaml-syntax", message, stop=True)
        assert node is not None
        return node

    def _grow(self, node: Node, inner: Node, event: Any) -> None:
        node.size += inner.size
        if node.size > MAX_NODES:
            message = f"more than {MAX_NODES:,} values after aliases are expanded"
            self._report(event, "file-too-large", message, stop=True)

    def _scalar(self, event: Any) -> Node:
        text = event.value
        mark, end = event.start_mark, event.end_mark
        width = end.column - mark.column if end.line == mark.line else len(text.partition("\n")[0])
        node = Node(text, mark.line, mark.column, width, text)
        if "\0" in text:
            self._report(event, "yaml-syntax", "a NUL character in the text; remove it")
        if event.style:
            node.block = event.style in "|>"
            node.quoted = not node.block
        elif event.tag is None:
            node.value, message = meaning(text)
            if message:
                self._report(event, "ambiguous-scalar", message)
        return node

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        fault = syntax.explain(self.text, error)
        place = Place(self.path, fault.line + 1, fault.column + 1, fault.width)
        self._add(place, fault.code, fault.message)

    def _report(self, event: Any, code: str, message: str, *, stop: bool = False) -> None:
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 1
        self._add(Place(self.path, start.line + 1, start.column + 1, max(width, 1)), code, message)
        if stop:
            raise _Stop

    def _add(self, place: Place, code: str, message: str) -> None:
        self.findings.append(Finding(place, code, message))
