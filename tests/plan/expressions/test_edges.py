"""Each edge of CEL's values and operators, one expression a line, against CEL itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.plan.expressions import whole_cel
from tests.plan.expressions.sources import FROM_BEFORE
from tqrun.plan.expressions import EvaluationError, evaluate
from tqrun.plan.expressions.evaluator.meter import TOO_MANY_PASSES

SCOPE: dict[str, Any] = {
    "n": 1,
    "zero": 0,
    "big": 2**53 + 1,
    "most": 2**63 - 1,
    "least": -(2**63),
    "d": 1.5,
    "whole": 1.0,
    "huge": 1e300,
    "s": "a",
    "accent": "é𝄞x",
    "spaces": "\u00a0 a\u2003",
    "nil": None,
    "yes": True,
    "no": False,
    "l": [1, 2],
    "same": [1.0, 2.0],
    "mixed": [1, "a", None, True, [1], {"a": 1}],
    "bools": [1, False],
    "o": {"a": 1, "b": {"c": None}, "1": "text"},
    "moment": "2020-01-02T03:04:05.123456789Z",
}

NUMBERS = """
most + 1 · most * 2 · least - 1 · -least · least / -1 · least % -1 · n / zero · n % zero · -7 / 2
-7 % 2 · 7 % -2 · -7 / -2 · d / 0.0 > huge · -d / 0.0 < -huge · whole / -0.0 < 0.0 · d % d · n + d
d + n · n * whole · big == 9007199254740992.0 · big < 9007199254740992.5 · n == whole · n != whole
n < d · d >= n · most == 9223372036854775807.0 · least < -huge · -d · -nil · -s · !n · n < s
n < nil · nil < nil · nil == nil · l < same · yes < no · no < yes · n < yes · n == yes
zero == no · s < 'b' · 'é' > 'z' · 'a' < accent · s == n · s + n · s + s · int(d) · int(huge)
int('1') · int(' 1') · int('x') · int(nil) · int(yes) · double(n) · double('x') · string(d)
string(whole) · string(huge) · string(yes) · string(nil) · string(l) · bool('x')
math.greatest(n, d) · math.least(l) · math.greatest(s, n) · math.round(d) · math.ceil(n)
math.abs(least) · math.sign(d) · math.bitShiftLeft(n, -1) · math.isNaN(0.0 / 0.0)
"""
LISTS = """
l == same · l != same · l == [2, 1] · mixed == mixed
o == {'a': 1.0, 'b': {'c': null}, '1': 'text'} · n in same · whole in l · yes in l · no in bools
nil in mixed · [1.0] in mixed · {'a': 1.0} in mixed · 'a' in o · 'x' in o · n in o · d in o
nil in o · l in o · n in n · s in s · l[0] · l[2] · l[-1] · l[1.0] · l[d] · l[s] · l[yes] · l[nil]
l[0u] · l[big] · s[0] · n[0] · nil[0] · o['a'] · o['x'] · o[s] · o[n] · o[d] · o[nil] · o[l] · o.a
o.x · o.b.c · o.b.c.d · l.a · n.a · nil.a · has(o.a) · has(o.x) · has(o.b.c) · has(l.a) · has(n.a)
has(missing.a) · missing · missing.a · {1: 2}[1] · {n: 2}[whole] · {yes: 2}[yes] · {n: 3, no: 4}
{d: 1} · {nil: 1} · {s: 1, 'a': 2} · {1: 2} == {1: 2} · {true: 1} == {1: 1} · size(o) · size(s)
accent.size() · size(n) · l.size() · l + same · l + s · [] + [] · l.map(x, x + 1)
l.map(x, x > 1, x) · l.filter(x, x) · mixed.map(x, x) · l.exists(x, x == 2)
mixed.exists(x, x == 'a') · mixed.exists(x, x > 0) · mixed.all(x, x > 0) · bools.all(x, x)
bools.exists(x, x) · l.exists_one(x, x == 1) · l.exists_one(x, x > 0)
mixed.exists_one(x, x == 1) · mixed.exists_one(x, x > 0) · [].all(x, x) · [].exists(x, x)
n.map(x, x) · nil.exists(x, x) · s.all(x, true) · l.map(x, l.map(y, x * y)) · l.map(l, l)
"""
LOGIC = """
yes || n · n || yes · no || n · n && no · n && yes · missing || yes · missing && no
missing || no · 1 / zero > 0 || yes · yes || 1 / zero > 0 · 1 / zero > 0 && no · nil ? 1 : 2
n ? 1 : 2 · yes ? 1 : 1 / zero · no ? 1 / zero : 2 · (no || yes) ? s : n · !(n > 0 && s == 'a')
[1 / zero, n].size() > 0 || yes · {'a': missing} == {} || yes
"""
TEXTS = """
accent.charAt(1) · accent.charAt(9) · accent.substring(1) · accent.substring(0, 3)
accent.substring(0, 2) · s.substring(1, 1) · accent.substring(2, 1) · accent.reverse()
accent.indexOf('x') · accent.indexOf('') · s.indexOf('b') · s.indexOf('a', 9)
accent.lastIndexOf('x') · 'aXbX'.replace('X', '') · 'abc'.replace('', '-')
'aaa'.replace('a', 'b', 2) · 'aaa'.replace('a', 'b', -1) · 'a,b,,'.split(',') · ''.split(',')
'abc'.split('') · 'a,b,c'.split(',', 2) · 'a,b'.split(',', 0) · ['a', 'b'].join('-') · [].join()
l.join() · spaces.trim() · accent.upperAscii() · 'ÀB'.lowerAscii() · s.contains('')
s.contains(n) · n.contains(s) · s.startsWith('') · accent.endsWith('x') · s.endsWith(nil)
s.matches('^a$') · 'a\\n'.matches('^a$') · s.matches('[') · accent.matches('^..x$') · s.matches(n)
'%s|%s'.format([l, o]) · '%d'.format([s]) · '%.2f'.format([d]) · '%s %s'.format([s])
'%y'.format([s]) · '%x'.format([255]) · '%e'.format([d]) · '%b'.format([yes])
'%s'.format([timestamp(moment)]) · '%s'.format([nil]) · strings.quote('a\\n"') · hash(s)
seconds(d) · seconds(-1) · hash(n) · sum(mixed) · sum(l) · sum([1, d]) · min([]) · min(mixed)
min([d, 1]) · max('a', 'b') · max(s, n) · range(-1) · range(2) · range(d) · chunk(l, 0)
chunk([1, 2, 3], 2) · keys(o) · values(o) · keys(l) · keys(dyn({1: 2})) · values(dyn({s: 2}))
"""
BEYOND_JSON = """
timestamp(moment) · timestamp('x') · timestamp(n) · timestamp(moment) == timestamp(moment)
duration('x') · timestamp('2020-01-01T00:00:00.000000001Z') > timestamp('2020-01-01T00:00:00Z')
duration('90m') · duration('-1.5s') · timestamp(moment) + duration('1h')
timestamp(moment) - timestamp('2020-01-01T00:00:00Z') · string(duration('90m'))
timestamp(moment) - duration('1h') < timestamp(moment) · duration('1h') + duration('1m')
-duration('1h') · timestamp('0001-01-01T00:00:00Z')
timestamp('0001-01-01T00:00:00Z') < timestamp(moment) · int(timestamp(moment))
timestamp(moment).getFullYear() · timestamp(moment).getHours('Europe/Paris')
timestamp(moment).getHours('Nope') · dyn(timestamp(moment)) == n · dyn(timestamp(moment)) < n
[timestamp(moment), duration('1s')] · {'a': timestamp(moment)} · 1u · 1u + 2u · 1u - 2u
dyn(1u) == n · dyn(1u) == whole · dyn(1u) == s · dyn(1u) < n · dyn(1u) + n · uint(n) · uint(-1)
dyn(1u) in l · l == dyn([1u, 2u]) · uint('18446744073709551615') == uint('18446744073709551615')
{1u: 2}[1u] · b'a' · bytes(s) == b'a' · b'a' + b'b' == b'ab' · size(b'ab') · string(b'a')
b'a' < b'b' · dyn(b'a') == s · type(n) == type(whole) · type(n) == int · type(l) == type([])
type(o) == type({}) · type(nil) == null_type · type(timestamp(moment)) == type(timestamp(moment))
type(type(n)) == type · type(n) · type(1u) == uint · type(o.?a) == type(optional.none())
type(duration('1s')) == type(n) · o.?a · o.?x · o.?b.c · o.?b.?c · o.?x.y · o.?a.y · l[?0] · l[?9]
o[?'a'] · o[?'x'] · n.?a · l.?a · l[?s] · nil.?a · o.?a.orValue(2) · o.?x.orValue(2)
o.?a.orValue(1 / zero) · o.?x.orValue(1 / zero) · o.?x.or(o.?a).orValue(0) · o.?a.value()
o.?x.value() · o.?a.hasValue() · n.hasValue() · optional.of(nil).hasValue()
optional.none().hasValue() · optional.ofNonZeroValue(zero).hasValue()
optional.ofNonZeroValue('').hasValue() · optional.ofNonZeroValue(0u).hasValue() · o.?a == o.?x
o.?a == optional.of(1.0) · o.?x == optional.none() · has(o.?b.c) · has(o.?x.c) · [?o.?a, ?o.?x]
{?'a': o.?a, ?'x': o.?x} · o.?a.optMap(x, x + 1) · o.?x.optMap(x, x + 1)
o.?b.optFlatMap(x, x.?c) · l[?0].optMap(l, l)
"""
EDGES = [
    line.strip()
    for block in (NUMBERS, LISTS, LOGIC, TEXTS, BEYOND_JSON)
    for row in block.strip().splitlines()
    for line in row.split(" · ")
]
assert len(EDGES) == len(set(EDGES))


@pytest.mark.parametrize("source", EDGES)
def test_an_edge_is_as_cel_has_it(source: str) -> None:
    assert outcome(lambda: evaluate(f"${{{source}}}", SCOPE)) == outcome(
        lambda: whole_cel.evaluate(source, SCOPE)
    )


def outcome(evaluation: Callable[[], Any]) -> str:
    """The value, with its kinds and the order of its fields, or that there is none."""
    try:
        return repr(evaluation())
    except (EvaluationError, whole_cel.Refused, whole_cel.BeyondPython):
        return "refused"


@pytest.mark.parametrize(
    "source",
    [
        "range({n}).filter(i, i < 0).size() == 0",
        "range({n}).all(i, i >= 0)",
        "range({n}).exists(i, i == {n} - 2)",
        "range({n}).exists_one(i, i == 1)",
        "range({n} / 2).all(i, [1].exists(x, x == 1))",
        "range({n} / 3).all(i, [1, 2].exists(x, x == 1))",
        "range({n} / 3).all(i, [1, 2].exists(x, x == 2))",
        "range({n} / 4).filter(i, [1, 2, 3].filter(x, x > 9).size() > 0).size() == 0",
        "range({n}).map(i, dyn(i).nope) == [] || true",
        "range({n} / 3).map(i, 1 / 0 + [1, 2].filter(x, x < 0)[0]) == [] || true",
        "[range({n} / 2).map(i, 1 / 0), range({n} / 2).filter(i, i < 0)] == [] || true",
    ],
)
@pytest.mark.parametrize("passes", [*range(9_996, 10_004)])
def test_passes_are_counted_as_cel_counts_them(source: str, passes: int) -> None:
    written = source.format(n=min(passes, 10_000))
    try:
        expected = whole_cel.evaluate(written, {})
    except whole_cel.Refused as error:
        expected = TOO_MANY_PASSES if "budget" in str(error) else str(error)
    for sources in (None, FROM_BEFORE):
        try:
            found = evaluate(f"${{{written}}}", {}, sources)
        except EvaluationError as error:
            found = str(error).removeprefix(f"${{{written}}}: ")
        assert found == expected
