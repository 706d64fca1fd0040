"""`tqrun record`: the histories of runs, written to files that `tqrun replay` reads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.runs import Named, RunId, WorkflowId, workflows
from tqrun.errors import UsageError

To = Annotated[str | None, typer.Option("--to", help="A folder, for one file per run.")]


def _options(
    *,
    workflow_id: WorkflowId = None,
    run_id: RunId = None,
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="A file; without one, standard output.")
    ] = None,
    to: To = None,
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options that the command has besides the inputs."""


def _record(
    run: Named,
    *,
    workflow_id: str | None,
    run_id: str | None,
    out: str | None,
    to: str | None,
    address: str | None,
    namespace: str | None,
    profile: str | None,
) -> None:
    if out and to:
        raise UsageError("give a file with --out or a folder with --to, not both")
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal import record
    from tqrun.temporal.client import Connection

    launch = run.launch()
    wanted = run.id(launch, workflow_id)
    connection = Connection(address, namespace, profile)
    history = asyncio.run(record.one(connection, launch.namespace, wanted, run_id))
    if not out and not to:
        typer.echo(record.text(history), nl=False)
        return
    file = Path(out) if out else Path(to or "") / record.file_name(wanted, history.run_id)
    record.write(history, file)
    typer.echo(str(file))


app = typer.Typer(cls=workflows("record", _record, _options), add_completion=False)


@app.callback(invoke_without_command=True, no_args_is_help=True)
def record(
    ctx: typer.Context,
    query: Annotated[
        str | None, typer.Option(help="Record the runs that this list filter finds.")
    ] = None,
    to: To = None,
    file: File = "queues.yaml",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """Write histories as `temporal workflow show --output json` does, for `tqrun replay`.

    Of one run, named by its workflow and inputs; or of all that --query finds in the file's
    namespaces, into the folder --to.
    """
    if ctx.invoked_subcommand is not None:
        if query:
            raise UsageError("name one workflow with its inputs, or give --query, not both")
        return
    if not query or not to:
        raise UsageError("give --query together with --to FOLDER, or name a workflow of the file")
    from tqrun.temporal.client import Connection

    asyncio.run(_many(Connection(address, namespace, profile), file, query, Path(to)))


async def _many(connection: object, file: str, query: str, folder: Path) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from tqrun.temporal.client import Connection
    from tqrun.temporal.record import many
    from tqrun.temporal.replay import namespaces, stored

    assert isinstance(connection, Connection)
    runs = await stored(connection, namespaces(file), query)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("recording", total=len(runs))
        async for written in many(connection, runs, folder):
            progress.advance(bar)
            typer.echo(str(written))
    typer.echo(f"{len(runs)} run{'' if len(runs) == 1 else 's'} recorded", err=True)
