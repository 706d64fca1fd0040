"""Calls that CEL itself makes: a program of one call, with its arguments as data.

What a text holds, a pattern matches or a time zone means is CEL's to say. What JSON does not have
is written as the call that makes it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from tqrun.plan.expressions.evaluator.meter import CALL, Meter
from tqrun.plan.expressions.evaluator.prices import price
from tqrun.plan.expressions.evaluator.values import (
    BooleanKey,
    Failed,
    Foreign,
    Optional,
    foreign,
    refusal,
)
from tqrun.plan.expressions.functions import extensions

_OPERATORS = {
    "_+_": "{} + {}",
    "_-_": "{} - {}",
    "_*_": "{} * {}",
    "_/_": "{} / {}",
    "_%_": "{} % {}",
    "_==_": "{} == {}",
    "_<_": "{} < {}",
    "_<=_": "{} <= {}",
    "_>_": "{} > {}",
    "_>=_": "{} >= {}",
    "-_": "-{}",
}
_SCALARS = (str, int, float, bool, type(None))
_NAMES = tuple(f"a{number}" for number in range(64))
_COMPILED, _READ = 30_000, 30
"""Steps of compiling a call that no other one looks like, and of each of its characters."""
_PLAIN = frozenset({"STRING", "INT", "DOUBLE", "BOOL", "NULL"})
_FOREIGN = {
    "TIMESTAMP": "timestamp",
    "DURATION": "duration",
    "UINT": "uint64",
    "BYTES": "bytes",
}
_MACROS = {"math.@max": "math.greatest", "math.@min": "math.least"}
_TYPES = {"list": "type([])", "map": "type({})", "optional_type": "type(optional.none())"}
_MAKES = {"timestamp": "timestamp({})", "duration": "duration({})", "uint64": "uint({})"}


def delegated(meter: Meter, function: str, arguments: list[Any], *, member: bool = False) -> Any:
    """What CEL's *function* gives for *arguments*; for a *member*, the first is its target.

    Raises:
        Failed: CEL refuses the arguments.
        OverBudget: The call would cost too much.
    """
    meter.work(CALL)
    price(meter, function, arguments)
    if any(map(_has_nul, arguments)):
        raise Failed(f'"{function}" does not take a NUL character')
    if all(type(argument) in _SCALARS for argument in arguments):
        program = _plain_program(function, len(arguments), member)
        return _evaluated(program, dict(zip(_NAMES, arguments, strict=False)), function, arguments)
    meter.work(CALL)
    data: dict[str, Any] = {}
    written = [_written(argument, data) for argument in arguments]
    if function in _MACROS and isinstance(arguments[0], list):
        written = [written[0].strip("[]")]
    source = _source(function, written, member=member)
    if any(isinstance(one, list | dict) and _is_foreign(one) for one in arguments):
        meter.work(_COMPILED + _READ * len(source))
    return _evaluated(_program(source, len(data)), data, function, arguments)


def _evaluated(program: Any, data: dict[str, Any], function: str, arguments: list[Any]) -> Any:
    if isinstance(program, str):
        raise Failed(reason(program, function, arguments))
    try:
        value = program.eval(data=data)
    except (RuntimeError, UnicodeEncodeError) as error:
        raise Failed(reason(str(error), function, arguments)) from None
    plain = value.plain_value()
    if type(plain) is str and ": " not in plain:
        # What an error says begins with the name of its status.
        return plain
    name = value.type().name()
    if name in _PLAIN:
        return plain
    if name == "ERROR":
        raise Failed(reason(plain, function, arguments))
    if name in _FOREIGN:
        return foreign(_FOREIGN[name], plain, str(value))
    return plain


def _written(value: Any, data: dict[str, Any]) -> str:
    """*value* as CEL writes it, what is JSON as a name in *data*."""
    if isinstance(value, Foreign) and value.kind in _MAKES:
        return _MAKES[value.kind].format(_written(value.text, data))
    if isinstance(value, Foreign) and value.kind == "type":
        return _TYPES.get(str(value.plain), str(value.plain))
    if isinstance(value, Optional):
        raise Failed("an optional is no value; write .orValue(…) after it")
    if isinstance(value, list) and any(map(_is_foreign, value)):
        return f"[{', '.join(_written(item, data) for item in value)}]"
    if isinstance(value, BooleanKey):
        return "true" if value.value else "false"
    if isinstance(value, dict) and _is_foreign(value):
        pairs = (f"{_written(key, data)}: {_written(one, data)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    name = f"a{len(data)}"
    data[name] = value.plain if isinstance(value, Foreign) else value
    return name


def _is_foreign(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_is_foreign, value))
    if isinstance(value, dict):
        return any(map(_is_foreign, value.values())) or not all(isinstance(k, str) for k in value)
    return isinstance(value, Foreign | Optional)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(_has_nul, value)) or any(map(_has_nul, value.values()))
    return isinstance(value, list) and any(map(_has_nul, value))


def _source(function: str, written: list[str], *, member: bool) -> str:
    if function in _OPERATORS:
        return _OPERATORS[function].format(*written)
    name = _MACROS.get(function, function)
    if member:
        return f"({written[0]}).{name}({', '.join(written[1:])})"
    return f"{name}({', '.join(written)})"


@lru_cache(maxsize=1024)
def _plain_program(function: str, count: int, member: bool) -> Any:
    return _program(_source(function, list(_NAMES[:count]), member=member), count)


@lru_cache(maxsize=4096)
def _program(source: str, names: int) -> Any:
    """The program of *source*; if there is none, what CEL says about it."""
    try:
        return _environment(names).compile(source)
    except RuntimeError as error:
        return str(error)


@lru_cache(maxsize=64)
def _environment(names: int) -> Any:
    variables = {f"a{number}": cel.Type.DYN for number in range(names)}
    return cel.NewEnv(variables=variables, extensions=extensions())


_PHRASES = (
    ("integer overflow", "integer overflow"),
    ("divide by zero", "divide by zero"),
    ("modulus by zero", "modulus by zero"),
    ("cannot convert string to int", "the text is not an integer"),
    ("cannot convert string to double", "the text is not a number"),
    ("cannot convert string to uint", "the text is not an unsigned integer"),
    ("from 'string' to 'bool'", "the text is neither true nor false"),
    ("String to Timestamp", "the text is not a moment; write RFC 3339 text"),
    ("String to Duration", 'the text is not a duration of CEL, such as "90s" or "1h30m"'),
    ("out of int64 range", "the number is too large for an integer"),
    ("out of range for", "an integer is too large for CEL"),
    ("regular expression", "the regular expression is not valid"),
    ("is greater than <string>.size()", "the position is beyond the end of the text"),
    ("<end> is less than <start>", "the end is before the start"),
    ("index out of range", "the position is beyond the end of the text"),
    ("optional.none() dereference", "the optional has no value"),
    ("Invalid timezone", "the time zone is not known"),
    ("clause can only be used on", "a clause of the format does not take its value"),
    ("unrecognized formatting clause", "the format has an unknown clause"),
    ("index ", "the format has more clauses than values"),
    ("invalid negative shift", "the shift is negative"),
    ("utf8", "the text is not valid Unicode"),
    ("surrogates", "the text is not valid Unicode"),
)


def reason(problem: str, function: str, arguments: list[Any]) -> str:
    """Why CEL has refused a call of *function*, in the user's words; no value is quoted."""
    name = _MACROS.get(function, function)
    if "overload" in problem:
        return str(refusal(name, *arguments))
    found = next((words for phrase, words in _PHRASES if phrase in problem), "")
    name = name.strip("_@")
    return f'"{name}": {found}' if found else f'"{name}" fails on these values'
