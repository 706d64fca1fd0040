"""`tqrun explain`: the page of a rule, or the list of all rules."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tqrun.config.pages import page, titles

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    code: Annotated[
        str | None, typer.Argument(help="A rule, as in the brackets after a finding.")
    ] = None,
) -> None:
    """Explain a finding: what, why, how to mend. Without CODE, list all rules."""
    if code is None:
        known = titles()
        width = max(map(len, known))
        typer.echo("\n".join(f"{name:{width}}  {title}" for name, title in known.items()))
        return
    text = page(code)
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    console.print(Markdown(text), width=min(console.width, 100))
