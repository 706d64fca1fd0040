"""`tqrun query`: ask a run what it is doing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.requests import Input, Output, Requests, request


def _options(
    *,
    query: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A declared query; else the state.")
    ] = None,
    input: Input = None,  # noqa: A002
    output: Output = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options of the command besides the inputs."""


class _Queries(Requests):
    verb, options = "query", staticmethod(_options)

    def request(self, file: str, name: str, inputs: Mapping[str, Any], **own: Any) -> None:
        query = own.pop("query")
        request(file, lambda queues: queues.query(name, query, **inputs), **own)


app = typer.Typer(cls=_Queries, add_completion=False, no_args_is_help=True)


@app.callback()
def query(file: File = "queues.yaml") -> None:
    """Ask the run that the inputs address: a declared query, or where it is.

    Prints the answer as JSON, or `not_found` and the workflow id; both are success.
    """
