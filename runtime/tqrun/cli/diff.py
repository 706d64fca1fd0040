"""`tqrun diff`: what an edit does to runs that are going, to callers and to duplicates."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Annotated, Literal

import typer

from tqrun.cli import reports, uncompared
from tqrun.cli.options import Address, Namespace, Profile
from tqrun.errors import Exit, InvalidQueuesFile
from tqrun.plan.changes.base import base
from tqrun.plan.changes.revision import Revision
from tqrun.plan.changes.verdict import judge

app = typer.Typer(add_completion=False)


@app.command()
def diff(
    file: Annotated[str, typer.Argument(help="The queues file.")] = "queues.yaml",
    against: Annotated[
        str | None,
        typer.Option(
            help="The base: a git reference, REF:PATH or a path. If not given, where the branch "
            "left the remote's default branch.",
        ),
    ] = None,
    output: Annotated[
        Literal["text", "json", "github", "sarif", "markdown"],
        typer.Option("--format", help="How changes are printed."),
    ] = "text",
    fail_on: Annotated[
        Literal["error", "warning", "info"],
        typer.Option(help="The least severity that makes the exit status 1."),
    ] = "error",
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the server whether what is removed has open runs.")
    ] = False,
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """Compare a queues file and its functions with an earlier revision.

    Exits with 1 if something at or above --fail-on is found or the file has findings, 3 if the file
    or the base cannot be read, 4 if --live is given and the server cannot be reached.
    """
    # As in `check`: nothing that a comparison makes is garbage before its end.
    gc.disable()
    try:
        verdict = judge(base(against, file), Revision(file, file))
    except InvalidQueuesFile as error:
        uncompared.FORMATS[output](file, error.findings, sys.stdout)
        raise typer.Exit(Exit.OK if exit_zero else Exit.FINDINGS) from None
    finally:
        gc.enable()
    if live:
        # Imported here: temporalio costs 120 ms, and without a server nothing needs it.
        from tqrun.temporal.client import Connection
        from tqrun.temporal.live import settle

        verdict = asyncio.run(settle(verdict, Connection(address, namespace, profile)))
    reports.FORMATS[output](verdict, sys.stdout)
    failed = bool(verdict.at_least(fail_on)) and not exit_zero
    raise typer.Exit(Exit.FINDINGS if failed else Exit.OK)
