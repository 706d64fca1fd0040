"""Signals that have arrived at a run and that no step has taken yet, in order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from temporalio import workflow

_JSON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


class Inbox:
    """The signals of one run; arriving never waits for anything."""

    def __init__(
        self, declared: Mapping[str, Mapping[str, Any]], unread: Collection[tuple[str, Any]] = ()
    ) -> None:
        """Take signals that are *declared*, JSON Schema per field; begin with those *unread*."""
        self._declared = declared
        self.unread: list[tuple[str, Any]] = [(name, payload) for name, payload in unread]

    def open(self, log: Callable[[str, dict[str, Any]], None]) -> None:
        """Receive, beginning with what has arrived already; *log* is told what is dropped."""
        for name in self._declared:
            workflow.set_signal_handler(name, self._handler(name, log))

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

    def _handler(
        self, name: str, log: Callable[[str, dict[str, Any]], None]
    ) -> Callable[..., None]:
        def handle(*payload: Any) -> None:
            given = payload[0] if payload else {}
            problem = misfit(self._declared[name], given, len(payload))
            if problem is None:
                self.unread.append((name, given))
            else:
                log("signal dropped", {"signal": name, "error": problem})

        return handle


def misfit(fields: Mapping[str, Any], payload: Any, count: int = 1) -> str | None:
    """Why *payload* is none for a signal with *fields*; the text quotes no value.

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
    unknown = sorted(payload.keys() - fields.keys())
    return f'there is no field "{unknown[0]}"' if unknown else None
