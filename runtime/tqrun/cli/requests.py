"""What the commands share that reach one run: the inputs that address it, and what is printed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

import typer

from tqrun.cli.fields import Fields, command, own_names
from tqrun.cli.workflows import Workflows, given_input, log_for_people, path, print_json, single
from tqrun.config import model
from tqrun.errors import UsageError
from tqrun.plan.expressions import references

Output = Annotated[Literal["text", "json"], typer.Option(help="json: for scripts.")]
Input = Annotated[
    str | None, typer.Option(help="The run's inputs at once: JSON, @file, or - for stdin.")
]


class Requests(Workflows):
    """The workflows whose runs can be reached, each a command with the inputs in its id."""

    options: Callable[..., None]

    def command_of(self, name: str, workflow: model.Workflow) -> Any:
        """The command for one workflow, with the options that the subclass declares."""

        def act(ctx: typer.Context, values: dict[str, Any], **own: Any) -> None:
            inputs = {**given_input(own.pop("input")), **values}
            self.request(path(ctx), name, inputs, **own)

        declared = type(self).options
        fields = addressing(workflow, own_names(declared))
        return single(
            name, command(act, fields, declared), f"{self.verb.capitalize()} a run of {name}."
        )

    def request(self, file: str, name: str, inputs: Mapping[str, Any], **own: Any) -> None:
        """Do it and print what it came to."""
        raise NotImplementedError


def addressing(workflow: model.Workflow, taken: frozenset[str]) -> Fields:
    """The inputs that the workflow id names, as options of a command that has *taken* others."""
    try:
        needed = references(workflow.workflow_id or "")
    except ValueError:
        raise UsageError('its workflow_id has findings; see "tqrun check"') from None
    return Fields(
        {name: schema for name, schema in workflow.input.items() if name in needed}, "input_", taken
    )


def request(
    file: str,
    ask: Callable[[Any], Awaitable[Any]],
    *,
    output: str,
    address: str | None,
    namespace: str | None,
    profile: str | None,
) -> None:
    """Do what *ask* does with the queues of *file*, and print what it came to."""
    # Imported here, after the options are known to be good: temporalio costs 120 ms.
    from tqrun.temporal.queues import open_queues

    queues = open_queues(file, address=address, namespace=namespace, profile=profile)
    log_for_people()

    async def asked() -> Any:
        return await ask(queues)

    shown = dataclasses.asdict(asyncio.run(asked()))
    if output == "json":
        print_json(shown, output)
    elif shown["status"] == "answered":
        typer.echo(json.dumps(shown["answer"], indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{shown['status']} {shown['workflow_id']}")
