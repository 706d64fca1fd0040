"""What single expressions cost: `python -m tests.benchmarks.expression_costs`, as JSON.

Each is evaluated in a process of its own, forked where the values are there and the expression is
compiled, so that what is measured is the evaluation: CPU seconds and bytes at the peak.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import process_time
from typing import Any

from tests.plan.expressions.hostile import HONEST, HOSTILE, scope
from tqrun.plan.expressions import EvaluationError, evaluate

_FIELDS = {
    "a field of a result of 200 records": "result.next",
    "a comparison": "result.next > 3",
    "a list of three": "few.map(x, x + 1)",
}
_TIMES = 20_000


def costs() -> dict[str, dict[str, tuple[float, float]]]:
    """Seconds and bytes of each expression, by kind."""
    values = scope()
    return {
        "hostile": {source: _cost(source, values) for source in HOSTILE},
        "honest": {source: _cost(source, values) for source in HONEST},
        "small": {name: (_seconds(source), 0.0) for name, source in _FIELDS.items()},
    }


def _cost(source: str, values: dict[str, Any]) -> tuple[float, float]:
    text = f"${{{source}}}"
    _evaluate(text, {})  # It fails, and is compiled.
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        with os.fdopen(read) as answer:
            told = answer.read()
        os.waitpid(child, 0)
        seconds, size = json.loads(told)
        return seconds, size
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = _memory("VmRSS"), process_time()
    _evaluate(text, values)
    spent = process_time() - begun
    os.write(write, json.dumps([spent, _memory("VmHWM") - before]).encode())
    os._exit(0)


def _evaluate(text: str, values: dict[str, Any]) -> Any:
    try:
        return evaluate(text, values)
    except EvaluationError as error:
        return error


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def _seconds(source: str) -> float:
    items = [{"id": number, "name": f"user {number}"} for number in range(200)]
    values = {"result": {"next": 5, "items": items}, "few": [1, 2, 3]}
    text = f"${{{source}}}"
    evaluate(text, values)
    begun = process_time()
    for _ in range(_TIMES):
        evaluate(text, values)
    return (process_time() - begun) / _TIMES


if __name__ == "__main__":
    json.dump(costs(), sys.stdout)
