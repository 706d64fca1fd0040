"""A plain Python function seen from the queues file: found, read, and called by name.

It says which inputs a call passes and what stands in the way, as messages; where a finding is
shown is the caller's to know.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from tqrun.diagnostics import did_you_mean
from tqrun.plan import signatures, types
from tqrun.plan.importing import BindingError, load, project_on_path, shown
from tqrun.plan.signatures import BoundFunction, Parameter, signature_of

__all__ = [
    "BindingError",
    "BoundFunction",
    "Call",
    "Parameter",
    "Problem",
    "arguments",
    "bind",
    "misfit",
    "project_on_path",
]

_LISTED_INPUTS = 8
"""Up to so many inputs a message lists them all, else the nearest one."""
_MISSING = object()


class Problem(NamedTuple):
    """Why a call cannot be made as declared.

    Attributes:
        code: The rule.
        message: The text of the finding; it names the place in the Python code.
        parameter: The one that it is about.
    """

    code: str
    message: str
    parameter: str


class Call(NamedTuple):
    """How a function is called.

    Attributes:
        passed: The inputs that it gets, in the order declared, each as the parameter of its name.
        problems: Empty if the call can be made.
    """

    passed: tuple[str, ...]
    problems: tuple[Problem, ...]


def bind(path: str) -> BoundFunction:
    """Import the function that *path*, `package.module:name`, names.

    Raises:
        BindingError: `import-failed`, `unknown-function`, `not-a-function` or
            `unnamed-parameter`.
    """
    module_name, _, name = path.partition(":")
    module = load(module_name)
    try:
        return _bound(module, path, name)
    except BindingError:
        raise
    except Exception as error:  # noqa: BLE001 - a module's `__getattr__` may raise anything
        fault = f"raises {type(error).__name__} when it is asked for"
        message = f'module "{module_name}" ({_file(module)}) {fault} "{name}"'
        raise BindingError("import-failed", message) from None


def _bound(module: ModuleType, path: str, name: str) -> BoundFunction:
    module_name = module.__name__
    function: Any = getattr(module, name, _MISSING)
    if function is _MISSING:
        hint = did_you_mean(name, _functions(module))
        message = f'module "{module_name}" ({_file(module)}) has no function "{name}"{hint}'
        raise BindingError("unknown-function", message)
    if (fault := _not_a_function(function)) is not None:
        raise BindingError("not-a-function", f'"{name}" ({_place(module, function)}) is {fault}')
    return signatures.read(path, function)


def arguments(
    function: BoundFunction,
    available: Mapping[str, types.Schema],
    *,
    given: Collection[str] = (),
    inputs: Collection[str] | None = None,
) -> Call:
    """Decide which of the *available* names a call of *function* passes, and whether they fit.

    Args:
        function: What is called.
        available: JSON Schema per name.
        given: Parameters that have their value already.
        inputs: Those of the names that are inputs; all of them if not given.
    """
    declared = available.keys() if inputs is None else inputs
    parameters = {parameter.name: parameter for parameter in function.parameters}
    passed = tuple(name for name in available if function.accepts_any or name in parameters)
    problems = [
        _unbound(function, parameter.name, declared)
        for parameter in function.parameters
        if parameter.required and parameter.name not in {*available, *given}
    ]
    problems += [
        problem
        for name in passed
        if name in parameters
        and (
            problem := misfit(
                function,
                parameters[name],
                available[name],
                subject=f'input "{name}"' if name in declared else f'"{name}"',
            )
        )
    ]
    return Call(passed, tuple(problems))


def _functions(module: ModuleType) -> list[str]:
    """The functions that the user may have meant: those written in *module*, if there are any."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = [name for name, one in found if one.__module__ == module.__name__ and name[0] != "_"]
    return own or [name for name, _ in found]


def _file(module: ModuleType) -> str:
    return shown(getattr(module, "__file__", None) or module.__name__)


def _place(module: ModuleType, value: Any) -> str:
    inner = signatures.written(value)
    if not inspect.isfunction(inner):
        return _file(module)
    return f"{shown(inner.__code__.co_filename)}:{inner.__code__.co_firstlineno}"


def _not_a_function(value: Any) -> str | None:
    """What *value* is, and the way out, unless it can be called like a plain function."""
    if inspect.isclass(value):
        return "a class; name a function"
    if not callable(value):
        return f"of type {type(value).__name__}; name a function"
    inner = signatures.written(value)
    if not inspect.isroutine(inner):
        return "an object that can be called; write a function that calls it"
    if inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        return "a generator; return a list instead"
    if inspect.iscoroutinefunction(inner) and not inspect.iscoroutinefunction(value):
        return "async below a decorator that is not; make the decorator's own function async"
    owner = getattr(inner, "__qualname__", "").rpartition(".")[0]
    if inspect.isfunction(inner) and owner and not owner.endswith("<locals>"):
        first = next(iter(signature_of(value).parameters), None)
        if first in ("self", "cls"):
            return f"a method of {owner} and needs its object; write a function that calls it"
    return None


def _unbound(function: BoundFunction, name: str, available: Collection[str]) -> Problem:
    if not available:
        inputs = "; the workflow declares no input"
    elif len(available) <= _LISTED_INPUTS:
        inputs = f"; inputs are {', '.join(available)}"
    else:
        inputs = did_you_mean(name, available)
    return Problem("unbound-parameter", f"{_subject(function, name)} has no value{inputs}", name)


def misfit(
    function: BoundFunction, parameter: Parameter, declared: types.Schema, *, subject: str
) -> Problem | None:
    """Why a value of the type *declared* is none for *parameter*, if so; *subject* is the value."""
    name = parameter.name
    try:
        accepted = types.taken(parameter.annotation)
    except types.NotJson as error:
        return Problem("bad-annotation", f"{_subject(function, name)}: {error}", name)
    refused = types.refused(declared, accepted)
    if not refused:
        return None
    annotation = types.named(parameter.annotation)
    field = types.unfit_field(refused[0], accepted) if len(refused) == 1 else None
    if field is not None:
        subject, declared, refused = f'"{field[0]}" of {subject}', field[1], [field[1]]
    what = " or ".join(types.described(one) for one in refused)
    verb = "is" if what == types.described(declared) else "may be"
    message = f"{_subject(function, name)} takes {annotation}, but {subject} {verb} {what}"
    if what == "null":
        way_out = (
            "give the input another default" if subject.startswith("input") else "test it first"
        )
        message += f'; write "{annotation} | None", or {way_out}'
    return Problem("wrong-parameter-type", message, name)


def _subject(function: BoundFunction, parameter: str) -> str:
    return f'parameter "{parameter}" of {function.name} ({function.place(parameter)})'
