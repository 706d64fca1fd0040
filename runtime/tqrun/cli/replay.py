"""`tqrun replay`: whether runs that are going would go on under what is installed here."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.config.values import parse_duration
from tqrun.errors import Exit, UnreadableFile, UsageError

if TYPE_CHECKING:
    from tqrun.temporal.replay import PlanRuns
    from tqrun.temporal.replaying import Outcome, Source

JSON_VERSION = 1
WIDTH = 200

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files with histories, and folders of them.", show_default=False),
    ] = None,
    query: Annotated[
        str | None, typer.Option(help="Replay the server's runs that this list filter finds.")
    ] = None,
    file: File = "queues.yaml",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Processes; 0: one per core.")
    ] = 0,
    time_limit: Annotated[
        str, typer.Option("--time-limit", help="After which a history has failed.")
    ] = "1m",
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", "-o", help="json: for scripts.")
    ] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """Replay histories through the installed interpreter and the file's hand-written workflows.

    Histories are as `tqrun record` and `temporal workflow show --output json` write them. Exits
    with 1 if one does not replay, 3 if one cannot be read or there is none, 4 if the server cannot
    be reached.
    """
    if paths and query:
        raise UsageError("files and --query exclude each other: give one")
    if not paths and not query:
        raise UsageError("name files or folders with histories, or give --query")
    try:
        limit = parse_duration(time_limit)
    except ValueError as error:
        raise UsageError(f"--time-limit: {error}") from None
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal.client import Connection
    from tqrun.temporal.replay import by_plan, files, namespaces, stored, task
    from tqrun.temporal.replay import replay as outcomes_of

    connection = Connection(address, namespace, profile)
    if query:
        sources: Sequence[Source] = asyncio.run(stored(connection, namespaces(file), query))
        if not sources:
            raise UnreadableFile("--query finds no run, so that nothing is replayed")
    else:
        sources = files(paths or ())
    jobs = jobs or len(os.sched_getaffinity(0))
    found = outcomes_of(sources, lambda: task(file, connection, limit), jobs)
    outcomes = _shown(found, len(sources))
    _REPORTS[output](by_plan(outcomes), outcomes)
    raise typer.Exit(_status(outcomes))


def _shown(outcomes: Iterable[Outcome], total: int) -> list[Outcome]:
    """All *outcomes*, with a progress bar on a terminal while they come."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    bar = track(
        outcomes, "replaying", total, console=console, disable=not console.is_terminal,
        transient=True,
    )  # fmt: skip
    return sorted(bar, key=lambda one: (one.source or "", one.workflow_id, one.run_id))


def _status(outcomes: Iterable[Outcome]) -> Exit:
    if any(one.error and not one.unreadable for one in outcomes):
        return Exit.FINDINGS
    return Exit.UNREADABLE if any(one.unreadable for one in outcomes) else Exit.OK


def _as_text(plans: Sequence[PlanRuns], outcomes: Sequence[Outcome]) -> None:
    from rich.console import Console

    # A file or a pipe has no width of its own.
    width = None if sys.stdout.isatty() else WIDTH
    console = Console(file=sys.stdout, highlight=False, width=width)
    if plans:
        console.print(_table(plans))
    for one in outcomes:
        if one.unreadable:
            typer.echo(f"{one.source}: {one.error}")
        elif one.error is not None:
            typer.echo(f"{one.workflow_id} run {one.run_id}: event {one.event}: {one.error}")
            typer.echo(f"    {one.way_out}")
    runs, failed = sum(one.runs for one in plans), sum(one.failed for one in plans)
    unreadable = sum(one.unreadable for one in outcomes)
    counts = [f"{runs} run{'' if runs == 1 else 's'} replayed", f"{failed} failed"]
    others = {"not begun": sum(one.not_begun for one in plans), "unreadable": unreadable}
    counts += [f"{count} {what}" for what, count in others.items() if count]
    typer.echo(", ".join(counts))


def _table(plans: Sequence[PlanRuns]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("plan", no_wrap=True)
    table.add_column("workflow", overflow="fold")
    table.add_column("version", justify="right")
    table.add_column("pinned by", overflow="fold")
    for name in ("runs", "ok", "failed"):
        table.add_column(name, justify="right")
    for one in plans:
        version = "-" if one.version is None else str(one.version)
        counts = (str(one.runs), str(one.ok), str(one.failed))
        table.add_row(one.plan or "-", one.name or "-", version, one.pinned or "-", *counts)
    return table


def _as_json(plans: Sequence[PlanRuns], outcomes: Sequence[Outcome]) -> None:
    """One object with a version number; keys are only ever added to a version."""
    about = [dataclasses.asdict(one) for one in outcomes if one.error is not None]
    for one in about:
        del one["begun"]  # what has not begun does not fail
    unreadable = [
        {"source": one["source"], "error": one["error"]} for one in about if one.pop("unreadable")
    ]
    failures = [one for one in about if one["workflow_id"]]
    content = {
        "version": JSON_VERSION,
        "runs": sum(one.runs for one in plans),
        "ok": sum(one.ok for one in plans),
        "failed": sum(one.failed for one in plans),
        "not_begun": sum(one.not_begun for one in plans),
        "plans": [dataclasses.asdict(one) | {"ok": one.ok} for one in plans],
        "failures": failures,
        "unreadable": unreadable,
    }
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


_REPORTS = {"text": _as_text, "json": _as_json}
