"""The command `tqrun` and what every command has in common: help, errors, exit.

A command is one module beside this one, with a `typer.Typer` named `app`; it is imported only
when it is called, so that `tqrun --help` stays as quick as an empty Typer application.
"""

from __future__ import annotations

import atexit
import errno
import io
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from tqrun.errors import Exit, InvalidQueuesFile, TqrunError, UsageError

COMMANDS = {
    "check": "Check a queues file: all findings, each with its place.",
    "diff": "Compare with an earlier revision: what an edit does to running work.",
    "worker": "Run the workers of queues.",
    "launch": "Launch a workflow.",
    "signal": "Send a signal to a run.",
    "query": "Ask a run for its state, or a declared query.",
    "cancel": "Ask a run to stop.",
    "terminate": "End a run at once.",
    "apply": "Create and update the declared schedules; register search attributes.",
    "schedule": "Make or delete the schedule of one entity.",
    "status": "Count the open runs of every queue and version.",
    "show": "Show a run: where it is, and the plan that it keeps.",
    "reset": "Restart runs from their first step, on today's plan.",
    "record": "Write the histories of runs to files.",
    "replay": "Replay histories: whether an upgrade breaks runs that are going.",
    "dev": "Run a Temporal server and all workers, and restart them on changes.",
    "explain": "Explain a finding, or what the steps of a queue do.",
    "schema": "Print the JSON Schema of queues.yaml, for editors.",
}
"""Each command's module in this package, which has its name, and its line in the help."""


_STDERR = 2
_UNWRITABLE = (errno.ENOSPC, errno.EBADF, errno.EIO, errno.EPIPE, errno.EDQUOT)


class _Commands(TyperGroup):
    """Lists every command from the table, and imports the one that is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, line in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The called command itself, where the table has only its name."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from tqrun.diagnostics import nearest, quote

            near = nearest(args[0], COMMANDS)
            hint = f'did you mean "{near}"?' if near else 'see "tqrun --help"'
            raise UsageError(f"there is no command {quote(args[0])}; {hint}")
        name, _, rest = super().resolve_command(ctx, args)
        module = import_module(f"tqrun.cli.{name}")
        command = typer.main.get_command(module.app)
        # Typer would keep the line breaks of a docstring beside those of the terminal.
        command.help = re.sub(r"(?<!\n)\n(?!\n)", " ", command.help or "")
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what an option does not take is said in tqrun's words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            faults: Sequence[Any] = getattr(error.__cause__, "errors", list)()
            if faults:  # of Pydantic, by which Typer reads values
                words = error.message.removeprefix("Value error, ").removesuffix(".")
                must = words.replace("Input should be", "must be")
                error.message = _MUST.get(faults[0]["type"], must)
            raise


_MUST = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
}

app = typer.Typer(cls=_Commands, add_completion=False, no_args_is_help=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tqrun {_version('tqrun')}")
        raise typer.Exit


@app.callback()
def tqrun(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Temporal queues as one YAML file: check, work, launch."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit status, with every error already told on stderr."""
    try:
        typer.main.get_command(app).main(list(arguments), prog_name="tqrun")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except InvalidQueuesFile as error:
        from tqrun.cli.render import findings_as_text

        findings_as_text(error.findings, sys.stderr)
        return error.exit_code
    except TqrunError as error:
        typer.echo(f"error: {error}", err=True)
        return error.exit_code
    except OSError as error:
        if error.filename is not None or error.errno not in _UNWRITABLE:
            _report_bug(error, arguments)
            return Exit.BUG
        return _unwritable(error)
    except Exception as error:  # noqa: BLE001 - the last resort: it says that this is our bug
        _report_bug(error, arguments)
        return Exit.BUG
    return Exit.OK


def _unwritable(error: OSError) -> int:
    """The exit status when the output cannot be written; whoever closed a pipe need not be told."""
    if error.errno != errno.EPIPE:
        with suppress(OSError):
            typer.echo(f"error: the output cannot be written: {error.strerror}", err=True)
        return Exit.UNREADABLE
    return Exit.FINDINGS


def _report_bug(error: Exception, arguments: Sequence[str]) -> None:
    import platform
    import shlex
    from traceback import format_exception

    versions = ", ".join(f"{package} {_version(package)}" for package in ("tqrun", "temporalio"))
    typer.echo(
        f"error: this is a bug of tqrun: {type(error).__name__}\n"
        "Please report it with all of this; take out what is secret.\n\n"
        f"  {versions}, Python {platform.python_version()}, {platform.platform()}\n"
        f"  tqrun {shlex.join(arguments)}\n\n{''.join(format_exception(error))}",
        err=True,
        nl=False,
    )


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def main() -> NoReturn:
    """The console entry: run the command line of this process, and end the process."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    leave(run(sys.argv[1:]))


def leave(status: int) -> NoReturn:
    """End this process with *status*, or with that of an output that cannot be written.

    It ends without the interpreter's own clean-up, in which one of about ten processes that used
    a Temporal client crashes (github.com/temporalio/sdk-python/issues/300).
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    logging.shutdown()
    atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter would run
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            status = status or _unwritable(error)
    os._exit(status)


class _Closed(io.RawIOBase):
    """Stands for a standard output that was closed before the process began."""

    def writable(self) -> bool:
        return True

    def write(self, _: Any) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _open_missing_streams() -> None:
    """Give a process that was started without stdout or stderr something in its place."""
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    # Nothing that is opened later, such as a connection, gets the number of a standard stream.
    while os.open(os.devnull, os.O_RDWR) <= _STDERR:
        pass
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(_Closed(), encoding="utf-8", write_through=True)
    if sys.stderr is None:
        sys.stderr = io.TextIOWrapper(io.FileIO(_STDERR, "w"), encoding="utf-8")


if __name__ == "__main__":
    main()
