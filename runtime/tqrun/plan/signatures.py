"""A plain Python function as the queues file sees it: parameters by name, and where they stand.

It reads what `inspect` and the syntax tree know; whether JSON fits the annotations is judged in
`types`.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

from tqrun.plan.importing import BindingError, shown


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Stands for an annotation that cannot be evaluated.

    Attributes:
        reason: What Python says about it.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that can be given by name.

    Attributes:
        required: It has no default.
        annotation: `Any` if there is none, `Unresolved` if it cannot be evaluated; a default of
            None makes it admit None.
    """

    name: str
    required: bool
    annotation: Any


@dataclass(frozen=True, slots=True)
class BoundFunction:
    """A function that an activity calls.

    Attributes:
        path: `package.module:name`, as the queues file names it.
        function: What to call, decorators included.
        accepts_any: It has `**kwargs` and takes arguments of any other name too.
        returns: The annotation of the result; `Any` if there is none or it cannot be evaluated.
        file: Relative to the working directory if it lies below that.
        first_line: Of the function's source, decorators included.
    """

    path: str
    function: Callable[..., Any]
    is_async: bool
    parameters: tuple[Parameter, ...]
    accepts_any: bool
    returns: Any
    file: str
    first_line: int

    @property
    def name(self) -> str:
        return self.path.rpartition(":")[2]

    @property
    def line(self) -> int:
        """The line of its `def`; reads the source file."""
        return self._lines().get("", self.first_line)

    def place(self, parameter: str = "") -> str:
        """`file:line` of the function, or of one *parameter*; reads the source file."""
        return f"{self.file}:{self._lines().get(parameter, self.line)}"

    def _lines(self) -> dict[str, int]:
        code = getattr(written(self.function), "__code__", None)
        return _definitions(code.co_filename).get(self.first_line, {}) if code else {}


def read(path: str, function: Callable[..., Any]) -> BoundFunction:
    """Read the signature of *function*, which the queues file names as *path*.

    Raises:
        BindingError: `not-a-function`: it does not tell its parameters. `unnamed-parameter`: one
            that it needs cannot be given by name.
    """
    inner = written(function)
    try:
        signature = signature_of(function)
    except (ValueError, TypeError):
        message = f'"{path}" does not tell its parameters; write a function that calls it'
        raise BindingError("not-a-function", message) from None
    code = getattr(inner, "__code__", None)
    hints = _resolved(_annotations(signature), getattr(inner, "__globals__", {}))
    returns = hints.pop("return", Any)
    bound = BoundFunction(
        path=path,
        function=function,
        is_async=inspect.iscoroutinefunction(function),
        parameters=tuple(
            Parameter(name, parameter.default is parameter.empty, _hint(parameter, hints))
            for name, parameter in signature.parameters.items()
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        ),
        accepts_any=any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values()),
        returns=Any if isinstance(returns, Unresolved) else returns,
        file=shown(code.co_filename) if code else inner.__module__,
        first_line=code.co_firstlineno if code else 1,
    )
    _refuse_unnamed(bound, signature)
    return bound


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Its signature; since 3.14 a name in an annotation that does not exist would raise there."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.FORWARDREF)
    return inspect.signature(function)


def written(function: Any) -> Any:
    """The function that somebody wrote, below decorators and `functools.partial`."""
    try:
        inner = inspect.unwrap(function)
    except ValueError:  # it has whatever attribute it is asked for, so that it has no end
        return function
    return written(inner.func) if isinstance(inner, partial) else inner


def _refuse_unnamed(function: BoundFunction, signature: inspect.Signature) -> None:
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
            where = f'parameter "{name}" of {function.name} ({function.place(name)})'
            message = f'{where} can only be given by position; remove the "/" after it'
            raise BindingError("unnamed-parameter", message)
        if parameter.kind is parameter.VAR_POSITIONAL and not function.parameters:
            message = (
                f"{function.name} ({function.place()}) hides its parameters in *{name}; "
                "name them, or use functools.wraps in its decorator"
            )
            raise BindingError("unnamed-parameter", message)


def _annotations(signature: inspect.Signature) -> dict[str, Any]:
    """What stands after `:` and `->`, unevaluated where it is text."""
    found = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if parameter.annotation is not parameter.empty
    }
    if signature.return_annotation is not signature.empty:
        found["return"] = signature.return_annotation
    return found


def _hint(parameter: inspect.Parameter, hints: dict[str, Any]) -> Any:
    hint = hints.get(parameter.name, Any)
    if parameter.default is not None:
        return hint
    try:
        return hint | None
    except TypeError:  # not a type at all; a finding if the parameter is used
        return hint


def _resolved(annotations: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Evaluate all *annotations* in the function's global *names*, each on its own if need be."""
    holder = SimpleNamespace(__annotations__=annotations)
    try:
        return get_type_hints(holder, globalns=names, include_extras=True)
    except Exception as error:  # noqa: BLE001 - an annotation is any expression
        if len(annotations) == 1:
            return dict.fromkeys(annotations, Unresolved(str(error)))
        each = [_resolved({name: annotation}, names) for name, annotation in annotations.items()]
        return {name: hint for resolved in each for name, hint in resolved.items()}


@lru_cache(maxsize=16)
def _definitions(file: str) -> dict[int, dict[str, int]]:
    """The lines of each function in *file*, by its first line: parameters by name, `def` as ""."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    definitions = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            given = node.args
            named = (*given.posonlyargs, *given.args, *given.kwonlyargs)
            definitions[first] = {"": node.lineno} | {one.arg: one.lineno for one in named}
    return definitions
