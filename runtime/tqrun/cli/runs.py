"""What the commands for one run share: it is named by its inputs, or by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tqrun.cli.fields import command, own_names
from tqrun.cli.requests import addressing
from tqrun.cli.workflows import Workflows, path, single
from tqrun.config import model

if TYPE_CHECKING:
    from tqrun.plan.compile import LaunchPlan

WorkflowId = Annotated[
    str | None,
    typer.Option(help="The id itself, in place of inputs: of a scheduled run, for example."),
]
RunId = Annotated[
    str | None, typer.Option(help="An earlier run of the id; if not given, the latest one.")
]


@dataclass(frozen=True)
class Named:
    """A workflow of the file, and what was given to name one run of it.

    Attributes:
        name: As a launch names it.
        workflow: Its entry.
        file: The queues file.
        values: The inputs that are in the id.
    """

    name: str
    workflow: model.Workflow
    file: str
    values: Mapping[str, Any]

    def launch(self) -> LaunchPlan:
        """The workflow, compiled.

        Raises:
            InvalidQueuesFile: It has findings.
        """
        from tqrun.plan.registry import Registry

        return Registry(self.file).workflow(self.name)

    def id(self, launch: LaunchPlan, given: str | None) -> str:
        """The id that was *given*, else the one that the inputs make.

        Raises:
            InvalidInput: They do not fit.
        """
        from tqrun.temporal.requests import address

        return given or address(launch, self.values)


def workflows(verb: str, act: Callable[..., None], options: Callable[..., None]) -> type[Workflows]:
    """A group with a command per workflow, which calls *act* with a `Named` and the *options*."""

    class Commands(Workflows):
        def command_of(self, name: str, workflow: model.Workflow) -> Any:
            def called(ctx: typer.Context, values: dict[str, Any], **own: Any) -> None:
                act(Named(name, workflow, path(ctx), values), **own)

            fields = addressing(workflow, own_names(options))
            return single(name, command(called, fields, options), f"{verb.capitalize()} {name}.")

    Commands.verb = verb
    return Commands
