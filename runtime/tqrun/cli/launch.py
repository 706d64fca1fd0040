"""`tqrun launch`: one command per declared workflow, with one option per declared input."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from tqrun.cli.fields import Fields, command, own_names
from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.workflows import Workflows, given_input, log_for_people, path, print_json, single
from tqrun.config import model
from tqrun.errors import Exit, RunFailed


class _Launches(Workflows):
    verb = "launch"

    def command_of(self, name: str, workflow: model.Workflow) -> Any:
        def act(ctx: typer.Context, values: dict[str, Any], **own: Any) -> None:
            _launch(name, path(ctx), {**given_input(own.pop("input")), **values}, **own)

        fields = Fields(workflow.input, "input_", own_names(_own_options))
        return single(name, command(act, fields, _own_options))


app = typer.Typer(cls=_Launches, add_completion=False, no_args_is_help=True)


@app.callback()
def launch(file: File = "queues.yaml") -> None:
    """Launch a workflow, with one option for each of its inputs.

    Prints the workflow id and `started`, `already_running`, `joined` (a run that is going was
    handed the launch) or `already_finished`; all are success.
    """


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
    from tqrun.temporal.core_logs import forward_core_logs
    from tqrun.temporal.queues import open_queues
    from tqrun.temporal.start import prepare

    queues = open_queues(path, address=address, namespace=namespace, profile=profile)
    if dry_run:
        print_json(dataclasses.asdict(prepare(queues.registry.workflow(name), values)), output)
        return
    log_for_people()
    forward_core_logs("ERROR")
    status = asyncio.run(_run(queues, name, values, wait=wait, output=output))
    if status == "already_running" and fail_if_running:
        raise typer.Exit(Exit.ALREADY_RUNNING)


async def _run(queues: Any, name: str, values: dict[str, Any], *, wait: bool, output: str) -> str:
    launched = await queues.launch(name, **values)
    shown = dataclasses.asdict(launched)
    if launched.status == "already_running":
        given = queues.registry.workflow(name).inputs.normalise(values)
        running = await queues.running_input(name, launched)
        shown |= {} if running is None else {"same_input": running == given}
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
                print_json(shown["result"], output)
    except RunFailed as error:
        shown["error"] = str(error)
        raise
    finally:
        if output == "json":
            print_json(shown, output)
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
    if shown["status"] == "joined":
        typer.echo("  a run that is going was handed the launch")
    if shown.get("same_input") is False:
        typer.echo("  the running one was started with other input")
