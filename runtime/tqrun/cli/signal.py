"""`tqrun signal`: send a declared signal to a run, with one option for each of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from tqrun.cli.fields import Fields, command, own_names
from tqrun.cli.options import Address, File, Namespace, Profile
from tqrun.cli.requests import Input, Output, addressing, request
from tqrun.cli.workflows import Workflows, declared, given_input, path, single
from tqrun.config import model
from tqrun.diagnostics import did_you_mean
from tqrun.errors import UnknownSignal


def _address_options(*, input: Input = None) -> None:  # noqa: A002
    """What stands before the signal, besides the inputs."""


def _options(
    *,
    output: Output = "text",
    address: Address = None,
    namespace: Namespace = None,
    profile: Profile = None,
) -> None:
    """What stands after the signal, besides its fields."""


class _Signals(Workflows):
    verb = "signal"

    def list_commands(self, ctx: Any) -> list[str]:
        """Every workflow that declares signals, in file order."""
        return [name for name, (_, workflow) in declared(ctx).items() if workflow.signals]

    def command_of(self, name: str, workflow: model.Workflow) -> Any:
        """A group with the inputs in the id as options, and the signals as commands."""

        def act(ctx: typer.Context, values: dict[str, Any], **own: Any) -> None:
            ctx.obj = {**given_input(own.pop("input")), **values}

        class OfOne(_Declared):
            workflow_name, signals = name, workflow.signals

        one = typer.Typer(cls=OfOne, add_completion=False, no_args_is_help=True)
        fields = addressing(workflow, own_names(_address_options))
        one.callback(help=f"Signal a run of {name}: the inputs in its id, then the signal.")(
            command(act, fields, _address_options)
        )
        made = typer.main.get_command(one)
        made.name = name
        return made


class _Declared(TyperGroup):
    """The signals of one workflow."""

    workflow_name = ""
    signals: Mapping[str, Any] = {}

    def list_commands(self, _: Any) -> list[str]:
        return list(self.signals)

    def get_command(self, _: Any, cmd_name: str) -> Any:
        if cmd_name not in self.signals:
            hint = did_you_mean(cmd_name, self.signals) or "; it declares none"
            raise UnknownSignal(f'{self.workflow_name} has no signal "{cmd_name}"{hint}')

        def act(ctx: typer.Context, payload: dict[str, Any], **own: Any) -> None:
            inputs = ctx.obj
            request(
                path(ctx),
                lambda queues: queues.signal(self.workflow_name, cmd_name, payload, **inputs),
                **own,
            )

        fields = Fields(self.signals[cmd_name], "field_", own_names(_options))
        text = f"Send {cmd_name} to a run of {self.workflow_name}."
        return single(cmd_name, command(act, fields, _options), text)


app = typer.Typer(cls=_Signals, add_completion=False, no_args_is_help=True)


@app.callback()
def signal(file: File = "queues.yaml") -> None:
    """Send a signal to the run that the inputs address, with an option for each of its fields.

    Prints `sent` or `not_found` and the workflow id; both are success.
    """
