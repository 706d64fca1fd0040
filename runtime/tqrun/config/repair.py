"""A faulty tree made sound, part by part, so that one fault hides no other.

A misspelt key is read as the key that was meant. A value that cannot be read gives way to one that
admits anything, and a step that cannot be read to a `FaultyStep`, which may do anything. What these
stand-ins are cannot become a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from tqrun.config.options import ActivityOptions
from tqrun.config.shape import ENTRIES, REQUIRED, Fault
from tqrun.config.source import Location, Node, child
from tqrun.config.steps import KINDS, FaultyStep
from tqrun.diagnostics import snake_case

_WORD = re.compile(r"[A-Za-z_]\w*")
_NO_NAME = re.compile(r"\W")
_CONDITION, _ITEMS = "${random() > 0.5}", "${dyn([])}"
"""Of which nobody can say what they give."""
_STEP_LISTS = frozenset({"steps", "then", "else", "try", "finally"})
_VALUES: dict[str, Any] = {
    **dict.fromkeys(("if", "while", "repeat_until", "when"), _CONDITION),
    **dict.fromkeys(("sleep", "timeout"), "1h"),
    "foreach": _ITEMS,
    "max_iterations": 1,
}
"""What stands in for a faulty value in a step, by key."""
_TOGETHER = {"as": "collect", "collect": "as"}
"""Keys of a foreach that mean nothing without each other."""
_OPTIONS = frozenset({*ActivityOptions.model_fields, "summary"})
"""Keys of a call that neither its arguments nor the names after it depend on."""
_ANYTHING: dict[str, Any] = {"queues": {"version": 1}, "workflows": {"steps": [FaultyStep()]}}
"""What stands in for a faulty entry, by the mapping that it is in; `{}` if not given."""


def mend(root: Node, fault: Fault) -> Location | None:
    """Take *fault* out of the tree; the new place of what stood under a misspelt key, if it did.

    A key that may only have been meant is read so too, but what is wrong with its value is no news.
    """
    *way, last = fault.location or ("",)
    parent = _at(root, tuple(way))
    if parent is None:
        return None
    if fault.at_key and fault.finding.code == "bad-name":
        return _rename(parent, tuple(way), str(last), _name(str(last)))
    if fault.meant is not None and isinstance(parent.value, dict):
        place = _rename(parent, tuple(way), str(last), fault.meant)
        if place is None or not _is_slip(str(last), fault.meant):
            return None
        # The kind of a step says what its other keys are.
        return place[:-1] if fault.finding.code == "unknown-step" else place
    step = _step_around(fault.location)
    if step is not None:
        _mend_step(root, step, fault)
    elif isinstance(parent.value, list):
        if isinstance(last, int) and last < len(parent.value):
            del parent.value[last]
    elif fault.finding.code == "missing-key" and last not in REQUIRED and way:
        around = _at(root, tuple(way[:-1]))
        _keys_of(around).pop(str(way[-1]), None)  # it means nothing without that key
    elif isinstance(parent.value, dict):
        _mend_entry(parent, tuple(way), str(last), fault)
    return None


def unshared(node: Node) -> Node:
    """A copy of *node* in which every alias has a copy of its own."""
    value: Any = node.value
    if isinstance(value, dict):
        value = {name: unshared(inner) for name, inner in value.items()}
    elif isinstance(value, list):
        value = [unshared(inner) for inner in value]
    return replace(node, value=value, keys=dict(node.keys))


def merge(node: Node) -> None:
    """Read the merge keys of YAML 1.1 below *node*, which are a finding, as they are meant."""
    if isinstance(node.value, list):
        for item in node.value:
            merge(item)
    if not isinstance(node.value, dict):
        return
    merged = node.value.pop("<<", node)
    for source in merged.value if isinstance(merged.value, list) else [merged]:
        for key, inner in source.value.items() if isinstance(source.value, dict) else ():
            if key not in node.value:
                node.value[key], node.keys[key] = inner, source.keys[key]
    for inner in node.value.values():
        merge(inner)


def hidden(root: Node, fault: Fault) -> frozenset[str]:
    """Every word that *fault* hides: each may be a name that is read or given a value there."""
    if fault.meant is not None:
        return frozenset()  # what stands there is read as it was meant
    location = fault.location
    step = _step_around(location)
    around = _at(root, step) if step is not None else None
    simple = around is not None and not any(kind in _keys_of(around) for kind in _WITH_STEPS)
    node = around if simple else _at(root, location)
    key = str(location[-1]) if location else ""
    named = frozenset((*_WORD.findall(key), _name(key)))
    return named if node is None else named.union(_words(node))


def _words(node: Node) -> Iterator[str]:
    for name, inner in node.value.items() if isinstance(node.value, dict) else ():
        yield from _WORD.findall(name)
        yield from _words(inner)
    for inner in node.value if isinstance(node.value, list) else ():
        yield from _words(inner)
    yield from _WORD.findall(node.text or "")


def _keys_of(node: Node | None) -> dict[str, Node]:
    """The entries of *node*; none of what is not a mapping."""
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _at(root: Node, location: Location) -> Node | None:
    node: Node | None = root
    for step in location:
        node = child(node, step) if node is not None else None
    return node


def _rename(parent: Node, way: Location, key: str, meant: str) -> Location | None:
    entries = _keys_of(parent)
    if key not in entries:
        return None
    value, named = entries.pop(key), parent.keys.pop(key, parent)
    if meant in entries or meant == key:
        return None
    entries[meant], parent.keys[meant] = value, named
    return (*way, meant)


def _name(key: str) -> str:
    """*key* with what no name has replaced; itself where that gives none."""
    name = _NO_NAME.sub("_", key)
    return f"_{name}" if name[:1].isdigit() else name or key


def _is_slip(key: str, meant: str) -> bool:
    """Whether *key* is certainly *meant*: a few letters off, or its first word."""
    word = snake_case(key)
    near = SequenceMatcher(None, word, meant).ratio() >= 0.8
    return near or meant.startswith(f"{word}_")


def _mend_entry(parent: Node, way: Location, key: str, fault: Fault) -> None:
    """Mend what is in no step: a required key, an entry whose key the user chose, or an option."""
    entries, around = _keys_of(parent), str(way[-1]) if way else ""
    is_workflow = way[:1] == ("queues",) and (len(way) == 2 or way[2:-1] == ("workflows",))
    is_entry = around in ENTRIES and "draining" not in way[:-1]
    if fault.finding.code == "unknown-key":
        entries.pop(key, None)
    elif (is_workflow or not way) and key in REQUIRED:
        _put(parent, key, REQUIRED[key])
    elif is_workflow and key in ("steps", "workflow_class"):
        entries.pop(key, None)
        _put(parent, "steps", [FaultyStep(words=[*_words(parent)])])
    elif is_entry or (len(way) > 1 and way[-2] == "signals"):
        _put(parent, key, _ANYTHING.get(around, {}))
    else:
        entries.pop(key, None)


def _step_around(location: Location) -> Location | None:
    """The innermost step that *location* is part of."""
    for end in range(len(location), 3, -1):
        *_, outer, inner, index = location[:end]
        is_list = inner in _STEP_LISTS or outer == "parallel"
        if is_list and isinstance(index, int) and "steps" in location[: end - 1]:
            return location[:end]
    return None


def _mend_step(root: Node, location: Location, fault: Fault) -> None:
    step, rest = _at(root, location), fault.location[len(location) :]
    if step is None:
        return
    kind = next((one for one in KINDS if one in _keys_of(step)), "") if rest else ""
    key = str(rest[0]) if rest else ""
    if not kind or not _mended(step, kind, key, rest, fault):
        _make_faulty(step)


def _mended(step: Node, kind: str, key: str, rest: Location, fault: Fault) -> bool:
    """Whether *step* without its faulty part, the one under *key*, still says what it does."""
    entries = _keys_of(step)
    is_unknown = fault.finding.code == "unknown-key" and len(rest) == 1 and key in entries
    # A mapping may be what a call is given.
    if is_unknown and not isinstance(entries[key].value, dict):
        del entries[key]
        return True
    return (
        _mended_body(step, kind, key, rest)
        if kind in _WITH_STEPS
        else _mended_option(step, key, rest)
    )


def _mended_option(step: Node, key: str, rest: Location) -> bool:
    """Take the faulty part of an option out of a step without steps in it, if it is one."""
    if key in _VALUES:
        _put(step, key, _VALUES[key])
        return True
    holder = _at(step, rest[:-1])
    if key not in _OPTIONS or holder is None:
        return False
    if isinstance(holder.value, list):
        del holder.value[int(rest[-1])]
    else:
        _keys_of(holder).pop(str(rest[-1]), None)
    return True


def _mended_body(step: Node, kind: str, key: str, rest: Location) -> bool:
    """Take the faulty part out of a step with steps in it, and keep those."""
    entries = _keys_of(step)
    if key in _STEP_LISTS and key != kind:
        _put(step, key, [FaultyStep(words=[*_words(step)])])
    elif key in _VALUES:
        _put(step, key, _VALUES[key])
    elif key == "catch" and len(rest) > 1:
        _mend_clause(entries["catch"], rest)
    elif key in ("parallel", "try", "catch"):
        return False
    else:
        entries.pop(key, None)
        entries.pop(_TOGETHER.get(key, ""), None)
    return True


def _mend_clause(clauses: Node, rest: Location) -> None:
    assert isinstance(clauses.value, list)
    index = int(rest[1])
    clause = clauses.value[index]
    if len(rest) > 2 and isinstance(clause.value, dict):
        clause.value.pop(str(rest[2]), None)
        _put(clause, "when", _CONDITION)
    else:
        clauses.value[index] = _made({"when": _CONDITION}, clause)


_WITH_STEPS = frozenset({"if", "foreach", "while", "repeat_until", "parallel", "try"})


def _make_faulty(step: Node) -> None:
    step.value, step.text = FaultyStep(words=[*_words(step)]), None  # type: ignore[assignment]


def _put(node: Node, key: str, value: Any) -> None:
    """Give the mapping *node* the plain *value* under *key*, at the place of the old one."""
    entries = _keys_of(node)
    entries[key] = _made(value, entries.get(key, node))


def _made(value: Any, like: Node) -> Node:
    node = Node(value, like.line, like.column, like.width)
    if isinstance(value, dict):
        node.value = {name: _made(inner, like) for name, inner in value.items()}
        node.keys = dict.fromkeys(value, like)
    elif isinstance(value, list):
        node.value = [_made(inner, like) for inner in value]
    elif isinstance(value, str):
        node.text = value
    return node
