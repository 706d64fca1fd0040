"""Our evaluation agrees with CEL's own, in values and in which expressions fail."""

from __future__ import annotations

import os
from collections import Counter

from tests.plan.expressions import whole_cel
from tests.plan.expressions.random_expressions import SCOPE, Expressions
from tqrun.plan.expressions import EvaluationError, evaluate

EXPRESSIONS = int(os.environ.get("TQRUN_EXPRESSIONS", "1500"))
SEED = int(os.environ.get("TQRUN_EXPRESSIONS_SEED", "9"))


def test_random_expressions_give_what_cel_gives() -> None:
    made = Expressions(SEED)
    outcomes: Counter[str] = Counter()
    different = []
    for _ in range(EXPRESSIONS):
        source = made.next()
        outcome, ours, cels = compared(source)
        outcomes[outcome] += 1
        if outcome == "different":
            different.append(f"{source}\n    ours: {ours}\n    CEL: {cels}")
    print(dict(outcomes))
    assert not different, "\n".join([f"{len(different)} of {EXPRESSIONS}", *different[:20]])
    assert outcomes["same value"] > EXPRESSIONS / 4


def compared(source: str) -> tuple[str, str, str]:
    """How the two engines agree on *source*, and what each says."""
    try:
        ours = repr(evaluate(f"${{{source}}}", SCOPE))
        failed = False
    except EvaluationError as error:
        ours, failed = str(error), True
    if failed and ("takes no optional" in ours or "a map has no order" in ours):
        return "refused by us", ours, ""
    try:
        cels = repr(whole_cel.evaluate(source, SCOPE))
    except whole_cel.Refused as error:
        return ("both fail" if failed else "different"), ours, str(error)
    except whole_cel.BeyondPython as error:
        return "beyond Python", ours, str(error)
    return ("same value" if ours == cels else "different"), ours, cels
