"""The workflows of the file that `--file` names, each as a command of its own."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic_core import from_json, to_json
from typer.core import TyperCommand, TyperGroup

from tqrun import logs
from tqrun.cli.fields import json_value
from tqrun.config import model, resolve
from tqrun.config.load import load
from tqrun.diagnostics import did_you_mean, errors
from tqrun.errors import InvalidQueuesFile, UsageError

Declared = dict[str, tuple[model.Queue, model.Workflow]]

_DECLARED, _LISTED = "tqrun.declared", "tqrun.listed"
"""What one command line keeps in its context: the file, read once, and that it asks for a list."""


class Workflows(TyperGroup):
    """Lists every workflow, and makes the command of the one that is called."""

    verb = ""
    """What the commands do with a workflow, for messages."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`--file` decides which commands there are, so it comes first wherever it stands."""
        return super().parse_args(ctx, _file_first(args))

    def list_commands(self, ctx: Any) -> list[str]:
        """Every workflow, in file order."""
        return list(declared(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one workflow; where they are listed, without its options."""
        known = declared(ctx)
        if cmd_name not in known:
            of_queue = [name for name in known if name.startswith(f"{cmd_name}.")]
            hint = f"; the queue has {', '.join(of_queue)}" if of_queue else None
            hint = hint or did_you_mean(cmd_name, known)
            raise UsageError(f'there is no workflow "{cmd_name}" to {self.verb}{hint}')
        queue, workflow = known[cmd_name]
        text = f"{self.verb.capitalize()} {cmd_name}."
        if _LISTED in ctx.meta:
            return _line(cmd_name, queue, workflow, text)
        made = self.command_of(cmd_name, workflow)
        made.help = made.help or queue.description or text
        return made

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The workflows by queue. To make the options of each would take seconds with hundreds."""
        ctx.meta[_LISTED] = True
        super().format_help(ctx, formatter)

    def command_of(self, name: str, workflow: model.Workflow) -> Any:
        """What is called for the workflow called *name*."""
        raise NotImplementedError


def _line(name: str, queue: model.Queue, workflow: model.Workflow, text: str) -> TyperCommand:
    """What the list of workflows has of one."""
    # Imported here: only a help needs it.
    from rich.markup import escape

    panel, about = "Workflows", queue.description
    if queue.workflows:
        of_queue = name.partition(".")[0]
        panel = f"{of_queue}: {queue.description}" if queue.description else of_queue
        about = None
    shown = workflow.summary or about or text
    return TyperCommand(name, help=escape(shown), rich_help_panel=escape(panel))


def _file_first(args: Sequence[str]) -> list[str]:
    """*args* with `--file NAME` before all others."""
    options = args[: args.index("--")] if "--" in args else args
    for place, option in enumerate(options):
        width = 2 if option in ("--file", "-f") else 1 if option.startswith("--file=") else 0
        if width:
            return [*args[place : place + width], *args[:place], *args[place + width :]]
    return [*args]


def declared(ctx: Any) -> Declared:
    """Every workflow of the file with its queue, by the name that a launch uses.

    Raises:
        UnreadableFile: The file cannot be read.
        InvalidQueuesFile: It has findings.
    """
    file = path(ctx)
    if (_DECLARED, file) not in ctx.meta:
        ctx.meta[_DECLARED, file] = _declared(file)
    found: Declared = ctx.meta[_DECLARED, file]
    return found


def _declared(file: str) -> Declared:
    loaded = load(file)
    if loaded.file is None or errors(loaded.findings):
        raise InvalidQueuesFile(errors(loaded.findings))
    return {
        f"{name}.{workflow_name}" if queue.workflows else name: (queue, workflow)
        for name, queue in loaded.file.queues.items()
        for workflow_name, workflow in resolve.workflows(name, queue).items()
    }


def path(ctx: Any) -> str:
    """The queues file, as `--file` names it on this command or one above."""
    while ctx is not None:
        if "file" in ctx.params:
            return str(ctx.params["file"] or "queues.yaml")
        ctx = ctx.parent
    return "queues.yaml"


def single(name: str, function: Any, help_text: str | None = None) -> Any:
    """The command that *function* makes by its signature."""
    one = typer.Typer(add_completion=False)
    one.command(name, help=help_text)(function)
    return typer.main.get_command(one)


def given_input(text: str | None) -> dict[str, Any]:
    """The inputs that `--input` gives: JSON, `@file`, or `-` for stdin.

    Raises:
        UsageError: It is none of these, or no object.
    """
    if text is None:
        return {}
    try:
        if text == "-":
            text = _standard_input()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
    except OSError as error:
        where = error.filename or "standard input"
        raise UsageError(f"--input: {where}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError("--input: the text is not UTF-8") from None
    values = json_value("--input", text)
    if not isinstance(values, dict):
        raise UsageError("--input: must be a JSON object with the inputs by name")
    return values


def _standard_input() -> str:
    if sys.stdin is None:
        raise UsageError("--input -: standard input is closed")
    # As bytes: what the terminal's locale is does not matter.
    return sys.stdin.buffer.read().decode("utf-8-sig")


def log_for_people() -> None:
    """Warnings as text; what a command tells by its error is not logged as well."""
    logs.configure("text", "warning")
    logging.getLogger("tqrun.launch").addFilter(lambda record: record.levelno < logging.ERROR)


def print_json(shown: Any, output: str) -> None:
    """One line for scripts, several for people; bytes as base64, a number JSON lacks as null."""
    plain = from_json(to_json(shown, bytes_mode="base64", inf_nan_mode="null", fallback=str))
    typer.echo(json.dumps(plain, indent=None if output == "json" else 2, ensure_ascii=False))
