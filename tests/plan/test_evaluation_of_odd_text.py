"""Text that CEL cannot hold fails the expression, and is not cut."""

from __future__ import annotations

from typing import Any

import pytest

from tqrun.plan.expressions import EvaluationError, evaluate


@pytest.mark.parametrize("value", ["a\0b", ["a\0b"], {"k": {"a\0b": 1}}, {"k": ["", "\0"]}])
def test_a_nul_fails_the_expression_that_reads_it(value: Any) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate("${[x, 'y']}", {"x": value})
    assert str(caught.value) == "${[x, 'y']}: x holds a NUL character"
    assert evaluate("${x}", {"x": value}) == value
