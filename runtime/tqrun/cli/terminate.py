"""`tqrun terminate`: end a run at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.requests import Input, Output, Requests, request


def _options(
    *,
    reason: Annotated[str | None, typer.Option(help="Why; shown in the Temporal UI.")] = None,
    input: Input = None,  # noqa: A002
    output: Output = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options of the command besides the inputs."""


class _Terminations(Requests):
    verb, options = "terminate", staticmethod(_options)

    def request(self, file: str, name: str, inputs: Mapping[str, Any], **own: Any) -> None:
        reason = own.pop("reason")
        request(file, lambda queues: queues.terminate(name, reason, **inputs), **own)


app = typer.Typer(cls=_Terminations, add_completion=False, no_args_is_help=True)


@app.callback()
def terminate(file: File = "queues.yaml") -> None:
    """End the run at once that the inputs address; nothing of it cleans up.

    Prints `terminated` or `not_found` and the workflow id; both are success.
    """
