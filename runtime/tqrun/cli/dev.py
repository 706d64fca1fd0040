"""`tqrun dev`: a Temporal server and all workers, restarted when their files change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tqrun.cli.options import File, LogFormat

if TYPE_CHECKING:
    from tqrun.temporal.server import EmbeddedServer

app = typer.Typer(add_completion=False)


def _port(text: str) -> Any:
    return typer.Option(help=text, metavar="PORT", min=0, max=65535)


@app.command()
def dev(
    file: File = "queues.yaml",
    data: Annotated[Path, typer.Option(help="SQLite file that keeps the server's data.")] = Path(
        ".data/dev.sqlite3"
    ),
    port: Annotated[
        int | None,
        _port("Of the server; 7233, or a free one if that is taken."),
    ] = None,
    ui_port: Annotated[
        int | None,
        _port("Of the UI; 1000 above the server's, or a free one."),
    ] = None,
    log_format: LogFormat = "auto",
) -> None:
    """Run a Temporal server and all workers, and restart the workers on changes.

    The workers start anew when the queues file changes, or Python code of the project that its
    functions import, wherever that lies. An edit with findings shows them and leaves the workers
    as they were. Ctrl-C drains the workers and stops the server; a second one ends them at once.
    Exits with 4 if the server does not start or ends by itself.
    """
    # Imported here: temporalio costs 120 ms, and `--help` needs none of it.
    from tqrun.temporal.core_logs import forward_core_logs
    from tqrun.temporal.dev import Development
    from tqrun.temporal.server import ServerOptions

    options = ["--log-format", log_format]
    forward_core_logs("ERROR")
    server = ServerOptions(data=data, port=port, ui_port=ui_port)
    asyncio.run(Development(file, server, options, ready=_show, say=_say).run())


def _show(server: EmbeddedServer) -> None:
    typer.echo(f"UI      {server.ui_url}\nserver  {server.address}")


def _say(line: str) -> None:
    typer.echo(f"dev: {line}")
