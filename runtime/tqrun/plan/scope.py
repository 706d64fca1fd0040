"""The names that a step can see while it is compiled: their types, and whether they are set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from tqrun.config.source import Location
from tqrun.diagnostics import did_you_mean
from tqrun.plan.expressions import Facts, Schema, types
from tqrun.plan.types import described

Kind = Literal["input", "item", "error", "given", "local"]
ONE_OF = "one_of"
"""The key in the type of an object of which exactly one field is not null."""
RESERVED = frozenset({"input", "workflow"})
"""Names that begin those of inputs and of what a run knows about itself."""
_OWNERS = {
    "input": "is an input",
    "item": "belongs to the loop",
    "error": "is the caught error",
    "given": "is known to every run",
}


@dataclass(frozen=True, slots=True)
class Name:
    """What is known about a name at one point of the steps.

    Attributes:
        kind: Only a `local` may be written again.
        certain: It is set on every way that leads here.
        location: Where it is first written.
        facts: What of it is not null here, though its type admits it: `""` itself, else fields.
    """

    schema: Schema
    kind: Kind
    certain: bool = True
    location: Location = ()
    facts: frozenset[str] = frozenset()

    @property
    def here(self) -> Schema:
        """Its type at this point."""
        return types.without_null(self.schema, self.facts)


State = list[dict[str, Name]]
"""What is known at one point, by scope, innermost first."""


class WriteError(Exception):
    """A name that must not be written; the arguments are the rule's code and the message."""


class Scope:
    """Names by the body that they belong to, innermost first."""

    def __init__(
        self, names: Mapping[str, Name], outer: Scope | None = None, *, concurrent: bool = False
    ) -> None:
        """Begin a body; one that is *concurrent* must not write the names of *outer*."""
        self.names = dict(names)
        self.outer = outer
        self.is_concurrent: bool = concurrent or (outer is not None and outer.is_concurrent)
        self._boundary = concurrent

    def find(self, name: str) -> Name | None:
        """What is known about *name*, if anything."""
        scope = self._home(name)
        return scope.names[name] if scope else None

    def schemas(self) -> dict[str, Schema]:
        """Every visible name with its type."""
        found = self.outer.schemas() if self.outer is not None else {}
        return found | {name: entry.here for name, entry in self.names.items()}

    def inputs(self) -> list[str]:
        """The workflow's inputs, in the order declared."""
        outermost = self
        while outermost.outer is not None:
            outermost = outermost.outer
        return [name for name, entry in outermost.names.items() if entry.kind == "input"]

    def is_item(self, name: str) -> bool:
        """Whether *name* is what a loop is at: its item, or the index of its pass."""
        found = self.find(name)
        return found is not None and found.kind == "item"

    def write(self, name: str, schema: Schema, location: Location) -> None:
        """Note that *name* now has a value of *schema*.

        Raises:
            WriteError: It is read only, of another type, or belongs outside of concurrent code.
        """
        home = self._home(name)
        if name in RESERVED:
            message = f'"{name}" has a meaning of its own in "${{…}}"; use another name'
            raise WriteError("read-only-name", message)
        if home is None:
            self.names[name] = Name(schema, "local", location=location)
            return
        known = home.names[name]
        if known.kind != "local":
            message = f'"{name}" {_OWNERS[known.kind]} and keeps its value; use another name'
            raise WriteError("read-only-name", message)
        if self._crosses_boundary(home):
            message = f'"{name}" belongs outside of this concurrent code; use another name'
            raise WriteError("concurrent-write", message)
        both = types.joined(known.schema, schema)
        if both is None:
            # One finding is enough: what follows takes the name for written.
            home.names[name] = replace(known, certain=True, facts=frozenset({""}))
            was, becomes = (described(_kind_of(one)) for one in (known.schema, schema))
            message = f'"{name}" was {was} and becomes {becomes}; use another name'
            raise WriteError("changed-type", message)
        facts = frozenset() if types.may_be_null(schema) or not types.kinds(schema) else {""}
        home.names[name] = replace(known, schema=both, certain=True, facts=frozenset(facts))

    def narrow(self, facts: Facts) -> None:
        """Take it from here on that *facts* are not null."""
        for path in sorted(facts):
            name, _, rest = path.partition(".")
            home = self._home(name)
            if home is not None:
                known = home.names[name]
                found = known.facts | {rest}
                home.names[name] = replace(known, facts=found | _only_one(known.schema, found))

    def _home(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope

    def _crosses_boundary(self, home: Scope) -> bool:
        scope: Scope | None = self
        while scope is not None and scope is not home:
            if scope._boundary:  # noqa: SLF001 - of the same class
                return True
            scope = scope.outer
        return False

    def unknown(self, name: str) -> str:
        """The tail of a message about a *name* that is not here."""
        return did_you_mean(name, self.schemas())

    def state(self) -> State:
        """What is known now, to come back to."""
        outer = self.outer.state() if self.outer is not None else []
        return [dict(self.names), *outer]

    def restore(self, state: State) -> None:
        """Know again what was known when *state* was taken."""
        self.names = dict(state[0])
        if self.outer is not None:
            self.outer.restore(state[1:])

    def merge(self, states: list[State]) -> None:
        """Know what holds on each of several ways that meet here."""
        self.names = _merged([state[0] for state in states])
        if self.outer is not None:
            self.outer.merge([state[1:] for state in states])

    def keep_types(self, before: State) -> None:
        """Go back to *before* a loop, but with the types that its passes leave behind."""
        after = self.state()
        self.restore(before)
        scope: Scope | None = self
        for later in after:
            assert scope is not None
            for name in scope.names.keys() & later.keys():
                known, after_pass = scope.names[name], later[name]
                schema = types.either(known.schema, after_pass.schema)
                facts = known.facts & after_pass.facts
                scope.names[name] = replace(known, schema=schema, facts=facts)
            scope = scope.outer

    @contextmanager
    def showing(self, names: Mapping[str, Name]) -> Iterator[None]:
        """Inside, *names* are visible too; everything that is written belongs outside."""
        hidden = {name: self.names[name] for name in names if name in self.names}
        self.names |= names
        yield
        for name in names:
            self.names.pop(name, None)
        self.names |= hidden


def _only_one(schema: Schema, facts: frozenset[str]) -> set[str]:
    """The field of an `ONE_OF` that is not null, once it is the only one that may not be."""
    left = [name for name in schema.get("properties", ()) if f"-{name}" not in facts]
    return {*left} if schema.get(ONE_OF) and len(left) == 1 else set()


def _kind_of(schema: Schema) -> Schema:
    """*schema* of any value of its type, where it is that of certain values."""
    kept = {key: value for key, value in schema.items() if key not in ("const", "enum")}
    return kept | {"items": _kind_of(kept["items"])} if "items" in kept else kept


def _merged(ways: list[dict[str, Name]]) -> dict[str, Name]:
    merged: dict[str, Name] = {}
    for name in dict.fromkeys(name for way in ways for name in way):
        found = [way[name] for way in ways if name in way]
        schema = found[0].schema
        for one in found[1:]:
            schema = types.either(schema, one.schema)
        certain = len(found) == len(ways) and all(one.certain for one in found)
        facts = frozenset.intersection(*(one.facts for one in found))
        merged[name] = replace(found[0], schema=schema, certain=certain, facts=facts)
    return merged
