"""The keywords that judge a value, or its parts, by the schemas inside: each a small function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tqrun.jsontypes.budget import Budget
from tqrun.jsontypes.judge import Document, Judge, Make, Parts, Source, searcher
from tqrun.jsontypes.schema import Keyword, Schema, Step

# Lists


def _prefix_items(sources: list[Any], _: Source, document: Document) -> Judge:
    schemas = [document.schema(source) for source in sources]

    def parts(value: Any, _: Budget) -> Parts:
        pairs = zip(schemas, value, strict=False) if isinstance(value, list) else ()
        return ((index, *pair) for index, pair in enumerate(pairs))

    return _each(parts, lambda value, _: range(min(len(schemas), len(value))))


def _items(source: Any, around: Source, document: Document) -> Judge:
    schema, first = document.schema(source), len(around.get("prefixItems", ()))

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


def _contains(source: Any, around: Source, document: Document) -> Judge:
    schema = document.schema(source)
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


def _properties(sources: Source, _: Source, document: Document) -> Judge:
    schemas = {name: document.schema(source) for name, source in sources.items()}

    def parts(value: Any, budget: Budget) -> Parts:
        budget.spend(len(schemas) // 4)
        fields = _fields(value)
        return ((name, schemas[name], fields[name]) for name in schemas if name in fields)

    return _each(parts, lambda value, _: schemas.keys() & _fields(value).keys())


def _pattern_properties(sources: Source, _: Source, document: Document) -> Judge:
    schemas = [(searcher(pattern), document.schema(one)) for pattern, one in sources.items()]

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


def _additional_properties(source: Any, around: Source, document: Document) -> Judge:
    schema, known = document.schema(source), around.get("properties", {})
    patterns = [searcher(pattern) for pattern in around.get("patternProperties", ())]

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


def _property_names(source: Any, _: Source, document: Document) -> Judge:
    schema = document.schema(source)
    return Judge(lambda value, budget: all(schema.holds(name, budget) for name in _fields(value)))


def _dependent_schemas(sources: Source, _: Source, document: Document) -> Judge:
    schemas = {name: document.schema(source) for name, source in sources.items()}

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


def _all_of(sources: list[Any], _: Source, document: Document) -> Judge:
    schemas = [document.schema(source) for source in sources]

    def parts(value: Any, _: Budget) -> Parts:
        return ((None, schema, value) for schema in schemas)

    return _each(parts, _covered_by(parts))


def _some(enough: Callable[[int], bool], most: int) -> Callable[..., Judge]:
    """A keyword that counts how many of its schemas fit, and stops at *most*."""

    def judge(sources: list[Any], _: Source, document: Document) -> Judge:
        schemas = [document.schema(source) for source in sources]

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


def _not(source: Any, _: Source, document: Document) -> Judge:
    schema = document.schema(source)
    return Judge(lambda value, budget: not schema.holds(value, budget))


def _if(source: Any, around: Source, document: Document) -> Judge:
    condition = document.schema(source)
    then, otherwise = (document.schema(around.get(name, True)) for name in ("then", "else"))

    def branch(value: Any, budget: Budget) -> Parts:
        chosen = then if condition.holds(value, budget) else otherwise
        return ((None, chosen, value),)

    def covers(value: Any, budget: Budget) -> Iterable[Step]:
        if not condition.holds(value, budget):
            return otherwise.covered(value, budget)
        return condition.covered(value, budget) | then.covered(value, budget)

    return _each(branch, covers)


def _reference(reference: str, _: Source, document: Document) -> Judge:
    def parts(value: Any, _: Budget) -> Parts:
        return ((None, document.referred(reference), value),)

    return _each(parts, _covered_by(parts))


# What the other keywords have left over


def remaining(
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


APPLICATORS: dict[str, Make] = {
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "patternProperties": _pattern_properties,
    "propertyNames": _property_names,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "dependentSchemas": _dependent_schemas,
    "allOf": _all_of,
    "anyOf": _some(lambda count: count == 1, 1),
    "oneOf": _some(lambda count: count == 1, 2),
    "not": _not,
    "if": _if,
    "$ref": _reference,
}
"""By keyword, in the order in which they are asked."""
REMAINING: dict[str, Callable[[Any], Iterable[Step]]] = {
    "unevaluatedItems": lambda value: range(len(value)) if isinstance(value, list) else (),
    "unevaluatedProperties": lambda value: _fields(value).keys(),
}
