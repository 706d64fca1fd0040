"""`tqrun check`: every finding of a queues file, as text, JSON or GitHub annotations."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from tqrun.cli.render import findings_as_github, findings_as_json, findings_as_text, summary
from tqrun.diagnostics import errors
from tqrun.errors import Exit, UsageError
from tqrun.plan import importing
from tqrun.plan.check import check_file

app = typer.Typer(add_completion=False)


@app.command()
def check(
    argument: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="The queues file; queues.yaml, if none."),
    ] = None,
    option: Annotated[
        str | None,
        typer.Option("--file", "-f", help="The same, as the other commands take it."),
    ] = None,
    output: Annotated[
        Literal["text", "json", "github"],
        typer.Option("--format", help="How findings are printed; github: as annotations."),
    ] = "text",
    bind: Annotated[
        bool,
        typer.Option("--bind/--no-bind", help="Import the activities and check their functions."),
    ] = True,
    imported: Annotated[
        Path | None,
        # For `tqrun dev`, which watches what the functions are made of.
        typer.Option(hidden=True, help="Write where the project's own code lies to a file."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings count too: exit with 1 if there are any.")
    ] = False,
) -> None:
    """Check a queues file: all findings, each with its place.

    Exits with 0 if there are none but warnings, 1 if there are any, 3 if the file cannot be read.
    """
    if argument is not None and option is not None:
        raise UsageError("the file is given twice, as FILE and with --file")
    file = next((one for one in (argument, option) if one is not None), "queues.yaml")
    # Nothing that a check makes is garbage before its end: collections are a sixth of its time.
    gc.disable()
    try:
        loaded = check_file(file, bind=bind)
    finally:
        gc.enable()
    if imported is not None:
        imported.write_text("\n".join(sorted(importing.imported())), encoding="utf-8")
    render = {"json": findings_as_json, "github": findings_as_github}.get(output, findings_as_text)
    render(loaded.findings, sys.stdout)
    typer.echo(summary(loaded), err=True)
    counted = loaded.findings if strict else errors(loaded.findings)
    raise typer.Exit(Exit.FINDINGS if counted else Exit.OK)
