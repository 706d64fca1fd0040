"""What a condition tells about null, where it holds and where it fails."""

from __future__ import annotations

import pytest

from tqrun.plan.expressions import not_null


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        ("${a != null}", {"a"}, set()),
        ("${a == null}", set(), {"a"}),
        ("${null != a.b.c}", {"a.b.c"}, {"a.b.-c"}),
        ("${input.a != null}", {"a"}, set()),
        ("${a == 'x'}", {"a"}, set()),
        ("${a == true}", {"a"}, set()),
        ("${a != null && b != null}", {"a", "b"}, set()),
        ("${a == null || b == null}", set(), {"a", "b"}),
        ("${a != null || b != null}", set(), set()),
        ("${a != null || a == 'x' && b != null}", {"a"}, set()),
        ("${!(a == null)}", {"a"}, set()),
        ("${!(a != null && b > 3)}", set(), {"a"}),
        ("${(a != null) && (n > 3 || m)}", {"a"}, set()),
        ("${size(x) > 0 && a != null}", {"a"}, set()),
        ("${t == 'a || b' && a != null}", {"t", "a"}, set()),
        ("${c ? a != null : true}", set(), set()),
        ("${a.?b.hasValue() && a != null}", {"a"}, set()),
        ("${has(a.b)}", {"a.b?"}, set()),
        ("${has(input.a.b) && a.b != null}", {"a.b?", "a.b"}, set()),
        ("${a}", set(), set()),
        ("a != null", set(), set()),
        ("${a != null} ${b != null}", set(), set()),
        ("${a != null", set(), set()),
        (True, set(), set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_a_condition_tells_what_is_not_null(
    condition: object, holds: set[str], fails: set[str]
) -> None:
    assert not_null(condition, holds=True) == holds
    assert not_null(condition, holds=False) == fails
