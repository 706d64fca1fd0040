"""`tqrun launch`: one command per declared workflow, with one option per declared input."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import logging
import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from tqrun import logs
from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.config import model, resolve
from tqrun.config.load import load
from tqrun.diagnostics import did_you_mean, errors
from tqrun.errors import Exit, InvalidQueuesFile, RunFailed, UsageError

_TYPES: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
_INPUT = "input_"
"""Begins the Python parameter of every input, so that `class` and `output` can be inputs."""


class _Workflows(TyperGroup):
    """The workflows of the file that `--file` names, each as a command."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name that can be launched, in file order."""
        return list(_declared(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one workflow, with an option per input."""
        declared = _declared(ctx)
        if cmd_name not in declared:
            hint = did_you_mean(cmd_name, declared)
            raise UsageError(f'there is no workflow "{cmd_name}" to launch{hint}')
        description, workflow = declared[cmd_name]
        single = typer.Typer(add_completion=False)
        single.command(cmd_name, help=description)(_command(cmd_name, workflow))
        return typer.main.get_command(single)


app = typer.Typer(cls=_Workflows, add_completion=False, no_args_is_help=True)


@app.callback()
def launch(ctx: typer.Context, file: File = "queues.yaml") -> None:
    """Launch a workflow, with one option for each of its inputs.

    Prints the workflow id and `started` or `already_running`; both are success.
    """
    ctx.obj = file


def _declared(ctx: Any) -> dict[str, tuple[str, model.Workflow]]:
    path = ctx.params.get("file") or "queues.yaml"
    loaded = load(path)
    if loaded.file is None or errors(loaded.findings):
        raise InvalidQueuesFile(errors(loaded.findings))
    found = {}
    for name, queue in loaded.file.queues.items():
        for workflow_name, workflow in resolve.workflows(name, queue).items():
            key = f"{name}.{workflow_name}" if queue.workflows else name
            found[key] = (queue.description or f"Launch {key}.", workflow)
    return found


def _command(name: str, workflow: model.Workflow) -> Callable[..., None]:
    """A function whose signature has an option for each input, as Typer reads signatures."""

    def start(ctx: typer.Context, **given: Any) -> None:
        own = {option: given.pop(option) for option in _own_names() & given.keys()}
        values = {
            field: _parsed(schema, _flag(field, workflow.input), given[_INPUT + field])
            for field, schema in workflow.input.items()
            if given[_INPUT + field] is not None
        }
        path = ctx.parent.params["file"] if ctx.parent else "queues.yaml"
        _launch(name, path, {**_given_input(own.pop("input")), **values}, **own)

    parameters = [
        inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    ]
    parameters += [_input_option(field, workflow.input) for field in workflow.input]
    parameters += inspect.signature(_own_options, eval_str=True).parameters.values()
    start.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    start.__annotations__ = {one.name: one.annotation for one in parameters}
    return start


def _own_options(
    *,
    input: Annotated[  # noqa: A002
        str | None, typer.Option(help="All inputs at once: JSON, @file, or - for stdin.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the run and print its result.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be started, and start nothing.")
    ] = False,
    fail_if_running: Annotated[
        bool, typer.Option("--fail-if-running", help="Exit with 5 if it is running already.")
    ] = False,
    output: Annotated[Literal["text", "json"], typer.Option(help="json: for scripts.")] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options that every workflow's command has besides its inputs."""


@cache
def _own_names() -> frozenset[str]:
    return frozenset(inspect.signature(_own_options).parameters)


def _flag(field: str, declared: Collection[str]) -> str:
    """`--field`, or `--input-field` where launch itself has an option of that name."""
    name = field
    while name in _own_names() | {"file", "help"} or (name != field and name in declared):
        name = _INPUT + name
    return f"--{name.replace('_', '-')}"


def _input_option(field: str, declared: Mapping[str, Any]) -> inspect.Parameter:
    schema = declared[field]
    kinds = schema.get("type", "any")
    kind = (
        next((one for one in kinds if one != "null"), "any") if isinstance(kinds, list) else kinds
    )
    python = _TYPES.get(kind, str)
    about = [schema.get("description", ""), kind if kind in _TYPES else f"{kind}, as JSON"]
    if "enum" in schema:
        about.append("one of " + ", ".join(map(str, schema["enum"])))
    about.append(f"default: {json.dumps(schema['default'])}" if "default" in schema else "required")
    flag = _flag(field, declared)
    has_no = python is bool and f"no_{field}" not in declared
    flags = [f"{flag}/--no-{flag[2:]}"] if has_no else [flag]
    option = typer.Option(
        *flags, help="; ".join(part for part in about if part), show_default=False
    )
    return inspect.Parameter(
        _INPUT + field,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[python | None, option],
    )


def _parsed(schema: Mapping[str, Any], flag: str, value: Any) -> Any:
    kinds = schema.get("type", "any")
    if not isinstance(value, str) or "string" in (kinds if isinstance(kinds, list) else [kinds]):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise UsageError(f"{flag}: not valid JSON: {error}") from None


def _given_input(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        values = json.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"--input: {error}") from None
    if not isinstance(values, dict):
        raise UsageError("--input: must be a JSON object with the inputs by name")
    return values


def _launch(
    name: str,
    path: str,
    values: dict[str, Any],
    *,
    wait: bool,
    dry_run: bool,
    fail_if_running: bool,
    output: str,
    address: str | None,
    namespace: str | None,
    profile: str | None,
) -> None:
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal.queues import open_queues
    from tqrun.temporal.start import prepare

    queues = open_queues(path, address=address, namespace=namespace, profile=profile)
    if dry_run:
        _print(dataclasses.asdict(prepare(queues.registry.workflow(name), values)), output)
        return
    _log_for_people()
    status = asyncio.run(_run(queues, name, values, wait=wait, output=output))
    if status == "already_running" and fail_if_running:
        raise typer.Exit(Exit.ALREADY_RUNNING)


def _log_for_people() -> None:
    logs.configure("text", "warning")
    # A failed launch is told by its error already.
    logging.getLogger("tqrun.launch").addFilter(lambda record: record.levelno < logging.ERROR)


async def _run(queues: Any, name: str, values: dict[str, Any], *, wait: bool, output: str) -> str:
    launched = await queues.launch(name, **values)
    shown = dataclasses.asdict(launched)
    if launched.status == "already_running":
        given = queues.registry.workflow(name).inputs.normalise(values)
        shown["same_input"] = await queues.running_input(launched) == given
    page = await queues.ui_address(launched)
    shown |= {"ui": page} if page else {}
    for task_queue in await queues.not_polled(name, launched):
        typer.echo(f"no worker polls {task_queue}", err=True)
    if output == "text":
        _print_text(shown)
    try:
        if wait:
            shown["result"] = await _waited(queues, launched)
            if output == "text":
                typer.echo(json.dumps(shown["result"], indent=2, ensure_ascii=False, default=str))
    except RunFailed as error:
        shown["error"] = str(error)
        raise
    finally:
        if output == "json":
            _print(shown, output)
    return str(launched.status)


async def _waited(queues: Any, launched: Any) -> Any:
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        return await queues.wait(launched)
    with console.status(f"waiting for {launched.workflow_id}"):
        return await queues.wait(launched)


def _print_text(shown: Mapping[str, Any]) -> None:
    typer.echo(f"{shown['status']} {shown['workflow_id']}")
    typer.echo(f"  run {shown['run_id']} on {shown['task_queue']}")
    if "ui" in shown:
        typer.echo(f"  {shown['ui']}")
    if shown.get("same_input") is False:
        typer.echo("  the running one was started with other input")


def _print(shown: Mapping[str, Any], output: str) -> None:
    typer.echo(json.dumps(shown, indent=None if output == "json" else 2, ensure_ascii=False))
