"""`tqrun apply`: the declared schedules and search attributes on the server, after a plan."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.errors import Exit, UsageError

if TYPE_CHECKING:
    from tqrun.temporal.schedules import Change

app = typer.Typer(add_completion=False)

JSON_VERSION = 1
_SIGNS = {
    "register": "+",
    "create": "+",
    "update": "~",
    "delete": "-",
    "keep": "=",
    "undeclared": "=",
    "stuck": "!",
}
_DONE = {
    "register": "registered",
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "unchanged": "unchanged",
    "keep": "kept",
    "stuck": "stuck",
    "undeclared": "no longer declared",
}
_APPENDED = " (Temporal appends the time of each start)"


@app.command()
def apply(
    file: File = "queues.yaml",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, and change nothing.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Delete schedules that the file no longer declares."),
    ] = False,
    removed: Annotated[
        list[str] | None,
        typer.Option(
            "--removed-queue",
            help="With --prune: a queue that the file had once; may be repeated.",
        ),
    ] = None,
    output: Annotated[Literal["text", "json"], typer.Option(help="json: for scripts.")] = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """Create and update the declared schedules, and register the search attributes.

    Prints what differs first. A schedule keeps whether it is paused, and its notes. Nothing is
    deleted without --prune, and nothing ever that tqrun has not made. Exits with 1 if a schedule
    cannot be brought up to date, 4 if the server cannot be reached or refuses.
    """
    if removed and not prune:
        raise UsageError("--removed-queue says what --prune deletes; give both")
    # Imported here: temporalio costs 120 ms.
    from tqrun.temporal.queues import open_queues

    queues = open_queues(file, address=address, namespace=namespace, profile=profile)
    for queue in removed or ():
        if queue in queues.registry.file.queues:
            raise UsageError(f'--removed-queue: "{queue}" is in {file}')
    changes = asyncio.run(
        _apply(queues, prune=prune, removed=removed or (), dry_run=dry_run, output=output)
    )
    if any(change.action == "stuck" for change in changes):
        raise typer.Exit(Exit.FINDINGS)


async def _apply(
    queues: Any, *, prune: bool, removed: Sequence[str], dry_run: bool, output: str
) -> list[Change]:
    from tqrun.temporal.schedules import carry_out, planned

    changes = await planned(queues, prune=prune, removed=removed)
    if output == "text":
        for line in _plan(changes):
            typer.echo(line)
    if not dry_run:
        for change in changes:
            await carry_out(queues, change)
    if output == "json":
        typer.echo(json.dumps(_as_json(changes, dry_run), ensure_ascii=False))
    else:
        typer.echo(_summary(changes, dry_run))
    return changes


def _plan(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        if change.action == "unchanged":
            continue
        reason = f": {change.reason}" if change.reason else ""
        kind = change.kind.replace("_", " ")
        yield f"{_SIGNS[change.action]} {kind} {change.id}{_in(change, changes)}{reason}"
        for name, (old, new) in change.fields.items():
            shown = _value(new) if change.action != "update" else f"{_value(old)} -> {_value(new)}"
            yield f"    {name}: {shown}{_APPENDED if name == 'workflow_id' else ''}"


def _in(change: Change, changes: Sequence[Change]) -> str:
    """The namespace, where there are several."""
    several = len({one.namespace for one in changes}) > 1
    return f" in {change.namespace}" if several else ""


def _value(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or value == {}:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _summary(changes: Sequence[Change], dry_run: bool) -> str:
    counts = Counter[str](change.action for change in changes)
    parts = [
        f"{counts[action]} {f'to {action}' if dry_run and action in _TO_DO else done}"
        for action, done in _DONE.items()
        if counts[action]
    ]
    left = counts["undeclared"]
    hint = f"; --prune deletes {'it' if left == 1 else 'them'}" if left else ""
    return f"{', '.join(parts)}{hint}" if parts else "nothing declared"


_TO_DO = ("register", "create", "update", "delete")


def _as_json(changes: Sequence[Change], dry_run: bool) -> dict[str, Any]:
    """One object with a version number; keys are only ever added to a version."""
    entries = [
        {
            "action": change.action,
            "kind": change.kind,
            "namespace": change.namespace,
            "id": change.id,
            "fields": {
                name: {"old": old, "new": new} for name, (old, new) in change.fields.items()
            },
            "reason": change.reason or None,
        }
        for change in changes
    ]
    return {"version": JSON_VERSION, "dry_run": dry_run, "changes": entries}
