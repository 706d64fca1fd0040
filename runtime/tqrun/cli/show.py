"""`tqrun show`: one run, where it is in its steps, and the plan that it keeps."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.runs import Named, RunId, WorkflowId, workflows
from tqrun.errors import UsageError

if TYPE_CHECKING:
    from tqrun.temporal.show import Shown
    from tqrun.temporal.stuck import Stuck


def _options(
    *,
    workflow_id: WorkflowId = None,
    run_id: RunId = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the plan that the run keeps, as JSON.")
    ] = False,
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", "-o", help="json: for scripts.")
    ] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options that the command has besides the inputs."""


def _show(
    run: Named,
    *,
    workflow_id: str | None,
    run_id: str | None,
    plan: bool,
    output: str,
    address: str | None,
    namespace: str | None,
    profile: str | None,
) -> None:
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal.client import Connection
    from tqrun.temporal.show import shown

    launch = run.launch()
    connection = Connection(address, namespace, profile)
    wanted = run.id(launch, workflow_id)
    found, kept = asyncio.run(shown(connection, launch, wanted, run_id))
    if plan:
        if found.workflow_class is not None:
            raise UsageError(f"{wanted} keeps no plan: {found.workflow_class} is written by hand")
        if kept is None:
            raise UsageError(f"{wanted} keeps no plan: no worker has resolved one for it yet")
        typer.echo(json.dumps(kept.content, indent=2, ensure_ascii=False))
    elif output == "json":
        typer.echo(json.dumps(dataclasses.asdict(found), default=str, ensure_ascii=False))
    else:
        by_hand = run.workflow.workflow_class is not None
        reset = "" if by_hand else f"tqrun reset {run.name} --workflow-id {wanted} --plan current"
        typer.echo("\n".join(_lines(found, reset)))


def _lines(found: Shown, reset: str) -> list[str]:
    until = f" to {found.closed:%Y-%m-%d %H:%M:%S}" if found.closed else ""
    lines = [
        f"{found.status} {found.workflow_id}",
        f"  run {found.run_id} on {found.task_queue}",
        f"  since {found.started:%Y-%m-%d %H:%M:%S}{until} UTC, {found.events} events",
    ]
    if found.paused:
        lines.append(f"  paused {found.paused}")
    if found.starts:
        lines.append(f"  begins at {found.starts:%Y-%m-%d %H:%M:%S} UTC, after its start_delay")
    if found.workflow_class is not None:
        lines.append(f"  hand-written class {found.workflow_class}, without plan and steps")
    elif found.plan is None:
        lines.append("  no plan yet: no worker has resolved one for it")
    else:
        today = "today's" if found.is_current else "not today's: an edit reaches new launches only"
        lines.append(f"  plan {found.plan} ({found.pinned}), {today}")
    if found.error:
        lines.append(f"  {found.error}")
    lines += _stuck_lines(found.stuck, reset) if found.stuck else _going_lines(found)
    return [*lines, f"  {found.ui}"] if found.ui else lines


def _stuck_lines(stuck: Stuck, reset: str) -> list[str]:
    times = "once" if stuck.failures == 1 else f"{stuck.failures} times"
    return [
        f"  its workflow task has failed {times}: {stuck.cause}",
        "  mend that, and workers go on with it" + (f"; or begin anew: {reset}" if reset else ""),
    ]


def _going_lines(found: Shown) -> list[str]:
    lines = [f"  problem: {found.reported_problem}"] if found.reported_problem else []
    if found.workflow_class is not None:
        return [
            *lines,
            *(f"  waits for {one['activity']}{_attempt(one)}" for one in found.activities),
        ]
    return [*lines, *([f"  {found.no_state}"] if found.state is None else _state_lines(found))]


def _attempt(activity: Mapping[str, Any]) -> str:
    return f", attempt {activity['attempt']}" if activity["attempt"] > 1 else ""


def _state_lines(found: Shown) -> list[str]:
    state = found.state or {}
    lines = [] if found.closed else [f"  at {one}" for one in state.get("steps", ())]
    lines += [
        f"  {name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in state.get("locals", {}).items()
    ]
    if state.get("unread_signals"):
        lines.append(f"  unread signals: {', '.join(state['unread_signals'])}")
    if state.get("pending_launches"):
        lines.append(f"  pending launches: {state['pending_launches']}")
    return lines


app = typer.Typer(
    cls=workflows("show", _show, _options), add_completion=False, no_args_is_help=True
)


@app.callback()
def show(file: File = "queues.yaml") -> None:
    """Show a run, named by its workflow and the inputs that are in its id."""
