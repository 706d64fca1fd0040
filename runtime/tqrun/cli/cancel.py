"""`tqrun cancel`: ask a run to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.requests import Input, Output, Requests, request


def _options(
    *,
    input: Input = None,  # noqa: A002
    output: Output = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """The options of the command besides the inputs."""


class _Cancellations(Requests):
    verb, options = "cancel", staticmethod(_options)

    def request(self, file: str, name: str, inputs: Mapping[str, Any], **own: Any) -> None:
        request(file, lambda queues: queues.cancel(name, **inputs), **own)


app = typer.Typer(cls=_Cancellations, add_completion=False, no_args_is_help=True)


@app.callback()
def cancel(file: File = "queues.yaml") -> None:
    """Ask the run to stop that the inputs address; its steps may still clean up.

    Prints `cancel_requested` or `not_found` and the workflow id; both are success.
    """
