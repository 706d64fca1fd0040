"""Signals that have arrived at a run and that no step has taken yet, in order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tqrun.plan.numbers import as_declared

_JSON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


Log = Callable[[str, dict[str, Any]], None]


class Inbox:
    """The signals of one run; arriving never waits for anything.

    Attributes:
        unread: Name and payload of those that fit what is declared.
        early: Name and payloads of those that came before it was known what is declared.
    """

    def __init__(self) -> None:
        self._declared: Mapping[str, Mapping[str, Any]] | None = None
        self._log: Log = lambda *_: None
        self.unread: list[tuple[str, Any]] = []
        self.early: list[tuple[str, Sequence[Any]]] = []

    def restore(self, unread: Sequence[Any], early: Sequence[Any]) -> None:
        """Put what an earlier run has left before what has arrived since."""
        self.unread[:0] = [(name, payload) for name, payload in unread]
        self.early[:0] = [(name, payloads) for name, payloads in early]

    def open(self, declared: Mapping[str, Mapping[str, Any]], log: Log) -> None:
        """Take signals that are *declared*, JSON Schema per field; *log* is told of the others."""
        self._declared, self._log = declared, log
        early, self.early = self.early, []
        for name, payloads in early:
            self.receive(name, payloads)

    def receive(self, name: str, payloads: Sequence[Any]) -> None:
        """Take one signal that arrives."""
        if self._declared is None:
            self.early.append((name, payloads))
            return
        given = payloads[0] if payloads else {}
        problem = "no signal of this name is declared"
        if name in self._declared:
            problem = misfit(self._declared[name], given, len(payloads)) or ""
        if problem:
            self._log("signal dropped", {"signal": name, "error": problem})
        else:
            self.unread.append((name, given))

    def has(self, names: Collection[str]) -> bool:
        """Whether one of the signals *names* is there."""
        return any(name in names for name, _ in self.unread)

    def take(self, names: Collection[str], *, every: bool) -> list[tuple[str, Any]]:
        """Remove the oldest of the signals *names*, or every one, and hand it out."""
        found = [entry for entry in self.unread if entry[0] in names]
        taken = found if every else found[:1]
        for entry in taken:
            self.unread.remove(entry)
        return taken


def misfit(fields: Mapping[str, Any], payload: Any, count: int = 1) -> str | None:
    """Why *payload* is none for a signal with *fields*; the text quotes no value.

    One that fits is filled with defaults, and has its numbers as they are declared.

    It looks at JSON types only, by itself: a library's judgement might change between two
    versions, and with it a replayed run.
    """
    if count > 1 or not isinstance(payload, dict):
        return "the payload must be one object"
    for name, schema in fields.items():
        if name not in payload:
            if "default" not in schema:
                return f'"{name}" is missing'
            payload[name] = schema["default"]
            continue
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        value = payload[name]
        fits = [kind for kind in kinds if type(value) in _JSON[kind]]
        if kinds and not fits:
            return f'"{name}" must be {" or ".join(kinds)}'
        payload[name] = as_declared(schema, value)
    unknown = sorted(payload.keys() - fields.keys())
    return f'there is no field "{unknown[0]}"' if unknown else None
