"""Expressions that would take a worker's time or memory, over values as large as Temporal takes."""

from __future__ import annotations

from typing import Any


def scope() -> dict[str, Any]:
    """Values of up to 2 MB, the largest payload."""
    return {
        "p": "a" * 2_000_000,
        "q": "a" * 1_999_999 + "b",
        "wide": "é" * 1_000_000,
        "users": [user(number) for number in range(9_999)],
        "items": [{"a": number, "b": "x"} for number in range(3_000)],
        "same": [{"a": number, "b": "x"} for number in range(3_000)],
        "ints": list(range(9_999)),
        "words": [f"w{number}" for number in range(9_999)],
        "ids": [f"{number:08d}aaaaaaaaaaaaaaaaaaaaaaaa" for number in range(9_999)],
        "map": {f"k{number}": number for number in range(20_000)},
        "few": [{"a": number} for number in range(100)],
    }


def user(number: int) -> dict[str, Any]:
    name, mail = f"user {number}", f"u{number}@example.com"
    fields = {"id": number, "name": name, "mail": mail, "on": number % 2 == 0, "x": 1}
    return {
        **fields,
        "y": None,
        "z": 2.5,
        "tags": ["a"],
        "city": "Paris",
        "at": "2026-02-03T04:05:06.789Z",
    }


HOSTILE = [
    # Texts and lists that grow.
    "range(9000).map(i, p + 'a')",
    "[p].map(a, a + a).map(a, a + a).map(a, a + a).map(a, a + a)",
    "p.replace('a', p.substring(0, 1000))",
    "p.replace('', p)",
    "p.split('')",
    "p.split('a')",
    "ids.map(x, x.split(''))",
    "'%s%s%s%s%s'.format([p, p, p, p, p])",
    "'%.999999999f'.format([1.0])",
    "words.map(w, p).join(',')",
    "range(9999).map(i, p)",
    "range(9999).map(i, users)",
    "range(9999).map(i, [users, users])",
    "range(99).map(i, ints + ints)",
    "range(9999).map(i, range(9999))",
    "range(9999).map(i, chunk(ints, 1))",
    "range(9999).map(i, keys(map))",
    "range(9999).map(i, values(map))",
    "range(9999).map(i, {'a': {}, 'b': {}, 'c': {}, 'd': {}, 'e': {}, 'f': {}, 'g': {}})",
    "range(9999).map(i, [[], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], []])",
    "range(9999).map(i, strings.quote(p))",
    "range(9999).map(i, bytes(p)).size()",
    "range(9999).map(i, wide.substring(0, 999999))",
    "[p, p, p, p, p, p, p]",
    # Comparisons and searches that do not end.
    "range(9999).filter(i, i in range(9999))",
    "few.all(a, items == same)",
    "range(21).all(a, range(21).all(b, range(21).all(c, items == same)))",
    "range(9999).map(i, users == users)",
    "range(9999).map(i, p == q)",
    "range(9999).map(i, wide < p)",
    "range(9999).map(i, i in ints)",
    "range(9999).map(i, 'w9998' in words)",
    "range(9999).map(i, p.indexOf('aaaaaaaaaab'))",
    "range(9999).map(i, p.contains('aaaaaaaaaac'))",
    "p.lastIndexOf(q.substring(1000000))",
    "p.indexOf(q.substring(1999000), 1)",
    "range(9999).map(i, wide.lastIndexOf('éé', 999000))",
    # Regular expressions.
    "range(9999).map(i, p.matches('^(a+)+$'))",
    "ids.filter(x, x.matches('(x?){500}y'))",
    "ids.filter(x, x.matches('((a{100}){100}){10}'))",
    "ids.filter(x, x.matches('\\\\pL{100}'))",
    "p.matches('(x?){500}y')",
    "p.matches(p)",
    # Much of what costs little.
    "range(9999).map(i, hash(p))",
    "range(9999).map(i, sum(ints))",
    "range(9999).map(i, max(ints))",
    "range(9999).map(i, min([p, q]))",
    "range(9999).map(i, words.join(','))",
    "range(9999).map(i, '%s'.format([users]))",
    "range(9999).map(i, int(p))",
    "range(9999).map(i, timestamp(p))",
    "range(9999).map(i, wide.lowerAscii())",
    "range(9999).map(i, p.trim())",
    "range(9999).map(i, string(timestamp('2020-01-01T00:00:00+01:00')))",
    "range(9999).map(i, timestamp('2020-01-01T00:00:00Z').getHours('Europe/Paris') + i)",
    "'%s'.format([range(9999).map(i, timestamp('2020-01-01T00:00:00Z'))])",
    "range(9999).map(i, math.greatest(i, i, i) + math.greatest(i, i, i) + math.least(i, i, i))",
    "ids.map(x, strings.quote(x) + strings.quote(x))",
    "users.map(u, u.mail.format([u.name]) + u.mail.trim())",
]
"""Each is refused, by one bound or another."""

HONEST = [
    "users.filter(u, timestamp(u.at) > timestamp('2026-01-01T00:00:00Z')).size()",
    "users.map(u, u.id)",
    "users.map(u, u)",
    "users.map(u, {'id': u.id, 'name': u.name, 'mail': u.mail, 'on': u.on})",
    "users.filter(u, u.on)",
    "users.filter(u, u.mail.endsWith('@example.com'))",
    "users.map(u, 'Dear ' + u.name + ', number ' + string(u.id))",
    "users.map(u, u.name.trim().upperAscii())",
    "users.map(u, u.mail.split('@')[0])",
    "ids.map(x, x.replace('a', 'bb'))",
    "sum(users.map(u, u.id))",
    "chunk(users, 100)",
    "users.exists(u, u.id == 9000)",
    "users == users",
    "words.join(',').size()",
    "map.k19999",
    "keys(map).size()",
]
"""What a user may well write; each has a value."""
