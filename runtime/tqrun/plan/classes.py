"""A hand-written Temporal workflow class seen from the queues file: found, and held against it.

What Temporal's SDK knows of a class is read from the attribute that its decorator leaves, so
that a file without such classes is checked without importing the SDK.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from tqrun.diagnostics import did_you_mean
from tqrun.plan import types
from tqrun.plan.importing import BindingError, load, shown
from tqrun.plan.signatures import signature_of

_DEFINITION = "__temporal_workflow_definition"


def bind(path: str, workflow_type: str, inputs: Mapping[str, types.Schema]) -> type:
    """Import the class that *path*, `package.module:Class`, names.

    Raises:
        BindingError: `import-failed`, or `bad-workflow-class`: it is no workflow class, or not
            the one that is declared.
    """
    module_name, _, name = path.partition(":")
    module = load(module_name)
    found = getattr(module, name, None)
    file = shown(getattr(module, "__file__", None) or module_name)
    if found is None:
        hint = did_you_mean(
            name, (one for one, value in vars(module).items() if _is_workflow(value))
        )
        message = f'module "{module_name}" ({file}) has no class "{name}"{hint}'
        raise BindingError("bad-workflow-class", message)
    if not _is_workflow(found):
        message = f'"{name}" ({file}) is no workflow class; decorate a class with @workflow.defn'
        raise BindingError("bad-workflow-class", message)
    for problem in _problems(found, workflow_type, inputs):
        raise BindingError("bad-workflow-class", f"{name} ({_place(found)}) {problem}")
    workflow: type = found
    return workflow


def _is_workflow(value: Any) -> bool:
    """True for a class that is decorated itself; a subclass of one inherits the attribute."""
    return (
        inspect.isclass(value) and getattr(getattr(value, _DEFINITION, None), "cls", None) is value
    )


def _problems(
    workflow: type, workflow_type: str, inputs: Mapping[str, types.Schema]
) -> Iterator[str]:
    definition = getattr(workflow, _DEFINITION)
    if definition.name is None:
        yield f'takes any type; give its decorator the name "{workflow_type}"'
    elif definition.name != workflow_type:
        yield (
            f'is of workflow type "{definition.name}", not "{workflow_type}"; '
            f'write "workflow_type: {definition.name}"'
        )
    parameter = _parameter(definition.run_fn)
    if parameter is None:
        yield "has a run that does not take one object; all inputs come in one"
        return
    try:
        annotation = _annotation(definition.run_fn, parameter)
        accepted = {} if annotation is Any else types.taken(annotation)
    except types.NotJson as error:
        yield f"has a run with a parameter that cannot be had: {error}"
        return
    yield from _misfits(inputs, accepted)


def _parameter(run: Any) -> inspect.Parameter | None:
    """The one parameter besides `self` that a run is started with; None if it is not one."""
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [one for one in signature_of(run).parameters.values() if one.kind in named]
    needed = [one for one in parameters[2:] if one.default is one.empty]
    return parameters[1] if len(parameters) > 1 and not needed else None


def _annotation(run: Any, parameter: inspect.Parameter) -> Any:
    if parameter.annotation is parameter.empty:
        return Any
    try:
        return get_type_hints(run).get(parameter.name, Any)
    except Exception:  # noqa: BLE001 - an annotation is any expression, and names may be missing
        return Any


def _misfits(inputs: Mapping[str, types.Schema], accepted: types.Schema) -> Iterator[str]:
    """What stands between the declared *inputs* and the one object that `run` takes."""
    definitions = accepted.get("$defs", {})
    if "$ref" in accepted:
        accepted = definitions.get(str(accepted["$ref"]).rpartition("/")[2], {})
    if accepted.get("type", "object") != "object":
        yield f"has a run that takes {types.described(accepted)}; all inputs come in one object"
        return
    fields = accepted.get("properties")
    if fields is None:
        return
    for name in accepted.get("required", ()):
        if name not in inputs:
            yield f'has a run that needs "{name}", which is no input{did_you_mean(name, inputs)}'
    for name, declared in inputs.items():
        if name not in fields:
            if accepted.get("additionalProperties") is False:
                yield f'has a run that takes no input "{name}"{did_you_mean(name, fields)}'
            continue
        refused = types.refused(declared, {**fields[name], "$defs": definitions})
        if refused:
            what = " or ".join(types.described(one) for one in refused)
            yield f'has a run whose "{name}" is of another type; the input may be {what}'


def _place(workflow: type) -> str:
    try:
        line = inspect.getsourcelines(workflow)[1]
        return f"{shown(inspect.getfile(workflow))}:{line}"
    except (OSError, TypeError):
        return workflow.__module__
