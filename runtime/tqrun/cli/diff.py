"""`tqrun diff`: what an edit does to runs that are going, to callers and to duplicates."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from tqrun.cli import reports, uncompared
from tqrun.cli.options import Address, Namespace, Profile
from tqrun.diagnostics import did_you_mean
from tqrun.errors import Exit, InvalidQueuesFile, UnreadableFile, UsageError
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
    report: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT=PATH", help="Write another format to a file as well; may be repeated."
        ),
    ] = None,
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
    reported = _reports(report or ())
    # As in `check`: nothing that a comparison makes is garbage before its end.
    gc.disable()
    try:
        verdict = judge(base(against, file), Revision(file, file))
    except InvalidQueuesFile as error:
        found = error.findings
        _write(output, reported, lambda form, out: uncompared.FORMATS[form](file, found, out))
        raise typer.Exit(Exit.OK if exit_zero else Exit.FINDINGS) from None
    finally:
        gc.enable()
    if live:
        # Imported here: temporalio costs 120 ms, and without a server nothing needs it.
        from tqrun.temporal.client import Connection
        from tqrun.temporal.live import settle

        verdict = asyncio.run(settle(verdict, Connection(address, namespace, profile)))
    _write(output, reported, lambda form, out: reports.FORMATS[form](verdict, out))
    failed = bool(verdict.at_least(fail_on)) and not exit_zero
    raise typer.Exit(Exit.FINDINGS if failed else Exit.OK)


def _reports(given: Sequence[str]) -> list[tuple[str, Path]]:
    """The formats and files of --report."""
    pairs = []
    for text in given:
        form, is_given, path = text.partition("=")
        if not is_given or not path:
            raise UsageError(f'--report {text}: write for example "markdown=comment.md"')
        if form not in reports.FORMATS:
            known = did_you_mean(form, reports.FORMATS)
            raise UsageError(f'--report {text}: there is no format "{form}"{known}')
        pairs.append((form, Path(path)))
    return pairs


def _write(
    output: str, reported: Sequence[tuple[str, Path]], write: Callable[[str, TextIO], None]
) -> None:
    """Print the format *output*, and write the others to their files."""
    with ExitStack() as stack:
        files = []
        for form, path in reported:
            try:
                files.append((form, stack.enter_context(path.open("w", encoding="utf-8"))))
            except OSError as error:
                raise UnreadableFile(f"{path}: {error.strerror}") from None
        for form, stream in (*files, (output, sys.stdout)):
            write(form, stream)
