"""Rules about inputs and what refers to them by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tqrun.config.input_schema import misfits
from tqrun.config.model import QueuesFile
from tqrun.config.rules.broken import Broken, every_workflow
from tqrun.diagnostics import did_you_mean

_SEARCHABLE = frozenset({"string", "integer", "number", "boolean", "null"})


def unknown_input(file: QueuesFile) -> Iterator[Broken]:
    """A name in `memo` or `search_attributes` that is no input."""
    for location, _, workflow in every_workflow(file):
        for key in ("memo", "search_attributes"):
            names = getattr(workflow, key)
            for index, name in enumerate(names if isinstance(names, list) else ()):
                if name not in workflow.input:
                    hint = did_you_mean(name, workflow.input) or "; it declares none"
                    yield Broken((*location, key, index), f'no input "{name}"{hint}')


def bad_default(file: QueuesFile) -> Iterator[Broken]:
    """A default that a launch, or a signal, would not be allowed to give."""
    for location, _, workflow in every_workflow(file):
        declared = {("input",): workflow.input} | {
            ("signals", signal): fields for signal, fields in workflow.signals.items()
        }
        for key, fields in declared.items():
            for name, schema in fields.items():
                for keyword, message in misfits(schema):
                    yield Broken((*location, *key, name, keyword), message)


def bad_search_attribute(file: QueuesFile) -> Iterator[Broken]:
    """An input of a type that Temporal cannot search by."""
    for location, _, workflow in every_workflow(file):
        names = workflow.search_attributes
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if name in workflow.input and not _is_searchable(workflow.input[name]):
                message = (
                    f'input "{name}" cannot be searched by; '
                    "only text, numbers, booleans and lists of text can"
                )
                yield Broken((*location, "search_attributes", index), message)


def _is_searchable(schema: dict[str, Any]) -> bool:
    types = schema.get("type", [])
    types = {types} if isinstance(types, str) else set(types)
    items = schema.get("items")
    if "array" in types and isinstance(items, dict) and items.get("type") == "string":
        types.discard("array")
    return types <= _SEARCHABLE
