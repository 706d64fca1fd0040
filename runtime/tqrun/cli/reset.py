"""`tqrun reset`: runs restarted from their first step, on today's plan."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.runs import Named, WorkflowId, workflows
from tqrun.diagnostics import quote
from tqrun.errors import Exit, UsageError

if TYPE_CHECKING:
    from tqrun.plan.compile import LaunchPlan
    from tqrun.temporal.client import Connection
    from tqrun.temporal.reset import ResetResult

    Result = ResetResult | tuple[str, str]
    """What came of a run, or its id and why nothing did."""

JSON_VERSION = 1
_TEXT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|/\*.*?\*/""", re.DOTALL)
"""What the server reads as one: a quoted text or a comment of SQL."""


def _options(
    *,
    plan: Annotated[Literal["current"], typer.Option(help="The plan that the file gives today.")],
    workflow_id: WorkflowId = None,
    where: Annotated[
        str | None,
        typer.Option(help="All open runs of the workflow that this list filter finds."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be reset, and reset nothing.")
    ] = False,
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", "-o", help="json: for scripts.")
    ] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options that the command has besides the inputs."""


def _reset(
    run: Named,
    *,
    plan: str,  # noqa: ARG001 - the only one there is; said so that it is meant
    workflow_id: str | None,
    where: str | None,
    yes: bool,
    dry_run: bool,
    output: str,
    address: str | None,
    namespace: str | None,
    profile: str | None,
) -> None:
    if where and (workflow_id or run.values):
        raise UsageError("name one run by its inputs or its id, or many with --where, not both")
    if where and not _is_balanced(where):
        message = f"--where: its brackets or quotes are not balanced: {quote(where)}"
        raise UsageError(message)
    if run.workflow.workflow_class is not None:
        raise UsageError(f"{run.name} is hand-written and has no plan; use temporal workflow reset")
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal.client import Connection

    launch = run.launch()
    connection = Connection(address, namespace, profile)
    if where:
        ids = asyncio.run(_open(connection, launch, where))
        _confirm(len(ids), run.name, asked=not (yes or dry_run))
    else:
        ids = [run.id(launch, workflow_id)]
    results = asyncio.run(_each(connection, launch, ids, dry_run=dry_run, alone=not where))
    (_as_json if output == "json" else _as_text)(results)
    raise typer.Exit(Exit.FINDINGS if any(isinstance(one, tuple) for one in results) else Exit.OK)


def _is_balanced(where: str) -> bool:
    """Whether the filter stays within brackets that are put around it."""
    depth = 0
    for character in _TEXT.sub("", where):
        depth += (character == "(") - (character == ")")
        if depth < 0 or character in "'\"`":
            return False
    return depth == 0


def _confirm(count: int, name: str, *, asked: bool) -> None:
    runs = f"{count} open run{'' if count == 1 else 's'} of {name}"
    if asked and count and not typer.confirm(f"restart {runs} from the first step?", err=True):
        raise typer.Exit(Exit.OK)


async def _open(connection: Connection, launch: LaunchPlan, where: str) -> list[str]:
    from tqrun.temporal.client import connect
    from tqrun.temporal.described import OPEN
    from tqrun.temporal.runs import matching

    client = await connect(connection, launch.namespace)
    query = f'WorkflowType = "{launch.workflow_type}" AND {OPEN} AND ({where})'
    return [workflow_id async for workflow_id, _ in matching(client, query)]


async def _each(
    connection: Connection, launch: LaunchPlan, ids: Sequence[str], *, dry_run: bool, alone: bool
) -> list[Result]:
    from rich.console import Console
    from rich.progress import track

    from tqrun.errors import TqrunError
    from tqrun.temporal.client import connect
    from tqrun.temporal.reset import reset

    client = await connect(connection, launch.namespace)
    console = Console(stderr=True)
    hidden = alone or not console.is_terminal
    results: list[Result] = []
    for one in track(ids, "resetting", console=console, disable=hidden, transient=True):
        try:
            results.append(await reset(client, launch, one, dry_run=dry_run))
        except TqrunError as error:
            if alone:
                raise
            results.append((one, str(error)))
    return results


def _as_text(results: Sequence[Result]) -> None:
    for one in results:
        if isinstance(one, tuple):
            typer.echo(f"failed {one[0]}: {one[1]}")
            continue
        typer.echo(f"{one.status} {one.workflow_id}")
        if one.run_id is not None:
            again = f", {one.signals} signals sent again" if one.signals else ""
            if one.launches > 1:
                again += f", the newest of {one.launches:,} pending launches taken over"
            typer.echo(f"  run {one.run_id} on plan {one.plan} in place of {one.before}{again}")
    if not results:
        typer.echo("no open run is found")


def _as_json(results: Sequence[Result]) -> None:
    """One object with a version number; keys are only ever added to a version."""
    entries = [
        {"status": "failed", "workflow_id": one[0], "error": one[1]}
        if isinstance(one, tuple)
        else dataclasses.asdict(one)
        for one in results
    ]
    typer.echo(json.dumps({"version": JSON_VERSION, "runs": entries}, ensure_ascii=False))


app = typer.Typer(
    cls=workflows("reset", _reset, _options), add_completion=False, no_args_is_help=True
)


@app.callback()
def reset(file: File = "queues.yaml") -> None:
    """Restart a run from its first step on today's plan, with its id, input and memo.

    The server ends the old run and starts the new one at once: if it refuses, the old one goes
    on. Signals that the old run was sent are sent to the new one. Children that the old run
    waits for end with it, as their `parent_close_policy` says; those that go on keep their ids.
    """
