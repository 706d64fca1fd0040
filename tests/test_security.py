"""SECURITY.md names the bounds that the code has."""

from __future__ import annotations

from pathlib import Path

from tqrun import logs
from tqrun.config import source
from tqrun.jsontypes import budget
from tqrun.plan import compile as compiling
from tqrun.plan import inputs, model
from tqrun.plan.expressions.evaluator import meter
from tqrun.temporal import health, raised

TEXT = (Path(__file__).parent.parent / "SECURITY.md").read_text()


def test_its_bounds_are_those_of_the_code() -> None:
    for bound in (
        f"{meter.MAX_PASSES:,} passes over lists, {meter.MAX_STEPS:,} steps",
        f"{meter.MAX_BUILT / 1e6:.0f} MB built",
        f"{meter.UNMARKED} times the budget of expressions",
        f"{budget.MAX_STEPS:,} steps (a few seconds), {inputs.MAX_DEPTH} levels, "
        f"{inputs.MAX_PAYLOAD_BYTES / 1e6:.0f} MB",
        f"{compiling.MAX_PLAN_BYTES // 1000} kB compressed, {model.MAX_TEXT_BYTES / 1e6:.0f} MB of",
        f"{source.MAX_BYTES / 1e6:.0f} MB, {source.MAX_NODES:,} nodes, {source.MAX_DEPTH} levels",
        f"{raised.MAX_CHARACTERS:,} and {logs.MAX_TRACEBACK_CHARACTERS:,} characters",
        f"{health.MAX_CONNECTIONS} connections, {health.REQUEST_SECONDS:.0f} s each",
    ):
        assert bound in TEXT
