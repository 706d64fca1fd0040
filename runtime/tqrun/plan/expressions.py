"""Templates with `${…}` in them: the one module that knows CEL.

An expression is compiled against the types of the names in its scope, so that unknown names and
wrong types are found before anything runs, and evaluated over JSON values and nothing else: it
reaches no file, network, environment or Python attribute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from tqrun.diagnostics import did_you_mean

JsonSchema = Mapping[str, Any]

_TYPES = {
    "string": cel.Type.STRING,
    "integer": cel.Type.INT,
    "number": cel.Type.DOUBLE,
    "boolean": cel.Type.BOOL,
    "object": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "array": cel.Type.List(cel.Type.DYN),
}
_PROBLEM = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_NAME = re.compile(r"[A-Za-z_]\w*")


class ExpressionError(Exception):
    """An expression that cannot be compiled.

    Attributes:
        code: The rule that it breaks.
        message: The finding's text.
        offset: The character of the template where it goes wrong, counted from 0.
        width: How many characters are meant.
    """

    def __init__(self, code: str, message: str, offset: int, width: int = 1) -> None:
        """Keep the finding's parts."""
        super().__init__(message)
        self.code, self.message, self.offset, self.width = code, message, offset, width


class EvaluationError(Exception):
    """An expression that failed on these values; the text says which and why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One `${…}`: its CEL source, where it starts in the template, and the compiled form."""

    source: str
    offset: int
    program: Any


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it, compiled.

    Attributes:
        text: As the user wrote it.
        parts: Literal text and expressions, in order.
    """

    text: str
    parts: tuple[str | _Part, ...]

    @property
    def is_constant(self) -> bool:
        """True when there is no expression in it."""
        return all(isinstance(part, str) for part in self.parts)

    @property
    def literal(self) -> str:
        """All its literal text, joined."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def names(self) -> set[str]:
        """The words that its expressions mention; a superset of the names in scope they read."""
        sources = (part.source for part in self.parts if not isinstance(part, str))
        return {name for source in sources for name in _NAME.findall(source)}

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The value: an expression that fills the whole template keeps its type.

        Raises:
            EvaluationError: An expression fails on these values.
        """
        if len(self.parts) == 1 and not isinstance(self.parts[0], str):
            return _evaluate(self.parts[0], scope)
        return self.render(scope)

    def render(self, scope: Mapping[str, Any], *, refuse_null: bool = False) -> str:
        """The text, with every expression's value written into it.

        Raises:
            EvaluationError: As `evaluate`, or a value is null and *refuse_null* is set.
        """
        texts = []
        for part in self.parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            value = _evaluate(part, scope)
            if value is None and refuse_null:
                raise EvaluationError(f"${{{part.source}}} is null")
            texts.append(_as_text(value))
        return "".join(texts)


def _evaluate(part: _Part, scope: Mapping[str, Any]) -> Any:
    names = dict(scope) | {f"input.{name}": value for name, value in scope.items()}
    value = part.program.eval(data=names)
    if value.type() == cel.Type.ERROR:
        raise EvaluationError(f"${{{part.source}}}: {str(value.plain_value()).partition(': ')[2]}")
    return _sorted(value.plain_value())


def _sorted(value: Any) -> Any:
    """*value* with every map sorted by key: CEL's own order differs between processes."""
    if isinstance(value, dict):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def compile_template(text: str, scope: Mapping[str, JsonSchema]) -> Template:
    """Compile *text* against the names in *scope*, each with its JSON Schema.

    Raises:
        ExpressionError: An expression is not valid CEL, names something unknown, or has a
            type error.
    """
    environment = _environment(tuple((name, _cel_type(schema)) for name, schema in scope.items()))
    parts: list[str | _Part] = []
    for piece, offset in _split(text):
        if offset is None:
            parts.append(piece)
        else:
            parts.append(_Part(piece, offset, _compile(environment, piece, offset, scope)))
    return Template(text, tuple(parts))


def _split(text: str) -> list[tuple[str, int | None]]:
    """Literal pieces (with None) and expressions (with the offset of their first character)."""
    pieces: list[tuple[str, int | None]] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = _closing_brace(text, start + 2)
        if start > position:
            pieces.append((text[position:start], None))
        pieces.append((text[start + 2 : end], start + 2))
        position = end + 1
    if position < len(text):
        pieces.append((text[position:], None))
    return pieces


def _closing_brace(text: str, position: int) -> int:
    """Where the `}` stands that ends the expression; braces in CEL strings do not count."""
    depth, quote, start = 0, "", position
    while position < len(text):
        character = text[position]
        if quote:
            position += character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            if not depth:
                return position
            depth -= 1
        position += 1
    raise ExpressionError("bad-expression", '"${" without its "}"', start - 2, 2)


@lru_cache(maxsize=4096)
def _environment(names: tuple[tuple[str, str], ...]) -> Any:
    types = {name: _TYPES.get(kind, cel.Type.DYN) for name, kind in names}
    qualified = {f"input.{name}": type_ for name, type_ in types.items()}
    return cel.NewEnv(variables=types | qualified)


def _cel_type(schema: JsonSchema) -> str:
    kind = schema.get("type")
    return kind if isinstance(kind, str) else "any"


def _compile(environment: Any, source: str, offset: int, scope: Mapping[str, JsonSchema]) -> Any:
    if not source.strip():
        raise ExpressionError("bad-expression", "an empty expression", offset - 2, 3)
    try:
        return environment.compile(source)
    except RuntimeError as error:
        raise _explained(str(error), source, offset, scope) from None


def _explained(
    problem: str, source: str, offset: int, scope: Mapping[str, JsonSchema]
) -> ExpressionError:
    match = _PROBLEM.search(problem)
    if match is None:
        return ExpressionError("bad-expression", f"not a valid expression: {source}", offset)
    line, column, message = int(match[1]), int(match[2]), match[3]
    before = source.split("\n")[: line - 1]
    position = sum(len(text) + 1 for text in before) + column - 1
    reserved = _RESERVED.match(message)
    if reserved is not None:
        text = f'"{reserved[1]}" is a reserved word of CEL; write "input.{reserved[1]}"'
        return ExpressionError("bad-expression", text, offset + position, len(reserved[1]))
    undeclared = _UNDECLARED.match(message)
    if undeclared is None:
        message = message.partition("expecting {")[0].strip()
        return ExpressionError(
            "bad-expression", message[0].lower() + message[1:], offset + position
        )
    name = undeclared[1]
    # CEL points at the dot of a qualified name and at the parenthesis of a call.
    position = max(source.rfind(name, 0, position + len(name)), 0)
    if name.startswith("input."):
        name = name.removeprefix("input.")
        position += len("input.")
    hint = did_you_mean(name, scope)
    text = f'"{name}" is not known here{hint}'
    return ExpressionError("unknown-name", text, offset + position, len(name))
