"""`tqrun schema`: the JSON Schema of a queues file."""

from __future__ import annotations

import typer

from tqrun.config.schema import schema_text

app = typer.Typer(add_completion=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of queues.yaml, for editors."""
    typer.echo(schema_text(), nl=False)
