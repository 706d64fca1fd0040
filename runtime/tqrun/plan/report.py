"""Where the compilers put what they find, unless an earlier fault explains it."""

from __future__ import annotations

from collections.abc import Iterable

from tqrun.config.draft import Draft
from tqrun.config.source import Location
from tqrun.config.templates import replaced
from tqrun.config.values import parse_duration
from tqrun.diagnostics import Finding
from tqrun.plan.expressions import ExpressionError, Schema, types


class Report:
    """The findings about one file, in the order in which they were made."""

    def __init__(self, draft: Draft) -> None:
        """Place findings in the source of *draft*; keep quiet about what a fault of it explains."""
        self.findings: list[Finding] = []
        self._source, self._draft = draft.source, draft

    def add(self, code: str, message: str, location: Location, *, key: bool = False) -> None:
        """Something is wrong with the value at *location*, or with its key."""
        if not self._draft.shadows(location, ("input",)):
            place = self._source.place(location, key=key)
            self.findings.append(Finding(place, code, message))

    def expression(self, error: ExpressionError, location: Location) -> None:
        """Something is wrong inside the text at *location*."""
        if self._draft.shadows(location, ("input",)):
            return
        text = self._source.node(location).text or ""
        for one in (error, *error.others):
            names = text[one.offset : one.offset + one.width].split(".")
            unknown = one.code in ("unknown-name", "possibly-unset")
            if not unknown or not self.is_explained(names, location):
                place = self._source.inside(location, one.offset, one.width)
                self.findings.append(Finding(place, one.code, one.message))

    def is_explained(self, names: Iterable[str], location: Location) -> bool:
        """Whether a fault may be why one of *names* is not known, or not read, at *location*."""
        return self._draft.mentions(location, names)

    @property
    def has_faults(self) -> bool:
        """Whether anything of the file could not be read as it stands."""
        return bool(self._draft.faults)

    def is_faulty(self, *location: str) -> bool:
        """Whether a fault is at *location*, or inside of it."""
        return any(fault.location[: len(location)] == location for fault in self._draft.faults)

    def duration(self, text: str, schema: Schema, location: Location) -> None:
        """Judge a duration with expressions, *text*, which evaluates to *schema*."""
        shape = replaced(text, lambda _: "1")
        if shape != "1":
            if not _is_duration(shape):
                message = f'"{text}": not a duration; write for example "${{n}}s" or "${{n}}d"'
                self.add("bad-expression", message, location)
            return
        found = [kind for kind in types.kinds(schema) if kind != "null"]
        words = [word for word in schema.get("enum", [schema.get("const")]) if type(word) is str]
        wrong = next((word for word in words if not _is_duration(word)), None)
        if found and "string" not in found:
            message = (
                f"{' or '.join(found)} is not a duration; "
                'write a unit after it, for example "${n}s"'
            )
            self.add("bad-expression", message, location)
        elif schema.get("format") in _NO_DURATIONS:
            message = f"{_NO_DURATIONS[schema['format']]} is not a duration; {_INSTEAD}"
            self.add("bad-expression", message, location)
        elif wrong is not None:
            message = f'it may be "{wrong}", which is not a duration; write for example "5m"'
            self.add("bad-expression", message, location)
        elif types.may_be_null(schema):
            message = "it may be null here, which is not a duration; test it first"
            self.add("possibly-null", message, location)

    def number(self, schema: Schema, location: Location) -> None:
        """Judge an expression that evaluates to *schema* where a number is wanted."""
        found = [kind for kind in types.kinds(schema) if kind != "null"]
        if found and not {"integer", "number"} & {*found}:
            self.add("bad-expression", f"{' or '.join(found)} is not a number", location)
        elif found and types.may_be_null(schema):
            message = "it may be null here, which is not a number; test it first"
            self.add("possibly-null", message, location)

    def forget(self, mark: int) -> None:
        """Take back what was found since there were *mark* findings."""
        del self.findings[mark:]


_NO_DURATIONS = {
    "date-time": "a moment",
    "date": "a date",
    "time": "a time of day",
    "uuid": "a UUID",
    "email": "an address",
    "uri": "an address",
}
"""What a text of a format is that is not a duration."""
_INSTEAD = 'for a moment write "sleep_until", for a duration "5m" or "${n}s"'


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True
