"""Where the compilers put what they find, unless an earlier fault explains it."""

from __future__ import annotations

from tqrun.config.draft import Draft
from tqrun.config.source import Location, Source
from tqrun.diagnostics import Finding
from tqrun.plan.expressions import ExpressionError


class Report:
    """The findings about one file, in the order in which they were made."""

    def __init__(self, source: Source, draft: Draft) -> None:
        """Place findings in *source*; keep quiet about what a fault of *draft* explains."""
        self.findings: list[Finding] = []
        self._source, self._draft = source, draft

    def add(self, code: str, message: str, location: Location, *, key: bool = False) -> None:
        """Something is wrong with the value at *location*, or with its key."""
        if not self._draft.shadows(location, ("input", "function", "activities_package")):
            place = self._source.place(location, key=key)
            self.findings.append(Finding(place, code, message))

    def expression(self, error: ExpressionError, location: Location) -> None:
        """Something is wrong inside the text at *location*."""
        if not self._draft.shadows(location, ("input",)):
            place = self._source.inside(location, error.offset, error.width)
            self.findings.append(Finding(place, error.code, error.message))

    def forget(self, mark: int) -> None:
        """Take back what was found since there were *mark* findings."""
        del self.findings[mark:]
