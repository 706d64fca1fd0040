"""JSON arguments to the Python values that a function's annotations promise, at run time.

A value must be of the annotated type already, "5" is no int; only what JSON has no form for
(dates, UUID, Decimal, Enum, tuples, sets, bytes) is read from text, numbers and lists. That is
Pydantic's strict mode for JSON. Dataclasses and Pydantic models keep their own rules.

Messages name parameters and fields, never a value: they end in logs and in the run's history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NotRequired, Required, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json
from pydantic_core.core_schema import ErrorType

from tqrun.plan.importing import BindingError
from tqrun.plan.signatures import BoundFunction, Parameter
from tqrun.plan.types import NotJson, Schema, TypedDict, modern, named, taken

_PYDANTICS_OWN = frozenset(get_args(ErrorType))
_FROM_DATA = frozenset({"error", "tag"})
"""Parts of Pydantic's messages that may quote a value; all others come from the annotation."""


class ArgumentError(ValueError):
    """The arguments of a call do not fit the function.

    Attributes:
        problems: One line each, without any value.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def decoder(function: BoundFunction) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Make what turns the named JSON arguments of a call into values for *function*.

    It raises `ArgumentError` when one is missing, unknown or does not fit. Parameters without an
    annotation, and those that only `**kwargs` takes, get the JSON as it is.

    Raises:
        BindingError: `bad-annotation`: a required parameter cannot be made from JSON.
    """
    fields = {}
    schemas = {}
    for parameter in function.parameters:
        schema = _schema(function, parameter)
        if schema is not None:
            mark = Required if parameter.required else NotRequired
            fields[parameter.name] = mark[modern(parameter.annotation)]
            schemas[parameter.name] = schema
    shape = TypedDict("Arguments", fields)
    extra: Literal["allow", "forbid"] = "allow" if function.accepts_any else "forbid"
    shape.__pydantic_config__ = ConfigDict(strict=True, extra=extra)
    validate = TypeAdapter(shape).validator.validate_json

    def decode(arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            values: dict[str, Any] = validate(to_json(arguments))
            return values
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        # Raised out here, so that Pydantic's error, which holds the values, is not its context.
        raise ArgumentError(_problems(function, details, schemas))

    return decode


def _schema(function: BoundFunction, parameter: Parameter) -> Schema | None:
    """What *parameter* takes; None if nothing from JSON, so that its default always holds."""
    try:
        return taken(parameter.annotation)
    except NotJson as error:
        if not parameter.required:
            return None
        where = f"{function.name} ({function.place(parameter.name)})"
        message = f'parameter "{parameter.name}" of {where}: {error}'
        raise BindingError("bad-annotation", message) from None


def _problems(
    function: BoundFunction, details: list[ErrorDetails], schemas: Mapping[str, Schema]
) -> tuple[str, ...]:
    annotations = {one.name: named(one.annotation) for one in function.parameters}
    fields = set(_field_names(schemas))
    problems = []
    for detail in details:
        name, *inner = detail["loc"]
        if name not in schemas:
            problems.append(f'{function.name} has no parameter "{name}"')
            continue
        path = "".join(_step(step) for step in inner if type(step) is int or step in fields)
        subject = f'parameter "{name}"' + (f" at {path.removeprefix('.')}" if path else "")
        expected = "valid" if inner else f"a valid {annotations[str(name)]}"
        problems.append(f"{subject} {_fault(detail, expected)}")
    return tuple(dict.fromkeys(problems))


def _step(step: int | str) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"


def _fault(detail: ErrorDetails, expected: str) -> str:
    kind = detail["type"]
    if kind.startswith("missing"):
        return "has no value"
    if kind == "extra_forbidden":
        return "has a field that is not declared"
    if kind not in _PYDANTICS_OWN or _FROM_DATA & detail.get("ctx", {}).keys():
        return f"is not {expected}"
    message = detail["msg"]
    must = message.removeprefix("Input should ")
    if must != message:
        return f"must {must}"
    return f"is not {expected}: {message[:1].lower()}{message[1:]}"


def _field_names(schema: Any) -> Iterator[str]:
    """The names of fields that annotations declare; the keys of a plain dict are data."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for inner in schema.values():
            yield from _field_names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _field_names(inner)
