"""Positions: every value knows its line and column, and so does every syntax error."""

from __future__ import annotations

import pytest

from tqrun.config.source import read

TEXT = """\
queues:
  "my queue":   # a comment
    memo: [one, 'two']
    id: "x ${y}"
    draining:
      - 1
      - 2
    text: |
      ${z}
"""


@pytest.mark.parametrize(
    ("location", "key", "expected"),
    [
        (("queues",), True, (1, 1, 6)),
        (("queues", "my queue"), True, (2, 3, 10)),
        (("queues", "my queue", "memo", 0), False, (3, 12, 3)),
        (("queues", "my queue", "memo", 1), False, (3, 17, 5)),
        (("queues", "my queue", "draining", "2"), False, (7, 9, 1)),
        (("queues", "my queue", "missing"), False, (3, 5, 1)),
    ],
)
def test_a_value_stands_where_it_is_written(
    location: tuple[str | int, ...], key: bool, expected: tuple[int, int, int]
) -> None:
    place = read("queues.yaml", TEXT).place(location, key=key)
    assert (place.line, place.column, place.width) == expected


INSIDE = """\
plain: x ${name}
single: 'it''s ${name}'
double: "a\\tb ${name}"
literal: |
  name ${names}
    and ${name}
folded: >-
  name is
  ${name}
over lines: "name
  is ${name}"
"""


@pytest.mark.parametrize("key", ["plain", "single", "double", "literal", "folded", "over lines"])
def test_a_place_inside_a_scalar_is_found_however_the_scalar_is_written(key: str) -> None:
    source = read("queues.yaml", INSIDE)
    node = source.node((key,))
    assert node.text is not None
    place = source.inside((key,), node.text.rindex("${name}") + 2, 4)
    lines = INSIDE.split("\n")
    line = next(number for number, text in enumerate(lines) if text.startswith(key))
    wanted = next(number for number in range(line, len(lines)) if "${name}" in lines[number])
    assert (place.line, place.column) == (wanted + 1, lines[wanted].index("${name}") + 3)
    assert place.width == 4


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("a: 1\nb 2\nc: 3\n", 2, "yaml-syntax"),
        ("a:\n   b: 1\n  c: 2\n  d: 3\n", 2, "yaml-syntax"),
        ("a:\n  b: 1\n   c: 2\n  d: 3\n", 3, "yaml-syntax"),
        ("a:\n  b: 1\n c: 2\n  d: 3\n", 3, "yaml-syntax"),
        ('a: "x\nb: 1\n', 1, "yaml-syntax"),
        ("a: [x\nb: 1\nc: 2\n", 1, "yaml-syntax"),
        ("a: 1\n\tb: 2\n", 2, "tab"),
        ("a: 1\nb: ${x ? y : z}: 1\n", 2, "unquoted-expression"),
    ],
)
def test_a_syntax_error_is_at_the_line_to_mend(text: str, line: int, code: str) -> None:
    (finding,) = read("queues.yaml", text).findings
    assert (finding.place.line, finding.code) == (line, code)


def test_the_line_to_mend_is_found_in_a_large_file_too() -> None:
    lines = [f"key{number}: value" for number in range(20_000)]
    lines[15_000] = "key15000 value"
    (finding,) = read("queues.yaml", "\n".join(lines)).findings
    assert finding.place.line == 15_001


def test_a_line_break_of_unicode_ends_no_line_of_a_fault() -> None:
    source = read("queues.yaml", "queues:\n  a\u2028\u2028\u2028b\n  c: 1\n")
    assert [finding.code for finding in source.findings] == ["yaml-syntax"]
    assert source.findings[0].place.line <= 3
