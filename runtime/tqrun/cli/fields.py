"""Declared fields as options of a command: one for each, whatever the field is called."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from tqrun.diagnostics import quote
from tqrun.errors import UsageError

_TYPES: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
_EXAMPLES: dict[str, Any] = {
    "string": "a",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "object": {"a": "b"},
}
_EVERYWHERE = frozenset({"file", "help"})


@dataclass(frozen=True)
class Fields:
    """Fields that a command takes, each as an option.

    Attributes:
        declared: JSON Schema per field.
        prefix: Begins the Python parameter of each, so that `class` and `output` can be fields,
            and the option of one whose own name is an option of the command.
        taken: The parameters that the command has besides.
    """

    declared: Mapping[str, Any]
    prefix: str
    taken: frozenset[str]

    def parameters(self) -> list[inspect.Parameter]:
        """One for each field, annotated as Typer reads signatures."""
        return [self._parameter(field) for field in self.declared]

    def take(self, given: dict[str, Any]) -> dict[str, Any]:
        """Remove what was given for these fields from Typer's arguments; the values by field.

        Raises:
            UsageError: A value should be JSON and is none.
        """
        texts = {field: given.pop(self.prefix + field) for field in self.declared}
        return {
            field: _parsed(self.declared[field], self._flag(field), text)
            for field, text in texts.items()
            if text is not None
        }

    def _flag(self, field: str) -> str:
        """`--field`, or `--input-field` where the command itself has an option of that name."""
        name = field
        while name in self.taken | _EVERYWHERE or (name != field and name in self.declared):
            name = self.prefix + name
        return f"--{name.replace('_', '-')}"

    def _parameter(self, field: str) -> inspect.Parameter:
        schema = self.declared[field]
        kinds = schema.get("type", "any")
        some = kinds if isinstance(kinds, list) else [kinds]
        kind = next((one for one in some if one != "null"), "any")
        python = _TYPES.get(kind, str)
        about = [schema.get("description", ""), kind if kind in _TYPES else f"{kind}, as JSON"]
        if "enum" in schema:
            about.append("one of " + ", ".join(map(str, schema["enum"])))
        has_default = "default" in schema
        about.append(f"default: {json.dumps(schema['default'])}" if has_default else "required")
        flag = self._flag(field)
        has_no = python is bool and f"no_{field}" not in self.declared
        flags = [f"{flag}/--no-{flag[2:]}"] if has_no else [flag]
        text = "; ".join(part for part in about if part)
        return inspect.Parameter(
            self.prefix + field,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                python | None, typer.Option(*flags, help=text, show_default=False)
            ],
        )


def own_names(options: Callable[..., None]) -> frozenset[str]:
    """The parameters of *options*, whose signature declares what a command has besides fields."""
    return frozenset(inspect.signature(options).parameters)


def command(
    act: Callable[..., None], fields: Fields, options: Callable[..., None]
) -> Callable[..., None]:
    """*act* with a signature that has an option for each field and the parameters of *options*.

    It is called with Typer's context, the values of the fields, and the own options by name.
    """

    def called(ctx: typer.Context, **given: Any) -> None:
        values = fields.take(given)
        act(ctx, values, **given)

    parameters = [
        inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *fields.parameters(),
        *inspect.signature(options, eval_str=True).parameters.values(),
    ]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def _parsed(schema: Mapping[str, Any], flag: str, value: Any) -> Any:
    kinds = schema.get("type", "any")
    if not isinstance(value, str) or "string" in (kinds if isinstance(kinds, list) else [kinds]):
        return value
    return json_value(flag, value, _example(schema))


def _example(schema: Any) -> Any:
    """A value of about the shape that *schema* declares."""
    kinds = schema.get("type", "string") if isinstance(schema, dict) else "string"
    some = kinds if isinstance(kinds, list) else [kinds]
    kind = next((one for one in some if one != "null"), "null")
    if kind == "array":
        return [_example(schema.get("items", {}))]
    return _EXAMPLES.get(kind)


def json_value(flag: str, text: str, example: Any = None) -> Any:
    """The JSON *text* that was given with the option *flag*; it might look like *example*.

    Raises:
        UsageError: It is no JSON, is nested too deep, or writes a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise UsageError(f"{flag}: not valid JSON: nested too deep") from None
    except ValueError as error:
        hint = "" if example is None else f"; write for example '{json.dumps(example)}'"
        raise UsageError(f"{flag}: not valid JSON: {error}{hint}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {quote(twice)} is written twice")
    return found
