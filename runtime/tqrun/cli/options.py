"""Options that several commands share, declared once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

# Eager, since the help of `launch` depends on it.
File = Annotated[str, typer.Option("--file", "-f", is_eager=True, help="The queues file.")]
Address = Annotated[
    str | None, typer.Option(help="host:port of the server.", envvar="TEMPORAL_ADDRESS")
]
Namespace = Annotated[str | None, typer.Option(help="Used instead of the file's.")]
Profile = Annotated[str | None, typer.Option(help="A profile of Temporal's TOML configuration.")]
LogFormat = Annotated[
    Literal["auto", "json", "text"],
    typer.Option("--log-format", help="auto: text on a terminal, else JSON."),
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"], typer.Option("--log-level", help="Least level.")
]
