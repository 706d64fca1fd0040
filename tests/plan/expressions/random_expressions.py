"""Random expressions: half of them fit together, the rest fail in CEL, and must in ours too."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

SCOPE: dict[str, Any] = {
    "n": 7,
    "m": -3,
    "zero": 0,
    "big": 9_007_199_254_740_993,
    "edge": -(2**63),
    "d": 2.5,
    "whole": 7.0,
    "s": "héllo wörld",
    "t": "a,b,,c",
    "empty": "",
    "digits": "42",
    "yes": True,
    "no": False,
    "nil": None,
    "l": [3, 1, 2, 3],
    "mixed": [1, 1.0, "1", True, None, [1], {"a": 1}],
    "doubles": [1.5, 2.0],
    "words": ["b", "a", "ab"],
    "flags": [True, False],
    "none": [],
    "o": {"a": 1, "b": {"c": "x", "d": [1, 2]}, "e": None, "f": 1.0},
    "same": {"a": 1.0, "b": {"c": "x", "d": [1, 2]}, "e": None, "f": 1},
    "users": [{"id": 1, "name": "anne", "on": True}, {"id": 2, "name": "bert", "on": False}],
    "rows": [[1, 2], [], [3]],
    "moment": "2020-01-02T03:04:05.678Z",
    "type": "premium",
    "list": [1],
}
_Make = Callable[["Expressions", int], str]


class Expressions:
    """Random expressions of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._loops: list[tuple[str, str]] = []

    def next(self) -> str:
        """One more."""
        kind = self.random.choice([*_KINDS, "integer", "boolean", "boolean"])
        return self.make(kind, self.random.choice((1, 2, 2, 3, 3, 4)))

    def make(self, kind: str, depth: int) -> str:
        """An expression of *kind*, mostly."""
        if self.random.random() < 0.03:
            kind = self.random.choice([*_KINDS])
        inner = [name for name, of in self._loops if of in (kind, "any")]
        if inner and self.random.random() < 0.4:
            return self.random.choice(inner)
        leaves, makers = _KINDS[kind]
        if depth <= 0 or not makers or self.random.random() < 0.1:
            return self.random.choice(leaves)
        return self._filled(self.random.choice(makers), depth - 1)

    def _filled(self, pattern: str, depth: int) -> str:
        """*pattern* with each `<kind>` made, and `<x:kind>` the name that a loop gives an item."""
        made, rest = "", pattern
        opened = 0
        while "<<" in rest:
            before, _, rest = rest.partition("<<")
            slot, _, rest = rest.partition(">>")
            made += before
            if slot.startswith("x:"):
                name = self.random.choice(("x", "y", "v", "n"))
                self._loops.append((name, slot[2:]))
                opened += 1
                made += name
            elif slot == "x":
                made += self._loops[-1][0]
            else:
                made += self.make(slot, depth)
        del self._loops[len(self._loops) - opened :]
        return made + rest


_CHOICE = "(<<boolean>> ? <<{0}>> : <<{0}>>)"
_KINDS: dict[str, tuple[list[str], list[str]]] = {
    "integer": (
        ["n", "m", "zero", "1", "0", "-1", "2", "9", "big", "edge", "o.a", "o['a']", "l[0]", "5"],
        [
            *(f"(<<integer>> {sign} <<integer>>)" for sign in "+-*/%+-"),
            "-(<<integer>>)",
            "size(<<list>>)",
            "<<list>>.size()",
            "size(<<text>>)",
            "<<text>>.size()",
            "size(<<object>>)",
            "int(<<number>>)",
            "int(<<text>>)",
            "int('12')",
            "int(<<integer>>)",
            "sum(<<integers>>)",
            "min(<<integers>>)",
            "max(<<integer>>, <<integer>>)",
            "<<integers>>[<<integer>>]",
            "<<text>>.indexOf(<<text>>)",
            "<<text>>.lastIndexOf(<<text>>)",
            "<<text>>.indexOf(<<text>>, <<integer>>)",
            "math.greatest(<<integer>>, <<integer>>)",
            "math.least([<<integer>>, <<integer>>, <<integer>>])",
            "math.abs(<<integer>>)",
            "math.bitAnd(<<integer>>, <<integer>>)",
            "math.sign(<<integer>>)",
            "<<optional>>.orValue(<<integer>>)",
            "<<optional>>.value()",
            "timestamp(<<moment>>).getFullYear()",
            "timestamp(<<moment>>).getHours('Europe/Paris')",
            "duration('90m').getMinutes()",
            "int(timestamp(<<moment>>))",
            "int(<<uint>>)",
            "dyn(<<integer>>)",
            _CHOICE.format("integer"),
        ],
    ),
    "number": (
        ["d", "whole", "1.5", "0.0", "-0.5", "2.0", "1e3", "o.f", "doubles[0]", "1e300"],
        [
            *(f"(<<number>> {sign} <<number>>)" for sign in "+-*/"),
            "-(<<number>>)",
            "double(<<integer>>)",
            "double(<<text>>)",
            "double('1.25')",
            "math.ceil(<<number>>)",
            "math.round(<<number>>)",
            "math.trunc(<<number>>)",
            "math.floor(<<number>>)",
            "sum([<<number>>, <<integer>>])",
            "min(<<number>>, <<integer>>)",
            "max([<<number>>, <<number>>])",
            "math.greatest(<<number>>, <<integer>>)",
            _CHOICE.format("number"),
        ],
    ),
    "text": (
        ["s", "t", "empty", "digits", "'a'", "''", "'é'", "','", "type", "users[0].name", "'x\\n'"],
        [
            "(<<text>> + <<text>>)",
            "string(<<integer>>)",
            "string(<<number>>)",
            "string(<<boolean>>)",
            "string(<<text>>)",
            "string(timestamp(<<moment>>))",
            "string(duration('1.5s'))",
            "<<text>>.lowerAscii()",
            "<<text>>.upperAscii()",
            "<<text>>.trim()",
            "<<text>>.reverse()",
            "<<text>>.replace(<<text>>, <<text>>)",
            "<<text>>.replace(<<text>>, <<text>>, <<integer>>)",
            "<<text>>.substring(<<integer>>)",
            "<<text>>.substring(0, <<integer>>)",
            "<<text>>.charAt(<<integer>>)",
            "<<words>>.join(<<text>>)",
            "<<words>>.join()",
            "'%s/%s'.format([<<any>>, <<integer>>])",
            "'%d'.format([<<integer>>])",
            "'%.2f'.format([<<number>>])",
            "'%s'.format([<<list>>])",
            "strings.quote(<<text>>)",
            "hash(<<text>>)",
            "seconds(<<integer>>)",
            "<<words>>[<<integer>>]",
            "o.b.c",
            "max(<<text>>, <<text>>)",
            _CHOICE.format("text"),
        ],
    ),
    "boolean": (
        ["yes", "no", "true", "false", "has(o.a)", "has(o.nope)", "users[0].on", "has(o.b.c)"],
        [
            "(<<any>> == <<any>>)",
            "(<<any>> != <<any>>)",
            *(f"(<<integer>> {sign} <<number>>)" for sign in ("<", ">=", "==")),
            *(f"(<<integer>> {sign} <<integer>>)" for sign in ("<", "<=", ">", ">=", "==", "!=")),
            *(f"(<<number>> {sign} <<number>>)" for sign in ("<", "<=", ">")),
            *(f"(<<text>> {sign} <<text>>)" for sign in ("<", ">=", "==")),
            "(<<boolean>> < <<boolean>>)",
            "(<<any>> < <<any>>)",
            "(<<object>> == <<object>>)",
            "(<<list>> == <<list>>)",
            "(<<list>> != <<list>>)",
            "(<<boolean>> && <<boolean>>)",
            "(<<boolean>> || <<boolean>>)",
            "(<<any>> && <<boolean>>)",
            "(<<boolean>> || <<any>>)",
            "!<<boolean>>",
            "(<<any>> in <<list>>)",
            "(<<integer>> in <<integers>>)",
            "(<<text>> in <<object>>)",
            "(<<any>> in <<object>>)",
            "<<integers>>.all(<<x:integer>>, <<boolean>>)",
            "<<integers>>.exists(<<x:integer>>, <<boolean>>)",
            "<<integers>>.exists_one(<<x:integer>>, <<boolean>>)",
            "<<list>>.exists(<<x:any>>, <<boolean>>)",
            "<<list>>.all(<<x:any>>, <<any>>)",
            "<<words>>.all(<<x:text>>, <<boolean>>)",
            "<<text>>.contains(<<text>>)",
            "<<text>>.startsWith(<<text>>)",
            "<<text>>.endsWith(<<text>>)",
            "<<text>>.matches('^[a-z]+')",
            "<<text>>.matches(<<text>>)",
            "bool('true')",
            "bool(<<text>>)",
            "<<optional>>.hasValue()",
            "(timestamp(<<moment>>) < timestamp(<<moment>>))",
            "(timestamp(<<moment>>) == timestamp(<<moment>>))",
            "(timestamp(<<moment>>) - timestamp(<<moment>>) > duration('1h'))",
            "(<<optional>> == <<optional>>)",
            "(<<uint>> == <<uint>>)",
            "(<<uint>> < <<uint>>)",
            "(dyn(<<uint>>) == <<number>>)",
            "(dyn(<<uint>>) < <<integer>>)",
            "(type(<<any>>) == type(<<any>>))",
            "(type(<<any>>) == string)",
            "(bytes(<<text>>) == b'a')",
            "math.isNaN(<<number>>)",
            _CHOICE.format("boolean"),
        ],
    ),
    "integers": (
        ["l", "[1, 2]", "[]", "none", "rows[0]", "range(3)", "list", "[3]"],
        [
            "range(<<integer>>)",
            "[<<integer>>, <<integer>>]",
            "(<<integers>> + <<integers>>)",
            "<<integers>>.map(<<x:integer>>, <<integer>>)",
            "<<integers>>.map(<<x:integer>>, <<boolean>>, <<integer>>)",
            "<<integers>>.filter(<<x:integer>>, <<boolean>>)",
            "<<integers>>.filter(<<x:integer>>, <<any>>)",
            "<<list>>.map(<<x:any>>, <<integer>>)",
            "users.map(<<x:user>>, <<x>>.id)",
            "[?<<optional>>, <<integer>>]",
            _CHOICE.format("integers"),
        ],
    ),
    "words": (
        ["words", "['a', 'b']", "none", "[s]", "keys(o)"],
        [
            "<<text>>.split(<<text>>)",
            "<<text>>.split(<<text>>, <<integer>>)",
            "keys(<<object>>)",
            "<<words>>.map(<<x:text>>, <<text>>)",
            "<<words>>.filter(<<x:text>>, <<boolean>>)",
            "(<<words>> + <<words>>)",
            "users.map(<<x:user>>, <<x>>.on, <<x>>.name)",
            "<<integers>>.map(<<x:integer>>, <<text>>)",
        ],
    ),
    "list": (
        ["mixed", "doubles", "flags", "none", "rows", "users", "[1, 'a', null]"],
        [
            "<<integers>>",
            "<<words>>",
            "[<<any>>, <<any>>]",
            "chunk(<<list>>, <<integer>>)",
            "values(<<object>>)",
            "<<list>>.map(<<x:any>>, <<any>>)",
            "<<list>>.map(<<x:any>>, {'k': <<any>>})",
            "<<list>>.filter(<<x:any>>, <<boolean>>)",
            "(<<list>> + <<list>>)",
            "users.filter(<<x:user>>, <<boolean>>)",
            "rows.map(<<x:integers>>, <<x>>.map(<<x:integer>>, <<integer>>))",
            "[<<uint>>, timestamp(<<moment>>)]",
        ],
    ),
    "object": (
        ["o", "same", "o.b", "users[0]", "{}", "{'a': 1}", "{1: 2}", "{true: 1}"],
        [
            "{'a': <<any>>, 'b': <<any>>}",
            "{<<text>>: <<any>>}",
            "{<<any>>: <<any>>}",
            "{'k': <<any>>, ?'j': <<optional>>}",
            "users[<<integer>>]",
            _CHOICE.format("object"),
        ],
    ),
    "optional": (
        ["o.?a", "o.?nope", "optional.of(1)", "optional.none()", "l[?0]", "l[?9]", "o[?'a']"],
        [
            "o.?b.?c",
            "o.?b.d[0]",
            "optional.of(<<integer>>)",
            "optional.ofNonZeroValue(<<integer>>)",
            "<<optional>>.optMap(<<x:integer>>, <<integer>>)",
            "<<optional>>.optFlatMap(<<x:integer>>, <<optional>>)",
            "<<optional>>.or(<<optional>>)",
            "<<integers>>[?<<integer>>]",
            "<<object>>.?a",
        ],
    ),
    "moment": (
        [
            *("moment", "'2020-01-01T00:00:00Z'", "'2020-01-01T00:00:00.123456789Z'"),
            *("'2020-01-01T01:00:00+01:00'", "'2020-01-01T00:00:00.000000001Z'", "moment"),
            *("'0001-01-01T00:00:00Z'", "'2020-02-30T00:00:00Z'", "'2020-01-01T24:00:00Z'"),
            *("'2016-12-31T23:59:60Z'", "'0000-01-01T00:00:00Z'", "'2020-01-01t00:00:00z'"),
        ],
        ["<<text>>"],
    ),
    "uint": (
        ["1u", "0u", "7u", "uint('9')"],
        ["uint(<<integer>>)", "(<<uint>> + <<uint>>)", "(<<uint>> - <<uint>>)", "uint(<<number>>)"],
    ),
    "user": (["users[0]", "users[1]"], []),
    "any": (
        ["nil", "null", "missing", "o.nope", "o.e", "users[5]", "mixed[2]"],
        [
            *("<<integer>>", "<<number>>", "<<text>>", "<<boolean>>", "<<list>>", "<<object>>"),
            *("<<uint>>", "timestamp(<<moment>>)", "duration('90s')", "<<integers>>", "b'a'"),
            "<<object>>[<<any>>]",
            "<<list>>[<<any>>]",
            "dyn(<<any>>)",
            "(timestamp(<<moment>>) + duration('1h'))",
            "(timestamp(<<moment>>) - timestamp(<<moment>>))",
            "type(<<any>>)",
            _CHOICE.format("any"),
        ],
    ),
}
