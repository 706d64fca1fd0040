"""`tqrun worker`: serve queues until the process is told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from tqrun import logs
from tqrun.cli.options import Address, File, LogFormat, LogLevel, Namespace, Profile
from tqrun.config.values import parse_duration
from tqrun.diagnostics import did_you_mean
from tqrun.errors import UsageError
from tqrun.plan.registry import Registry, Service

if TYPE_CHECKING:
    from rich.table import Table

_LINES_BELOW = 12
"""Of a screen that the table leaves free."""
_MOST_NAMED = 5
"""Activities, or task queues, of one row."""

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    queues: Annotated[list[str], typer.Argument(help='Queues to serve, or "all".')],
    file: File = "queues.yaml",
    exclude: Annotated[
        list[str] | None, typer.Option("--except", help="A queue not to serve; may be repeated.")
    ] = None,
    task_queue: Annotated[
        list[str] | None, typer.Option(help="Serve only this task queue; may be repeated.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="QUEUE.OPTION=VALUE: a worker option of this environment."),
    ] = None,
    wait: Annotated[
        str, typer.Option("--wait-for-server", help="Give up on a server that is not up after.")
    ] = "5m",
    health: Annotated[
        str | None, typer.Option(help="host:port that answers /livez and /readyz.")
    ] = None,
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
    log_format: LogFormat = "auto",
    log_level: LogLevel = "info",
    # For `tqrun dev`, whose workers start again and again.
    table: Annotated[bool, typer.Option("--table/--no-table", hidden=True)] = True,
) -> None:
    """Run the workers of queues, draining versions included.

    SIGTERM or Ctrl-C drains within each queue's `graceful_shutdown_timeout`; a second one ends
    the process at once. Exits with 1 for findings in the file, 3 if it cannot be read, 6 if a
    module does not import, 4 if the server cannot be reached.
    """
    logs.configure(log_format, log_level)
    registry = Registry(file, overrides=_overrides(settings or ()))
    services = registry.services(_chosen(registry, queues, exclude or ()))
    services = _only(services, task_queue or ())
    try:
        give_up_after = parse_duration(wait)
    except ValueError as error:
        raise UsageError(f"--wait-for-server: {error}") from None
    # Imported here: temporalio costs 120 ms, and a file with findings needs none of it.
    from tqrun.temporal.client import Connection
    from tqrun.temporal.ending import end_children
    from tqrun.temporal.worker import WorkerProcess, quiet_sdk

    if table and sys.stderr.isatty():
        _show(services)
    quiet_sdk()
    connection = Connection(address, namespace, profile)
    process = WorkerProcess(
        services,
        connection,
        give_up_after=give_up_after,
        health=health,
        log_services=not sys.stderr.isatty(),
    )
    try:
        asyncio.run(process.run())
    finally:
        end_children()


def _chosen(registry: Registry, queues: Sequence[str], exclude: Sequence[str]) -> list[str]:
    known = registry.file.queues
    for name in (*queues, *exclude):
        if name != "all" and name not in known:
            raise UsageError(f'there is no queue "{name}"{did_you_mean(name, known)}')
    wanted = known if "all" in queues else dict.fromkeys(queues)
    chosen = [name for name in wanted if name not in exclude]
    if not chosen:
        raise UsageError("no queue is left to serve")
    return chosen


def _only(services: Sequence[Service], task_queues: Sequence[str]) -> list[Service]:
    if not task_queues:
        return list(services)
    known = [service.task_queue for service in services]
    for name in task_queues:
        if name not in known:
            raise UsageError(f'there is no task queue "{name}"{did_you_mean(name, known)}')
    return [service for service in services if service.task_queue in task_queues]


def _overrides(settings: Sequence[str]) -> dict[str, dict[str, str]]:
    """`queue.option=value` by queue and option."""
    found: dict[str, dict[str, str]] = {}
    for text in settings:
        path, equals, value = text.partition("=")
        queue, dot, option = path.partition(".")
        if not (equals and dot and queue and option and value):
            raise UsageError(f'--set {text}: write for example "your_queue.max_cached_workflows=9"')
        found.setdefault(queue, {})[option] = value
    return found


def _show(services: Sequence[Service]) -> None:
    """What this process serves, as a table on stderr: a row per queue and version.

    It leaves room on the screen for what comes after it.
    """
    from rich.console import Console

    console = Console(stderr=True)
    groups = [[*served] for _, served in groupby(services, lambda one: (one.queue, one.version))]
    room = max(console.height - _LINES_BELOW, 2)
    shown = len(groups)
    while shown > 1 and len(console.render_lines(_table(groups[:shown]), pad=False)) > room:
        shown -= 1
    console.print(_table(groups[:shown]))
    if left := len(groups) - shown:
        console.print(f"and {left} more")


def _table(groups: Sequence[Sequence[Service]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("queue", overflow="fold")
    table.add_column("version", justify="right")
    table.add_column("task queue", overflow="fold")
    table.add_column("activities", overflow="fold")
    table.add_column("at once", justify="right")
    for served in groups:
        table.add_row(
            served[0].queue,
            str(served[0].version),
            _few([one.task_queue for one in served]),
            _few([*served[0].activities]),
            str(served[0].options.max_concurrent_activities),
        )
    return table


def _few(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMED:
        return "\n".join(names)
    return "\n".join((*names[: _MOST_NAMED - 1], f"and {len(names) - _MOST_NAMED + 1} more"))
