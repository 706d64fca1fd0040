"""Every keyword of JSON Schema 2020-12 that judges a value, each as a small function.

The function gets what the schema says under the keyword, the schema around it, and a compiler for
the schemas inside; it gives what judges a value. One that takes more than a moment takes its price
from the budget first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from tqrun.jsontypes.budget import Budget
from tqrun.jsontypes.equality import key
from tqrun.jsontypes.formats import FORMATS, MAX_REGEX
from tqrun.jsontypes.patterns import search, states
from tqrun.jsontypes.schema import Holds, Keyword, Schema, Step

Source = Mapping[str, Any]
Parts = Iterable[tuple[Step | None, Schema, Any]]

_TEXT_PER_STEP = 32
"""Characters that a search looks at in the time of one step, for each state of the pattern."""
_LARGE = re.compile(r"\\[wWsSpPbB]|\(\?\w*i")


class Judge(NamedTuple):
    """What a keyword does with a value; see `Keyword`."""

    holds: Holds
    parts: Callable[[Any, Budget], Parts] | None = None
    covers: Callable[[Any, Budget], Iterable[Step]] | None = None


class Compiler:
    """Makes schemas of one document, in which `#/$defs/…` are known."""

    def __init__(self, root: Source | bool) -> None:
        """Resolve references within *root*."""
        self._root = root
        self._referred: dict[str, Schema] = {}
        self._made: dict[int, Schema] = {}

    def schema(self, source: Source | bool) -> Schema:
        """The schema that *source* writes.

        Raises:
            BadPattern: One of its regular expressions cannot be used.
        """
        # By identity: a schema that YAML anchors share, level by level, is one.
        if id(source) not in self._made:
            made = Schema()
            self._fill(made, source)
            self._made[id(source)] = made
        return self._made[id(source)]

    def referred(self, reference: str) -> Schema:
        """The schema that *reference* names; it may be the one around it."""
        if reference not in self._referred:
            self._referred[reference] = made = Schema()
            source: Any = self._root
            for step in filter(None, reference.removeprefix("#").split("/")):
                source = source.get(step, True) if isinstance(source, Mapping) else True
            self._fill(made, source)
        return self._referred[reference]

    def _fill(self, made: Schema, source: Source | bool) -> None:
        if source is False:
            made.add(Keyword("false", False, lambda *_: False))
        if not isinstance(source, Mapping):
            return
        for name, judge in _JUDGES.items():
            if name in source:
                keyword = Keyword(name, source[name], *judge(source[name], source, self))
                made.add(keyword)
        for name, make in _LAST.items():
            if name in source:
                made.add(_last(name, source[name], made, self.schema(source[name]), make))


def compiled(source: Source | bool) -> Schema:
    """The schema that *source* writes; keywords that are not known say nothing.

    Raises:
        BadPattern: One of its regular expressions cannot be used.
    """
    return Compiler(source).schema(source)


# What any value may be


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


_TYPES: dict[str, tuple[tuple[type, ...], Callable[[Any], bool]]] = {
    "string": ((str,), lambda value: isinstance(value, str)),
    "integer": ((int,), _is_integer),
    "number": ((int, float), _is_number),
    "boolean": ((bool,), lambda value: isinstance(value, bool)),
    "object": ((dict,), lambda value: isinstance(value, dict)),
    "array": ((list,), lambda value: isinstance(value, list)),
    "null": ((type(None),), lambda value: value is None),
}
"""The Python types of each JSON type, and a slower test that knows all of its values."""


def _type(names: Any, *_: Any) -> Judge:
    known = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    exact = {kind for kinds, _ in known for kind in kinds}
    tests = [test for _, test in known]
    return Judge(lambda value, _: type(value) in exact or any(test(value) for test in tests))


def _enum(choices: list[Any], *_: Any) -> Judge:
    keys = {key(choice, Budget()) for choice in choices}
    return Judge(lambda value, budget: key(value, budget) in keys)


def _const(choice: Any, *_: Any) -> Judge:
    return _enum([choice])


# Numbers, texts, lists and objects: each keyword says nothing of values of other types


def _number(holds: Callable[[Any, Any], bool]) -> Callable[..., Judge]:
    return lambda limit, *_: Judge(lambda value, _: not _is_number(value) or holds(value, limit))


def _length(
    kind: type[str | list[Any] | dict[str, Any]], holds: Callable[[int, int], bool]
) -> Callable[..., Judge]:
    return lambda limit, *_: Judge(
        lambda value, _: not isinstance(value, kind) or holds(len(value), limit)
    )


def _at_least(value: Any, limit: Any) -> bool:
    return bool(value >= limit)


def _at_most(value: Any, limit: Any) -> bool:
    return bool(value <= limit)


def _multiple_of(divisor: float, *_: Any) -> Judge:
    whole = Fraction(repr(divisor))

    def holds(value: Any, budget: Budget) -> bool:
        if not _is_number(value):
            return True
        if isinstance(value, int) and isinstance(divisor, int):
            return value % divisor == 0
        try:
            if (value / divisor).is_integer():
                return True
        except OverflowError:
            pass
        # As it is written: 0.3 is three times 0.1, though not in binary.
        budget.spend(30)
        written = value if isinstance(value, int) else repr(value)
        return (Fraction(written) / whole).denominator == 1

    return Judge(holds)


def _found(pattern: str) -> Callable[[str, Budget], bool]:
    find, size = search(pattern), states(pattern)

    def found(text: str, budget: Budget) -> bool:
        # Python lets a name be of another type; such a one matches nothing.
        if not isinstance(text, str):
            return False
        budget.left -= size * len(text) // _TEXT_PER_STEP
        if budget.left < 0:
            budget.spend(0)
        return find(text)

    return found


def _pattern(pattern: str, *_: Any) -> Judge:
    found = _found(pattern)
    return Judge(lambda value, budget: not isinstance(value, str) or found(value, budget))


def _anything(_: str) -> bool:
    return True


def _format(name: str, *_: Any) -> Judge:
    is_one = FORMATS.get(name, _anything)

    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, str):
            return True
        budget.spend(_price_of_regex(value) if name == "regex" else 5 + len(value) // 8)
        return is_one(value)

    return Judge(holds)


def _price_of_regex(text: str) -> int:
    """What it takes to compile *text*; classes of Unicode are large."""
    return states(text[:MAX_REGEX]) * (1500 if _LARGE.search(text) else 100)


def _unique(wanted: bool, *_: Any) -> Judge:
    def holds(value: Any, budget: Budget) -> bool:
        if not wanted or not isinstance(value, list):
            return True
        budget.spend(len(value))
        return len({key(item, budget) for item in value}) == len(value)

    return Judge(holds)


def _required(names: list[str], *_: Any) -> Judge:
    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, dict):
            return True
        budget.spend(len(names) // 4)
        return all(name in value for name in names)

    return Judge(holds)


def _dependent_required(needs: Mapping[str, list[str]], *_: Any) -> Judge:
    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, dict):
            return True
        budget.spend(sum(map(len, needs.values())) // 4 + len(needs))
        return all(
            other in value for name, others in needs.items() if name in value for other in others
        )

    return Judge(holds)


# Lists


def _prefix_items(sources: list[Any], _: Source, compiler: Compiler) -> Judge:
    schemas = [compiler.schema(source) for source in sources]

    def parts(value: Any, _: Budget) -> Parts:
        pairs = zip(schemas, value, strict=False) if isinstance(value, list) else ()
        return ((index, *pair) for index, pair in enumerate(pairs))

    return _each(parts, lambda value, _: range(min(len(schemas), len(value))))


def _items(source: Any, around: Source, compiler: Compiler) -> Judge:
    schema, first = compiler.schema(source), len(around.get("prefixItems", ()))

    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, list):
            return True
        for item in value[first:] if first else value:  # noqa: SIM110 - half the time of `all`
            if not schema.holds(item, budget):
                return False
        return True

    def parts(value: Any, _: Budget) -> Parts:
        rest = range(first, len(value)) if isinstance(value, list) else ()
        return ((index, schema, value[index]) for index in rest)

    return Judge(holds, parts, lambda value, _: range(first, len(value)))


def _contains(source: Any, around: Source, compiler: Compiler) -> Judge:
    schema = compiler.schema(source)
    least, most = around.get("minContains", 1), around.get("maxContains")

    def fitting(value: list[Any], budget: Budget) -> list[int]:
        return [index for index, item in enumerate(value) if schema.holds(item, budget)]

    def holds(value: Any, budget: Budget) -> bool:
        if not isinstance(value, list):
            return True
        count = len(fitting(value, budget))
        return count >= least and (most is None or count <= most)

    def covers(value: Any, budget: Budget) -> Iterable[Step]:
        return fitting(value, budget) if isinstance(value, list) else ()

    return Judge(holds, None, covers)


# Objects


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _properties(sources: Source, _: Source, compiler: Compiler) -> Judge:
    schemas = {name: compiler.schema(source) for name, source in sources.items()}

    def parts(value: Any, budget: Budget) -> Parts:
        budget.spend(len(schemas) // 4)
        fields = _fields(value)
        return ((name, schemas[name], fields[name]) for name in schemas if name in fields)

    return _each(parts, lambda value, _: schemas.keys() & _fields(value).keys())


def _pattern_properties(sources: Source, _: Source, compiler: Compiler) -> Judge:
    schemas = [(_found(pattern), compiler.schema(one)) for pattern, one in sources.items()]

    def parts(value: Any, budget: Budget) -> Parts:
        return (
            (name, schema, inner)
            for found, schema in schemas
            for name, inner in _fields(value).items()
            if _priced(budget) and found(name, budget)
        )

    def covers(value: Any, budget: Budget) -> Iterable[Step]:
        return (name for name, _, _ in parts(value, budget) if name is not None)

    return _each(parts, covers)


def _priced(budget: Budget) -> bool:
    budget.spend(1)
    return True


def _additional_properties(source: Any, around: Source, compiler: Compiler) -> Judge:
    schema, known = compiler.schema(source), around.get("properties", {})
    patterns = [_found(pattern) for pattern in around.get("patternProperties", ())]

    def parts(value: Any, budget: Budget) -> Parts:
        return (
            (name, schema, inner)
            for name, inner in _fields(value).items()
            if name not in known
            and not any(_priced(budget) and found(name, budget) for found in patterns)
        )

    def covers(value: Any, budget: Budget) -> Iterable[Step]:
        return (name for name, _, _ in parts(value, budget) if name is not None)

    return _each(parts, covers)


def _property_names(source: Any, _: Source, compiler: Compiler) -> Judge:
    schema = compiler.schema(source)
    return Judge(lambda value, budget: all(schema.holds(name, budget) for name in _fields(value)))


def _dependent_schemas(sources: Source, _: Source, compiler: Compiler) -> Judge:
    schemas = {name: compiler.schema(source) for name, source in sources.items()}

    def parts(value: Any, budget: Budget) -> Parts:
        budget.spend(len(schemas))
        fields = _fields(value)
        return ((None, schema, value) for name, schema in schemas.items() if name in fields)

    return _each(parts, _covered_by(parts))


def _each(
    parts: Callable[[Any, Budget], Parts],
    covers: Callable[[Any, Budget], Iterable[Step]] | None = None,
) -> Judge:
    """What holds when each of the *parts* fits."""

    def holds(value: Any, budget: Budget) -> bool:
        for _, schema, part in parts(value, budget):  # noqa: SIM110 - half the time of `all`
            if not schema.holds(part, budget):
                return False
        return True

    return Judge(holds, parts, covers)


# Several schemas for one value


def _covered_by(parts: Callable[[Any, Budget], Parts]) -> Callable[[Any, Budget], Iterable[Step]]:
    return lambda value, budget: (
        name for _, schema, part in parts(value, budget) for name in schema.covered(part, budget)
    )


def _all_of(sources: list[Any], _: Source, compiler: Compiler) -> Judge:
    schemas = [compiler.schema(source) for source in sources]

    def parts(value: Any, _: Budget) -> Parts:
        return ((None, schema, value) for schema in schemas)

    return _each(parts, _covered_by(parts))


def _some(enough: Callable[[int], bool], most: int) -> Callable[..., Judge]:
    """A keyword that counts how many of its schemas fit, and stops at *most*."""

    def judge(sources: list[Any], _: Source, compiler: Compiler) -> Judge:
        schemas = [compiler.schema(source) for source in sources]

        def holds(value: Any, budget: Budget) -> bool:
            count = 0
            for schema in schemas:
                count += schema.holds(value, budget)
                if count == most:
                    break
            return enough(count)

        def fitting(value: Any, budget: Budget) -> Parts:
            return ((None, one, value) for one in schemas if one.holds(value, budget))

        return Judge(holds, None, _covered_by(fitting))

    return judge


def _not(source: Any, _: Source, compiler: Compiler) -> Judge:
    schema = compiler.schema(source)
    return Judge(lambda value, budget: not schema.holds(value, budget))


def _if(source: Any, around: Source, compiler: Compiler) -> Judge:
    condition = compiler.schema(source)
    then, otherwise = (compiler.schema(around.get(name, True)) for name in ("then", "else"))

    def branch(value: Any, budget: Budget) -> Parts:
        chosen = then if condition.holds(value, budget) else otherwise
        return ((None, chosen, value),)

    def covers(value: Any, budget: Budget) -> Iterable[Step]:
        if not condition.holds(value, budget):
            return otherwise.covered(value, budget)
        return condition.covered(value, budget) | then.covered(value, budget)

    return _each(branch, covers)


def _reference(reference: str, _: Source, compiler: Compiler) -> Judge:
    def parts(value: Any, _: Budget) -> Parts:
        return ((None, compiler.referred(reference), value),)

    return _each(parts, _covered_by(parts))


# What the other keywords have left over


def _last(
    name: str, expected: Any, around: Schema, schema: Schema, rest: Callable[[Any], Iterable[Step]]
) -> Keyword:
    """A keyword for the parts of a value that no other keyword of *around* has judged."""

    def parts(value: Any, budget: Budget) -> Parts:
        every = rest(value)
        if not every:
            return ()
        known = around.covered(value, budget, before=keyword)
        return ((step, schema, value[step]) for step in every if step not in known)

    judge = _each(parts, lambda value, _: rest(value))
    keyword = Keyword(name, expected, *judge)
    return keyword


_JUDGES: dict[str, Callable[..., Judge]] = {
    "type": _type,
    "minimum": _number(_at_least),
    "maximum": _number(_at_most),
    "exclusiveMinimum": _number(lambda value, limit: bool(value > limit)),
    "exclusiveMaximum": _number(lambda value, limit: bool(value < limit)),
    "minLength": _length(str, _at_least),
    "maxLength": _length(str, _at_most),
    "minItems": _length(list, _at_least),
    "maxItems": _length(list, _at_most),
    "minProperties": _length(dict, _at_least),
    "maxProperties": _length(dict, _at_most),
    "required": _required,
    "dependentRequired": _dependent_required,
    "const": _const,
    "enum": _enum,
    "multipleOf": _multiple_of,
    "format": _format,
    "pattern": _pattern,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "patternProperties": _pattern_properties,
    "propertyNames": _property_names,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "uniqueItems": _unique,
    "dependentSchemas": _dependent_schemas,
    "allOf": _all_of,
    "anyOf": _some(lambda count: count == 1, 1),
    "oneOf": _some(lambda count: count == 1, 2),
    "not": _not,
    "if": _if,
    "$ref": _reference,
}
"""In the order in which they are asked: those that cost least first."""
_LAST: dict[str, Callable[[Any], Iterable[Step]]] = {
    "unevaluatedItems": lambda value: range(len(value)) if isinstance(value, list) else (),
    "unevaluatedProperties": lambda value: _fields(value).keys(),
}
