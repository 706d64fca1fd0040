"""The activities of `usage_report`: what each workspace used on one day, in UTC."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from activities import database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The totals of one day, and the Markdown file that breaks them down."""

    file: str
    workspaces: int
    events: int
    units: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one workspace used of one feature on one day."""

    workspace_id: int
    feature: str
    events: int
    units: int


def total_usage(day: date) -> int:
    """Sum up the events of *day* by workspace and feature, and return the number of events.

    Earlier totals of that day are replaced, so events that came in late are counted.
    """
    with database.transaction() as db:
        db.execute("DELETE FROM daily_usage WHERE day = ?", (day.isoformat(),))
        db.execute(
            "INSERT INTO daily_usage (day, workspace_id, feature, events, units)"
            " SELECT ?, workspace_id, feature, count(*), sum(units)"
            " FROM usage_events WHERE at >= ? AND at < ? GROUP BY workspace_id, feature",
            (day.isoformat(), day.isoformat(), (day + timedelta(days=1)).isoformat()),
        )
        (events,) = db.execute(
            "SELECT coalesce(sum(events), 0) FROM daily_usage WHERE day = ?", (day.isoformat(),)
        ).fetchone()
    logger.info("usage totalled", extra={"events": events})
    return int(events)


def write_report(day: date) -> UsageReport:
    """Write the totals of *day* to `reports/usage-DAY.md` beside the database.

    A reader of the file sees the old report or the new one, never a part.
    """
    with database.transaction() as db:
        rows = db.execute(
            "SELECT workspace_id, feature, events, units FROM daily_usage WHERE day = ?"
            " ORDER BY workspace_id, feature",
            (day.isoformat(),),
        ).fetchall()
    usage = [Usage(*row) for row in rows]
    file = database.path().with_name("reports") / f"usage-{day.isoformat()}.md"
    _replace(file, _markdown(day, usage))
    logger.info("report written", extra={"file": str(file)})
    return UsageReport(
        file=str(file),
        workspaces=len({line.workspace_id for line in usage}),
        events=sum(line.events for line in usage),
        units=sum(line.units for line in usage),
    )


def _markdown(day: date, usage: Iterable[Usage]) -> str:
    lines = [
        f"# Usage on {day.isoformat()}",
        "",
        "| workspace | feature | events | units |",
        "| ---: | --- | ---: | ---: |",
        *(f"| {u.workspace_id} | {u.feature} | {u.events} | {u.units} |" for u in usage),
    ]
    return "\n".join(lines) + "\n"


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent) as directory:
        draft = Path(directory) / file.name
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
