"""What every kind of step needs: the names in scope, and values checked against them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tqrun.config import model, steps
from tqrun.config.source import Location
from tqrun.config.values import Expression
from tqrun.diagnostics import quote
from tqrun.plan import model as plan
from tqrun.plan.calls import Calls
from tqrun.plan.expressions import (
    ExpressionError,
    Schema,
    compile_template,
    references,
    types,
)
from tqrun.plan.report import Report
from tqrun.plan.scope import RESERVED, Name, Scope, WriteError

ALWAYS: Mapping[str, Schema] = {
    "version": {"type": "integer"},
    "workflow.id": {"type": "string"},
    "workflow.run_id": {"type": "string"},
    "workflow.start_time": {"type": "string", "format": "date-time"},
}
"""What every workflow can name besides its inputs and locals."""


_NUMBERS = frozenset({"maximum_attempts", "backoff_coefficient"})
"""Options of a call that are numbers; the others with expressions are durations."""


class Context:
    """One workflow on its way to a plan: its scope where the compiler stands, and its findings.

    Attributes:
        scope: The names of the body that is being compiled.
        block: Compiles a list of steps.
        children: The compiled child of each step that starts one.
    """

    def __init__(
        self,
        calls: Calls,
        report: Report,
        workflow: model.Workflow,
        block: Callable[[Sequence[Any], Location], tuple[Any, ...]],
    ) -> None:
        """Begin *workflow* with its inputs and what every run knows."""
        self.calls, self.report, self.workflow, self.block = calls, report, workflow, block
        self.children: dict[Location, plan.Child] = {}
        self._read: set[str] = set()
        names = {name: Name(schema, "input") for name, schema in workflow.input.items()}
        names |= {name: Name(schema, "given") for name, schema in ALWAYS.items()}
        self.scope = Scope({}, Scope(names))

    def value(self, value: Any, location: Location, *, uncertain: bool = False) -> Schema:
        """Check the expressions in *value*; the type of what it evaluates to."""
        if isinstance(value, str):
            return self._template(value, location, uncertain=uncertain)
        if isinstance(value, list):
            items = [
                self.value(item, (*location, index), uncertain=uncertain)
                for index, item in enumerate(value)
            ]
            return {"type": "array", "items": _any_of(items)}
        if isinstance(value, dict):
            fields = {
                name: self.value(inner, (*location, name), uncertain=uncertain)
                for name, inner in value.items()
            }
            return types.of_fields(fields)
        schema = types.literal(value)
        return {**schema, "const": value} if value is not None else schema

    def arguments(self, values: Mapping[str, Any], location: Location) -> dict[str, Schema]:
        return {name: self.value(value, (*location, name)) for name, value in values.items()}

    def _template(self, text: str, location: Location, *, uncertain: bool) -> Schema:
        if "${" not in text:
            return {"type": "string", "const": text}
        self.use(references(text), location, text, uncertain=uncertain)
        try:
            return compile_template(text, self.scope.schemas(), in_workflow=True).schema
        except ExpressionError as error:
            self.report.expression(error, location)
            return types.FAILED

    def condition(self, condition: Any, location: Location) -> Any:
        schema = self.value(condition, location)
        found = types.kinds(schema)
        if found and found != ["boolean"]:
            what = "it may be null, which" if "boolean" in found else " or ".join(found)
            message = f"{what} is neither true nor false; compare it with something"
            self.report.add("bad-condition", message, location)
        return condition

    def text(self, text: str, location: Location, wanted: str) -> None:
        found = types.kinds(self.value(text, location))
        if found and "string" not in found:
            self.report.add("bad-expression", f"{' or '.join(found)} is not {wanted}", location)
        elif "null" in found:
            message = f"it may be null here, which is not {wanted.partition(';')[0]}; test it first"
            self.report.add("possibly-null", message, location)

    def seconds(self, duration: Any, location: Location) -> plan.Seconds:
        if not isinstance(duration, str):
            return float(duration.total_seconds())
        self.report.duration(duration, self.value(duration, location), location)
        return str(duration)

    def number(self, value: Any, location: Location) -> None:
        """Check an option that is a number, or an expression for one."""
        if isinstance(value, str):
            self.report.number(self.value(value, location), location)

    def options(self, step: steps.ActivityStep, location: Location) -> None:
        """Check the options of a call that are expressions."""
        for name, value, place in self.calls.options(step, location):
            if name == "non_retryable_error_types":
                for index, error in enumerate(value):
                    self.error_type(error, (*place, index), step.activity)
            if isinstance(value, Expression):
                check = self.number if name in _NUMBERS else self.seconds
                check(value, place)

    def error_type(self, name: str, location: Location, activity: str | None = None) -> None:
        """Check the name of an exception class that *activity*, or any activity, may raise."""
        meant = self.calls.misspelt_error(name, activity)
        if meant is not None:
            message = f'no error has type {quote(name)}; did you mean "{meant}"?'
            self.report.add("unknown-error-type", message, location)

    def use(
        self, names: Any, location: Location, text: str = "", *, uncertain: bool = False
    ) -> None:
        """Note that *names* are read here, by the expressions in *text* if there are any."""
        self._read.update(names)
        for name in sorted(names):
            entry = self.scope.find(name)
            if entry is not None and not entry.certain and not uncertain:
                message = f'"{name}" may have no value here; set it before the branch, loop or try'
                found = first_use(name, text)
                self.report.expression(
                    ExpressionError("possibly-unset", message, found, len(name)), location
                )

    def use_all(self) -> None:
        """Note that every visible name may be read here, by what cannot be known."""
        self._read.update(self.visible())

    def suppose(self, names: Iterable[str], location: Location) -> None:
        """Note that *names* that are known may be read here, or given any value."""
        self._read.update(names)
        for name in names:
            if self.scope.find(name) is not None:
                with suppress(WriteError):
                    self.scope.write(name, {}, location)

    def write(self, name: str, schema: Schema, location: Location, *, key: bool = False) -> None:
        try:
            self.scope.write(name, schema, location)
        except WriteError as error:
            code, message = error.args
            self.report.add(code, message, location, key=key)

    def refuse_shadows(self, names: Mapping[str, Name]) -> None:
        """Refuse names of a body that mean something around it; an inner error may hide one."""
        for name, entry in names.items():
            known = self.scope.find(name)
            if name in RESERVED or (known is not None and {known.kind, entry.kind} != {"error"}):
                message = (
                    f'"{name}" has a meaning here already; '
                    f'give this one another name with "{entry.location[-1]}"'
                )
                self.report.add("read-only-name", message, entry.location)

    def never_read(self, name: str, entry: Name) -> None:
        if self.report.is_explained([name], entry.location):
            return
        if entry.kind == "local" and name not in self._read:
            message = f'"{name}" is never read; remove it'
            self.report.add("unused-name", message, entry.location, key=entry.location[-1] == name)

    def visible(self) -> dict[str, Schema]:
        """The names that a call can bind, each with its type."""
        return {name: one for name, one in self.scope.schemas().items() if "." not in name}


def _any_of(items: list[Schema]) -> Schema:
    """The type of the items of a list; constants of one type keep their values."""
    found = types.joined_all(items)
    if len(types.kinds(found)) == 1 and all("const" in item for item in items):
        return {**found, "enum": [*dict.fromkeys(item["const"] for item in items)]}
    return found


def first_use(name: str, text: str) -> int:
    """Where *text* first reads *name*; 0 if it does not."""
    found = re.search(rf"(?<![\w.'\"]){re.escape(name)}(?![\w'\"])", text)
    return found.start() if found else 0
