"""Where the compilers put what they find, unless an earlier fault explains it."""

from __future__ import annotations

from tqrun.config.draft import Draft
from tqrun.config.source import Location, Source
from tqrun.config.templates import replaced
from tqrun.config.values import parse_duration
from tqrun.diagnostics import Finding
from tqrun.plan.expressions import ExpressionError, Schema, types


class Report:
    """The findings about one file, in the order in which they were made."""

    def __init__(self, source: Source, draft: Draft) -> None:
        """Place findings in *source*; keep quiet about what a fault of *draft* explains."""
        self.findings: list[Finding] = []
        self._source, self._draft = source, draft

    def add(self, code: str, message: str, location: Location, *, key: bool = False) -> None:
        """Something is wrong with the value at *location*, or with its key."""
        if not self._draft.shadows(location, ("input", "function", "activities_package", "steps")):
            place = self._source.place(location, key=key)
            self.findings.append(Finding(place, code, message))

    def expression(self, error: ExpressionError, location: Location) -> None:
        """Something is wrong inside the text at *location*."""
        if not self._draft.shadows(location, ("input", "steps")):
            for one in (error, *error.others):
                place = self._source.inside(location, one.offset, one.width)
                self.findings.append(Finding(place, one.code, one.message))

    def duration(self, text: str, schema: Schema, location: Location) -> None:
        """Judge a duration with expressions, *text*, which evaluates to *schema*."""
        found = types.kinds(schema)
        shape = replaced(text, lambda _: "1")
        if found and "string" not in found:
            message = (
                f"{' or '.join(found)} is not a duration; "
                'write a unit after it, for example "${n}s"'
            )
            self.add("bad-expression", message, location)
        elif shape != "1":
            try:
                parse_duration(shape)
            except ValueError:
                message = f'"{text}": not a duration; write for example "${{n}}s" or "${{n}}d"'
                self.add("bad-expression", message, location)

    def forget(self, mark: int) -> None:
        """Take back what was found since there were *mark* findings."""
        del self.findings[mark:]
