"""Evaluates the tree that CEL has parsed and checked, over JSON and within a budget.

CEL's own evaluation converts every variable whole, copies a list for each item that is added to it,
and has no bound on memory or time. Its meaning is kept; `tests/plan/expressions` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from tqrun.plan.expressions import functions
from tqrun.plan.expressions.evaluator.closures import MISSING, Builder
from tqrun.plan.expressions.evaluator.meter import Meter, OverBudget
from tqrun.plan.expressions.evaluator.results import result
from tqrun.plan.expressions.evaluator.values import Failed, Optional
from tqrun.plan.expressions.pieces import TYPE_NAMES, aliased, words
from tqrun.plan.expressions.tree import Tree

__all__ = ["Failed", "Meter", "OverBudget", "Program"]

_PROBLEM = re.compile(r"ERROR: <input>:\d+:\d+: (.*)")
OPTIONAL_ARGUMENT = "takes no optional; write .orValue(…) after it"


class Program:
    """An expression, compiled once.

    Attributes:
        uses_sources: Whether it asks for the time or for chance.
    """

    def __init__(self, source: str) -> None:
        """Compile *source*.

        Raises:
            Failed: It is not valid, or gives an optional to what takes none.
        """
        self._words = words(source)
        declared = tuple(f"_{word[1:]}" if word in TYPE_NAMES else word for word, _ in self._words)
        try:
            checked = _environment(declared).compile(aliased(source))
        except RuntimeError as error:
            raise Failed(_problem(str(error))) from None
        tree = Tree(checked)
        for _, taker in tree.optional_arguments():
            raise Failed(f"{taker} {OPTIONAL_ARGUMENT}")
        builder = Builder(declared)
        self._run = builder.build(tree.root)
        self._loops = [None] * (builder.size - len(declared) - 1)
        self._is_optional = tree.is_optional
        self.uses_sources = not tree.functions().isdisjoint(functions.IN_WORKFLOW)

    @property
    def names(self) -> tuple[str, ...]:
        """What it reads of its scope."""
        return tuple(name for _, name in self._words)

    def run(self, scope: Mapping[str, Any], meter: Meter) -> Any:
        """Its value over *scope*, counted by *meter*.

        Raises:
            Failed: It fails on these values.
            OverBudget: It does more than it may.
        """
        meter.passes = 0
        frame: list[Any] = [meter]
        for _, name in self._words:
            try:
                frame.append(scope[name])
            except KeyError:
                frame.append(MISSING)
        frame += self._loops
        value = self._run(frame)
        if self._is_optional and isinstance(value, Optional):
            value = value.value
        return result(meter, value)


def _problem(text: str) -> str:
    """What CEL's checker says first; what it goes on to quote is the expression."""
    match = _PROBLEM.search(text)
    return f"not a valid expression: {match[1]}" if match else "not a valid expression"


@lru_cache(maxsize=4096)
def _environment(variables: tuple[str, ...]) -> Any:
    return cel.NewEnv(
        variables=dict.fromkeys(variables, cel.Type.DYN),
        functions=functions.declared(in_workflow=True),
        extensions=functions.extensions(),
    )
