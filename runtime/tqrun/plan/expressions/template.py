"""A text with `${…}` in it, checked against the types of the names in its scope."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from tqrun.config.templates import split
from tqrun.diagnostics import did_you_mean
from tqrun.plan.expressions import functions, types
from tqrun.plan.expressions.comparisons import has_enum, never
from tqrun.plan.expressions.evaluation import evaluate, render
from tqrun.plan.expressions.evaluator import OPTIONAL_ARGUMENT
from tqrun.plan.expressions.facts import compared
from tqrun.plan.expressions.pieces import ALIASES, TYPE_NAMES, aliased, references
from tqrun.plan.expressions.tree import Tree
from tqrun.plan.expressions.types import Names, Schema
from tqrun.plan.expressions.wording import (
    CHOICE,
    NO_OVERLOAD,
    PYTHON,
    in_plain_words,
    problems,
    split_types,
)

_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_NO_FIELD = re.compile(r"undefined field '([^']*)' not found in struct '([^']*)'")
_OBJECT_LOOP = re.compile(r"expression of type 'tqrun\.\w+' cannot be the range")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PATH = re.compile(r"\s*(?:input\.)?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\Z")
_ALONE = re.compile(r"\s*(input\.)?([A-Za-z_]\w*)\s*\Z")
_WORDS = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"),
        *("in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void"),
        "while",
    )
)
"""CEL's own, which a name is not (github.com/google/cel-spec, doc/langdef.md)."""
_OPTIONAL = re.compile(r"\.\?|\[\?")
_MAY_BE_OPTIONAL = re.compile(r"\.\s*\?|\[\s*\?|\boptional\b")
_NULL_RESULT = re.compile(r"[?:]\s*null\b")
_OF_A_RUN = frozenset({"now", "random", "version", "workflow"})
"""Functions and names that only a run has."""
_COMPARES = re.compile(r"[!=]=|\bin\b")
_TAKES_NULL = ("_==_", "_!=_", "@in")
_STAND_INS = {name: alias for alias, name in ALIASES.items()}
_HAS_INPUT = re.compile(r"\bhas\(\s*input\s*\.\s*(\w+)\s*\)")
_OPTIONAL_TYPE = "optional_type<"
_NO_JSON = {
    _OPTIONAL_TYPE: "an optional inside of another value; write .orValue(…) after it",
    "TYPE": "a type is no value",
    "BYTES": "bytes are no value; write text",
}
"""What stands in the name of a type that JSON does not have, and what to do."""
_NO_ORDER = "a map has no order; loop over keys(m) or values(m)"


class ExpressionError(Exception):
    """An expression that cannot be compiled.

    Attributes:
        code: The rule that it breaks.
        message: The finding's text.
        offset: The character of the template where it goes wrong, counted from 0.
        width: How many characters are meant.
        others: What is wrong with the other expressions of the same text.
    """

    def __init__(self, code: str, message: str, offset: int, width: int = 1) -> None:
        """Keep the finding's parts."""
        super().__init__(message)
        self.code, self.message, self.offset, self.width = code, message, offset, width
        self.others: tuple[ExpressionError, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it, known to be sound.

    Attributes:
        text: As the user wrote it.
        schema: Of the value that it evaluates to; an empty one where that is open.
    """

    text: str
    schema: Schema

    @property
    def literal(self) -> str:
        """All its literal text, joined."""
        return "".join(piece for piece, offset in split(self.text) if offset is None)

    def names(self) -> set[str]:
        """The names in scope that its expressions read."""
        return references(self.text)

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The value, as `evaluate` gives it."""
        return evaluate(self.text, scope)

    def render(self, scope: Mapping[str, Any], *, refuse_null: bool = False) -> str:
        """The text, as `render` gives it."""
        return render(self.text, scope, refuse_null=refuse_null)


def compile_template(
    text: str,
    scope: Mapping[str, Schema],
    *,
    in_workflow: bool = False,
) -> Template:
    """Check *text* against the names in *scope*, each with its JSON Schema.

    Args:
        text: What the user wrote.
        scope: By name; a dotted name, such as `workflow.id`, is one name.
        in_workflow: `now()` and `random()` may be called.

    Raises:
        ExpressionError: An expression is not valid CEL, names something unknown, may meet null
            where that fails, or has a type error.
    """
    try:
        pieces = split(text)
    except ValueError as error:
        raise ExpressionError("bad-expression", '"${" without its "}"', error.args[0], 2) from None
    schema: Schema = {"type": "string"}
    errors = []
    for piece, offset in pieces:
        if offset is not None:
            try:
                found = _Check(piece, offset, scope, in_workflow=in_workflow).run()
            except ExpressionError as error:
                errors.append(error)
            else:
                schema = found if len(pieces) == 1 else schema
    if errors:
        errors[0].others = tuple(errors[1:])
        raise errors[0]
    return Template(text, schema)


class _Check:
    """One expression, and what is known about its names."""

    def __init__(
        self,
        source: str,
        offset: int,
        scope: Mapping[str, Schema],
        *,
        in_workflow: bool,
    ) -> None:
        self._source, self._offset, self._in_workflow = source, offset, in_workflow
        self._scope = scope
        mentioned = set(_WORD.findall(source))
        self._known = {
            name: types.flat(schema)
            for name, schema in scope.items()
            if mentioned.issuperset(name.split("."))
        }

    def run(self) -> Schema:
        if not self._source.strip():
            raise self._error("bad-expression", "an empty expression", -2, 3)
        alone = _ALONE.match(self._source)
        if alone is not None and alone[2] in self._known and (alone[1] or alone[2] not in _WORDS):
            # Most expressions are an input and nothing else: CEL would have nothing to say.
            return self._known[alone[2]]
        names, environment = _environment(self._known, in_workflow=self._in_workflow)
        try:
            program = environment.compile(self._aliased())
        except RuntimeError as error:
            raise self._explained(str(error), names) from None
        if _MAY_BE_OPTIONAL.search(self._source):
            self._refuse_optional_arguments(Tree(program))
        if "." in self._source:
            tree = Tree(program)
            self._refuse_map_loops(tree)
            self._refuse_missing(tree, names)
        self._refuse_null()
        self._refuse_mixed()
        self._refuse_has()
        self._refuse_never(program)
        type_name = self._type_name(program)
        if type_name.startswith(_OPTIONAL_TYPE):
            type_name = type_name.removeprefix(_OPTIONAL_TYPE).removesuffix(">")
            return types.nullable(self._schema(self._json(type_name), names))
        return self._schema(self._json(type_name), names)

    def _type_name(self, program: Any) -> str:
        try:
            return str(program.return_type().name())
        except RuntimeError:
            # CEL's checker takes keys that its types do not have.
            message = "the keys of an object are text"
            raise self._error("bad-expression", message, 0, len(self._source)) from None

    def _aliased(self) -> str:
        """The source for CEL, which has types of its own where the scope may have a name."""
        return aliased(self._source, TYPE_NAMES.intersection(self._known))

    def _refuse_optional_arguments(self, tree: Tree) -> None:
        for position, taker in tree.optional_arguments():
            raise self._error("bad-expression", f"{taker} {OPTIONAL_ARGUMENT}", position)

    def _json(self, type_name: str) -> str:
        """*type_name*, of a value that JSON has."""
        for sign, problem in _NO_JSON.items():
            if sign in type_name:
                raise self._error("bad-expression", problem, 0, len(self._source))
        return type_name

    def _refuse_has(self) -> None:
        """CEL gives the value itself: to it, `input.x` is a name, not a field."""
        if match := _HAS_INPUT.search(self._source):
            text = f'"{match[1]}" is an input, which is always there; compare it with null'
            raise self._error("bad-expression", text, match.start(), len(match[0]))

    def _refuse_mixed(self) -> None:
        """A number that may be whole or not, used where one of the two fails."""
        for name in [name for name, schema in self._known.items() if types.is_mixed(schema)]:
            for kind in ("integer", "number"):
                known = {**self._known, name: {"type": kind}}
                _, environment = _environment(known, in_workflow=self._in_workflow)
                try:
                    environment.compile(self._aliased())
                except RuntimeError:
                    text = f'"{name}" may be an integer or a number here; write double({name})'
                    found = re.search(rf"(?<![\w.]){re.escape(name)}\b", self._source)
                    position = found.start() if found else 0
                    raise self._error("bad-expression", text, position, len(name)) from None

    def _refuse_never(self, program: Any) -> None:
        """A comparison with a word that the value never has."""
        if not _COMPARES.search(self._source) or not any(map(has_enum, self._known.values())):
            return
        for offset, value, path, choices in never(Tree(program), self._known):
            subject, shown = (f'"{path}"' if path else "it"), json.dumps(value, ensure_ascii=False)
            hint = did_you_mean(str(value), map(str, choices)).replace("known here", "it may be")
            text = f"{subject} is never {shown}{hint}"
            raise self._error("never-equal", text, offset, len(shown))

    def _schema(self, type_name: str, names: Names) -> Schema:
        path = _PATH.match(self._source)
        if path:
            first, *rest = path[1].split(".")
            at = types.at_path(self._known.get(first, {}), rest) if first in self._known else None
            if at is not None:
                return at
        found = names.schema(type_name)
        return types.nullable(found) if _NULL_RESULT.search(self._source) else found

    def _refuse_map_loops(self, tree: Tree) -> None:
        for position in tree.map_loops():
            raise self._error("map-iteration", _NO_ORDER, position)

    def _refuse_missing(self, tree: Tree, names: Names) -> None:
        """A field that its object may lack, and that the expression does not ask for."""
        tested = tree.tested()
        for position, message, field, path in tree.fields():
            if field in names.optional(message) and path not in tested:
                test, other = f"has({path or '…'})", f".?{field}.orValue(…)"
                text = f'there may be no "{field}" here; test "{test}" first, or write "{other}"'
                # CEL points at the dot.
                raise self._error("possibly-missing", text, position + 1, len(field))

    def _refuse_null(self) -> None:
        """A value that may be null, used where null fails, and not compared with it."""
        if _OPTIONAL.search(self._source):
            return
        safe = compared(self._source)
        known = {
            name: types.without_null(schema, facts_about(name, safe))
            for name, schema in self._known.items()
        }
        if not any(map(_holds_null, known.values())) or self._meets_null(known) is None:
            return
        for name, schema in known.items():
            for path in types.nullable_paths(schema):
                others = {*types.nullable_paths(schema)} - {path}
                alone = {one: _without_any_null(known[one]) for one in known}
                alone[name] = types.without_null(schema, others)
                position = self._meets_null(alone)
                if position is not None:
                    raise self._maybe_null(f"{name}.{path}".rstrip("."), position)
        position = self._meets_null(known) or 0
        raise self._error("possibly-null", "a value may be null here; test it first", position)

    def _meets_null(self, known: Mapping[str, Schema]) -> int | None:
        """Where null, taken for each value of *known* that may be null, does not fit."""
        _, environment = _environment(known, null=True, in_workflow=self._in_workflow)
        try:
            environment.compile(self._aliased())
        except RuntimeError as error:
            for position, message in problems(str(error), self._source):
                if _fails_on_null(message):
                    return position
        return None

    def _maybe_null(self, path: str, position: int) -> ExpressionError:
        message = f'"{path}" may be null here; test "{path} != null" first'
        found = re.search(rf"(?<![\w.]){re.escape(path)}\b", self._source)
        if found is None:
            return self._error("possibly-null", message, position)
        return self._error("possibly-null", message, found.start(), len(path))

    def _explained(self, problem: str, names: Names) -> ExpressionError:
        for position, message in problems(problem, self._source):
            if match := _RESERVED.match(message):
                text = f'"{match[1]}" is a reserved word of CEL; write "input.{match[1]}"'
                return self._error("bad-expression", text, position, len(match[1]))
            if match := _UNDECLARED.match(message):
                return self._undeclared(match[1], position)
            if match := _NO_FIELD.search(message):
                # CEL points at the dot.
                hint = did_you_mean(match[1], names.fields(match[2]))
                text = f'there is no field "{match[1]}"{hint}'
                return self._error("unknown-field", text, position + 1, len(match[1]))
            if _OBJECT_LOOP.search(message):
                return self._error("map-iteration", _NO_ORDER, position)
            return self._error("bad-expression", in_plain_words(message), position)
        return self._error("bad-expression", f"not a valid expression: {self._source}", 0)

    def _undeclared(self, name: str, position: int) -> ExpressionError:
        # CEL points at the dot of a qualified name and at the parenthesis of a call.
        position = max(self._source.rfind(name, 0, position + len(name)), 0)
        if name.startswith("input."):
            name = name.removeprefix("input.")
            position += len("input.")
        is_call = self._source[position + len(name) :].lstrip().startswith("(")
        if not self._in_workflow and name.partition(".")[0] in _OF_A_RUN:
            shown = f"{name}()" if is_call else name
            text = f'"{shown}" is known in steps only, not where a run is started'
            return self._error("unknown-name", text, position, len(name))
        if is_call:
            callable_here = {*functions.NAMES, *functions.OF_CEL}
            if not self._in_workflow:
                callable_here -= _OF_A_RUN
            hint = did_you_mean(name, callable_here)
            if name in functions.OF_CEL:
                hint = f"; write it after its value, value.{name}(…)"
            text = f'there is no function "{name}"{hint if "known here" not in hint else ""}'
            return self._error("unknown-name", text, position, len(name))
        known = [one for one in self._scope if "." not in one]
        hint = f"; write {PYTHON[name]}" if name in PYTHON else did_you_mean(name, known)
        text = f'"{name}" is not known here{hint}'
        return self._error("unknown-name", text, position, len(name))

    def _error(self, code: str, message: str, position: int, width: int = 1) -> ExpressionError:
        return ExpressionError(code, message, self._offset + position, width)


def _holds_null(schema: Schema) -> bool:
    if types.may_be_null(schema):
        return True
    inner = [*schema.get("properties", {}).values(), schema.get("items", {})]
    return any(_holds_null(one) for one in inner if one)


def facts_about(name: str, facts: Iterable[str]) -> list[str]:
    """Of *facts* those about *name*, as paths inside of it."""
    return [path[len(name) + 1 :] for path in facts if f"{path}.".startswith(f"{name}.")]


def _fails_on_null(message: str) -> bool:
    """Whether one of CEL's messages says that null stands where it must not."""
    overload = NO_OVERLOAD.search(message)
    if overload is None:
        return types.NULL_FIELD in message or "'null" in message
    given = split_types(overload[2])[: 1 if overload[1] == CHOICE else None]
    is_null = any(types.NULL_FIELD in one or one.strip().startswith("null") for one in given)
    return is_null and overload[1] not in _TAKES_NULL


def _without_any_null(schema: Schema) -> Schema:
    return types.without_null(schema, types.nullable_paths(schema))


def _environment(
    known: Mapping[str, Schema], *, null: bool = False, in_workflow: bool
) -> tuple[Names, Any]:
    text = json.dumps(known, sort_keys=True)
    return types.names(text, null=null), _made(text, null, in_workflow)


@lru_cache(maxsize=4096)
def _made(scope_text: str, null: bool, in_workflow: bool) -> Any:
    names = types.names(scope_text, null=null)
    qualified = {f"input.{name}": one for name, one in names.types.items() if "." not in name}
    plain = {_STAND_INS.get(name, name): type_ for name, type_ in names.types.items()}
    options = {"descriptor_pool": names.pool} if names.pool is not None else {}
    return cel.NewEnv(
        variables=plain | qualified,
        functions=functions.declared(in_workflow=in_workflow, objects=names.objects),
        extensions=functions.extensions(),
        **options,
    )
