"""`tqrun explain`: the page of a rule, what a queue's workflows do, or the list of all rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tqrun.cli.options import File
from tqrun.config.pages import codes, page, titles

if TYPE_CHECKING:
    from tqrun.plan.explain import Line

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE|QUEUE]",
            help="A rule, as in the brackets after a finding; or a queue, or queue.workflow.",
        ),
    ] = None,
    file: File = "queues.yaml",
) -> None:
    """Explain a finding: what, why, how to mend; or a queue: its steps, parameter by parameter.

    Without an argument, list all rules.
    """
    if what is None:
        known = titles()
        width = max(map(len, known))
        typer.echo("\n".join(f"{name:{width}}  {title}" for name, title in known.items()))
    elif "-" in what or what in codes():
        # No queue has a dash in its name, and nearly every rule has.
        _show_page(page(what))
    else:
        _show_queue(what, file)


def _show_page(text: str) -> None:
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.print(Markdown(text), width=min(console.width, 100))


def _show_queue(name: str, file: str) -> None:
    from tqrun.plan.explain import costs, explained
    from tqrun.plan.registry import Registry

    registry = Registry(file)
    launches = [registry.workflow(name)] if "." in name else registry.queue(name)
    show = _show_table if sys.stdout.isatty() else _show_plain
    for launch in launches:
        title = f"{launch.name}  {launch.workflow_id.text}"
        show(title, costs(launch), explained(registry, launch))


def _show_plain(title: str, costs: str, lines: list[Line]) -> None:
    typer.echo(f"{title}\n  {costs}")
    bound = [line for line in lines if line.parameter]
    widths = [
        max((len(text) for text in texts), default=0)
        for texts in (
            ["  " * line.depth + line.parameter for line in bound],
            [line.value for line in bound],
        )
    ]
    for line in lines:
        indent = "  " * (line.depth + 1)
        if line.step:
            typer.echo(f"{indent}{line.step}")
            continue
        parameter = f"{indent}{line.parameter}"
        typer.echo(f"{parameter:{widths[0] + 2}}  {line.value:{widths[1]}}  {line.why}")


def _show_table(title: str, costs: str, lines: list[Line]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", caption=costs, caption_justify="left")
    for header in ("step or parameter", "value", "why"):
        table.add_column(header, overflow="fold")
    for line in lines:
        cells = ("  " * line.depth + (line.step or line.parameter), line.value, line.why)
        table.add_row(*map(Text, cells))
    Console().print(table)
