"""`tqrun status`: the open runs of every queue and version, and what may be removed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.config.load import load
from tqrun.diagnostics import errors
from tqrun.errors import InvalidQueuesFile

if TYPE_CHECKING:
    from tqrun.temporal.status import VersionStatus

JSON_VERSION = 1
WIDTH = 200

app = typer.Typer(add_completion=False)


@app.command()
def status(
    queues: Annotated[
        list[str] | None, typer.Argument(help="Queues; all, if none.", show_default=False)
    ] = None,
    file: File = "queues.yaml",
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", "-o", help="json: for scripts.")
    ] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """Count the open runs and the workers of every queue and version.

    Says when a draining version may be taken out of the file, and which open runs are on
    versions that the file no longer lists.
    """
    loaded = load(file)
    if loaded.file is None or errors(loaded.findings):
        raise InvalidQueuesFile(errors(loaded.findings))
    # Imported here: temporalio costs 120 ms, and a file with findings needs none of it.
    from tqrun.temporal.client import Connection
    from tqrun.temporal.status import status as asked

    found = asyncio.run(asked(loaded.file, queues or (), Connection(address, namespace, profile)))
    (_as_json if output == "json" else _as_text)(found)


def _as_text(found: Sequence[VersionStatus]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("queue", overflow="fold")
    table.add_column("version", justify="right")
    table.add_column("state")
    table.add_column("open", justify="right")
    table.add_column("workers", justify="right")
    table.add_column("what to do", overflow="fold")
    for one in found:
        version, counts = one.version, (str(one.open), str(one.workers))
        table.add_row(version.queue, str(version.version), version.state, *counts, one.advice)
    # A file or a pipe has no width of its own.
    width = None if sys.stdout.isatty() else WIDTH
    Console(file=sys.stdout, highlight=False, width=width).print(table)


def _as_json(found: Sequence[VersionStatus]) -> None:
    """One object with a version number; keys are only ever added to a version."""
    entries = [
        asdict(one.version)
        | {"open": one.open, "workers": one.workers, "calling": one.calling}
        | {"may_go": one.may_go, "advice": one.advice}
        for one in found
    ]
    content = {"version": JSON_VERSION, "versions": entries}
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
