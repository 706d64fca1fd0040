"""One judged change: where, of which kind, and which queues it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tqrun.config.values import format_duration
from tqrun.diagnostics import Place
from tqrun.plan.changes.table import TABLE, Severity


@dataclass(frozen=True, slots=True)
class Change:
    """Something that an edit does to work that is going, to callers or to duplicates.

    Attributes:
        place: Where the user mends it, in the new file.
        code: Its row of `TABLE`; `tqrun explain CODE` prints its page.
        message: What changed, in the user's words.
        queues: The queues that it concerns; none if it concerns the file as a whole.
        python: Where it stands in a Python file of the new revision, if it does.
    """

    place: Place
    code: str
    message: str
    queues: tuple[str, ...] = ()
    python: Place | None = None

    @property
    def severity(self) -> Severity:
        return TABLE[self.code].severity

    @property
    def why(self) -> str:
        return TABLE[self.code].why

    @property
    def mend(self) -> str:
        return TABLE[self.code].mend

    def __str__(self) -> str:
        """`path:line:col: severity: message [code]`."""
        place = f"{self.place.path}:{self.place.line}:{self.place.column}"
        return f"{place}: {self.severity}: {self.message} [{self.code}]"


def shown(value: object) -> str:
    """A value as the queues file has it."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, list):
        return " and ".join(map(shown, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
