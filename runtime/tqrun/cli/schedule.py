"""`tqrun schedule`: the schedule of one entity, whose declared name is a template over inputs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from tqrun.cli.fields import Fields, command, own_names
from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.workflows import Workflows, path, single
from tqrun.config import model
from tqrun.config.templates import replaced
from tqrun.diagnostics import did_you_mean
from tqrun.errors import UsageError

_DONE = {"create": "created", "update": "updated", "unchanged": "unchanged"}


def _options(
    *,
    schedule_name: Annotated[
        str, typer.Argument(metavar="NAME", help="As declared; its ${…} may be left out.")
    ],
    output: Annotated[Literal["text", "json"], typer.Option(help="json: for scripts.")] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """What the commands take besides the inputs."""


class _Scheduled(Workflows):
    """One command per workflow, with its inputs as options."""

    def command_of(self, name: str, workflow: model.Workflow) -> Any:
        def act(ctx: typer.Context, values: dict[str, Any], **own: Any) -> None:
            key = _key(workflow, own.pop("schedule_name"))
            shown = asyncio.run(self.outcome(path(ctx), name, key, values, own))
            if own["output"] == "json":
                typer.echo(json.dumps(shown, ensure_ascii=False))
                return
            typer.echo(f"{shown['status']} {shown['schedule_id']}")
            if "workflow_id" in shown:
                typer.echo(f"  starts {shown['workflow_id']}, to which Temporal appends the time")

        fields = Fields(workflow.input, "input_", own_names(_options))
        return single(name, command(act, fields, _options))

    async def outcome(
        self, file: str, name: str, key: str, values: Mapping[str, Any], own: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What is printed when it is done."""
        raise NotImplementedError


class _Ensured(_Scheduled):
    verb = "schedule"

    async def outcome(
        self, file: str, name: str, key: str, values: Mapping[str, Any], own: Mapping[str, Any]
    ) -> dict[str, Any]:
        from tqrun.temporal.schedules import ensure

        queues = _queues(file, own)
        change = await ensure(queues, queues.registry.workflow(name), key, values)
        starts = {"workflow_id": change.target.start.workflow_id} if change.target else {}
        return {"status": _DONE[change.action], "schedule_id": change.id, **starts}


class _Deleted(_Scheduled):
    verb = "unschedule"

    async def outcome(
        self, file: str, name: str, key: str, values: Mapping[str, Any], own: Mapping[str, Any]
    ) -> dict[str, Any]:
        from tqrun.temporal.schedules import remove

        queues = _queues(file, own)
        schedule_id, found = await remove(queues, queues.registry.workflow(name), key, values)
        return {"status": "deleted" if found else "not_found", "schedule_id": schedule_id}


def _queues(file: str, own: Mapping[str, Any]) -> Any:
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal.queues import open_queues

    connection = {one: own[one] for one in ("address", "namespace", "profile")}
    return open_queues(file, **connection)


app = typer.Typer(add_completion=False, no_args_is_help=True)
_ensure = typer.Typer(cls=_Ensured, add_completion=False, no_args_is_help=True)
_delete = typer.Typer(cls=_Deleted, add_completion=False, no_args_is_help=True)
app.add_typer(_ensure, name="ensure")
app.add_typer(_delete, name="delete")


@app.callback()
def schedule(file: File = "queues.yaml") -> None:
    """Make or delete the schedule of one entity, such as `digest-${workspace_id}`.

    Schedules of a fixed name are made by `tqrun apply`, which brings those of entities up to
    date too.
    """


@_ensure.callback()
def ensure() -> None:
    """Make the schedule of one entity, or bring it up to date.

    Prints `created`, `updated` or `unchanged`; all are success.
    """


@_delete.callback()
def delete() -> None:
    """Delete the schedule of one entity.

    Prints `deleted` or `not_found`; both are success.
    """


def _key(workflow: model.Workflow, name: str) -> str:
    """The declared schedule that *name* means: `digest-${workspace_id}`, or only `digest`."""
    short = {
        key: replaced(key, lambda _: "").strip("-_.:/ ")
        for key in workflow.schedules
        if "${" in key
    }
    meant = [key for key, plain in short.items() if name in (key, plain)]
    if len(meant) == 1:
        return meant[0]
    if name in workflow.schedules:
        raise UsageError(f'schedule "{name}" is one for all; "tqrun apply" makes it')
    hint = did_you_mean(name, short.values()) or "; the workflow declares none"
    raise UsageError(f'there is no one schedule "{name}" that is named by inputs{hint}')
