"""A hand-written Temporal workflow class seen from the queues file: found, and held against it.

Its `run` takes all inputs in one object, or each as a parameter of its name.

What Temporal's SDK knows of a class is read from the attribute that its decorator leaves, so
that a file without such classes is checked without importing the SDK.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_type_hints

from tqrun.diagnostics import did_you_mean
from tqrun.plan import types
from tqrun.plan.importing import BindingError, load, shown
from tqrun.plan.signatures import signature_of

_DEFINITION = "__temporal_workflow_definition"
_NAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_Schemas = Mapping[str, types.Schema]


def bind(path: str, workflow_type: str, inputs: _Schemas) -> type:
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


def parameters(workflow: type, inputs: _Schemas) -> tuple[str, ...] | None:
    """The inputs that the `run` of *workflow* takes one by one, in order; None for one object."""
    run = getattr(workflow, _DEFINITION).run_fn
    found = _parameters(run)
    if _is_one_object(run, found, inputs):
        return None
    return tuple(one.name for one in found if one.name in inputs)


def queries(workflow: type) -> tuple[str, ...] | None:
    """The queries that runs of *workflow* answer; None where it answers any name."""
    names = getattr(workflow, _DEFINITION).queries
    return None if None in names else tuple(sorted(names))


def _is_workflow(value: Any) -> bool:
    """True for a class that is decorated itself; a subclass of one inherits the attribute."""
    return (
        inspect.isclass(value) and getattr(getattr(value, _DEFINITION, None), "cls", None) is value
    )


def _problems(workflow: type, workflow_type: str, inputs: _Schemas) -> Iterator[str]:
    definition = getattr(workflow, _DEFINITION)
    if definition.name is None:
        yield f'takes any type; give its decorator the name "{workflow_type}"'
    elif definition.name != workflow_type:
        yield (
            f'is of workflow type "{definition.name}", not "{workflow_type}"; '
            f'write "workflow_type: {definition.name}"'
        )
    run, found = definition.run_fn, _parameters(definition.run_fn)
    try:
        if _is_one_object(run, found, inputs):
            yield from _misfits(inputs, _accepted(run, found[0]))
        else:
            yield from _misplaced(inputs, found)
            accepted = {one.name: _accepted(run, one) for one in found}
            yield from _mistyped(inputs, accepted, {})
    except types.NotJson as error:
        yield f"has a run with a parameter that cannot be had: {error}"


def _parameters(run: Any) -> Sequence[inspect.Parameter]:
    """The parameters after `self` that a run is started with."""
    return [one for one in signature_of(run).parameters.values() if one.kind in _NAMED][1:]


def _is_one_object(run: Any, found: Sequence[inspect.Parameter], inputs: _Schemas) -> bool:
    """Whether the first parameter takes all inputs; else each input is a parameter of its name."""
    if not found or any(one.default is one.empty for one in found[1:]):
        return False
    if len(found) > 1 and inputs.keys() <= {one.name for one in found}:
        return False
    return not types.refused({"type": "object"}, _accepted(run, found[0]))


def _accepted(run: Any, parameter: inspect.Parameter) -> types.Schema:
    """The JSON Schema of what *parameter* takes."""
    annotation = _annotation(run, parameter)
    return {} if annotation is Any else types.taken(annotation)


def _misplaced(inputs: _Schemas, found: Sequence[inspect.Parameter]) -> Iterator[str]:
    """What keeps *inputs* from being passed to the parameters *found* in order."""
    names = [one.name for one in found]
    left_out = None
    for one in found:
        if one.name in inputs:
            if left_out is not None:
                yield (
                    f'has a run with "{left_out}", which is not an input, before "{one.name}"; '
                    "arguments are passed in order, so put it last"
                )
        elif one.default is one.empty:
            hint = did_you_mean(one.name, inputs)
            yield f'has a run that needs "{one.name}", which is not an input{hint}'
        else:
            left_out = left_out or one.name
    for name in inputs:
        if name not in names:
            yield f'has a run that takes no input "{name}"{did_you_mean(name, names)}'


def _annotation(run: Any, parameter: inspect.Parameter) -> Any:
    if parameter.annotation is parameter.empty:
        return Any
    try:
        return get_type_hints(run).get(parameter.name, Any)
    except Exception:  # noqa: BLE001 - an annotation is any expression, and names may be missing
        return Any


def _misfits(inputs: _Schemas, accepted: types.Schema) -> Iterator[str]:
    """What stands between the declared *inputs* and the one object that `run` takes."""
    definitions = accepted.get("$defs", {})
    if "$ref" in accepted:
        accepted = definitions.get(str(accepted["$ref"]).rpartition("/")[2], {})
    fields = accepted.get("properties")
    if fields is None:
        return
    for name in accepted.get("required", ()):
        if name not in inputs:
            hint = did_you_mean(name, inputs)
            yield f'has a run that needs "{name}", which is not an input{hint}'
    for name in inputs:
        if name not in fields and accepted.get("additionalProperties") is False:
            yield f'has a run that takes no input "{name}"{did_you_mean(name, fields)}'
    yield from _mistyped(inputs, fields, definitions)


def _mistyped(inputs: _Schemas, accepted: _Schemas, definitions: types.Schema) -> Iterator[str]:
    for name, declared in inputs.items():
        schema = accepted.get(name)
        refused = types.refused(declared, {"$defs": definitions, **schema}) if schema else ()
        if refused:
            what = " or ".join(types.described(one) for one in refused)
            yield f'has a run whose "{name}" is of another type; the input may be {what}'


def _place(workflow: type) -> str:
    try:
        line = inspect.getsourcelines(workflow)[1]
        return f"{shown(inspect.getfile(workflow))}:{line}"
    except (OSError, TypeError):
        return workflow.__module__
