"""Whatever a caller of the Python API gives: one error of tqrun's own, at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tqrun import Queues, TqrunError, open_queues

QUEUES = """
queues:
  q:
    version: 1
    workflow_id: q-${size(string(x))}
    input: {x: {}}
    signals:
      s: {x: {}}
    activities:
      call: {task_queue: elsewhere, start_to_close_timeout: 10s}
"""
CIRCULAR: list[Any] = []
CIRCULAR.append({"again": CIRCULAR})
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
ODD: dict[str, Any] = {
    "circular": CIRCULAR,
    "deep": DEEP,
    "object": object(),
    "bytes": b"\xff",
    "function": len,
    "not a number": float("nan"),
    "surrogate": "\ud800",
    "nul": "\0",
    "huge": 10**5000,
    "large": "x" * 3_000_000,
}
Call = Callable[[Queues, Any], Coroutine[Any, Any, Any]]
CALLS: dict[str, Call] = {
    "launch": lambda queues, odd: queues.launch("q", x=odd),
    "signal": lambda queues, odd: queues.signal("q", "s", {"x": odd}, x="1"),
    "signal_with_start": lambda queues, odd: queues.signal_with_start("q", "s", {"x": odd}, x="1"),
    "query": lambda queues, odd: queues.query("q", x=odd),
    "cancel": lambda queues, odd: queues.cancel("q", x=odd),
    "terminate": lambda queues, odd: queues.terminate("q", x=odd),
}


@pytest.fixture
def queues(tmp_path: Path) -> Queues:
    (tmp_path / "queues.yaml").write_text(QUEUES)
    return open_queues(tmp_path / "queues.yaml", address="127.0.0.1:1")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("call", CALLS)
async def test_it_ends_in_one_line(queues: Queues, call: str, odd: str) -> None:
    with pytest.raises(TqrunError) as refused:
        await CALLS[call](queues, ODD[odd])
    told = str(refused.value)
    assert "\n" not in told
    assert "no Temporal server" not in told


NAMES: dict[str, Call] = {
    "launch": lambda queues, odd: queues.launch(odd, x="1"),
    "signal": lambda queues, odd: queues.signal("q", odd, x="1"),
    "query": lambda queues, odd: queues.query("q", odd, x="1"),
    "cancel": lambda queues, odd: queues.cancel(odd, x="1"),
}


@pytest.mark.parametrize("odd", ["", "nobody", "q.", ".", "q.q.q", "\0"])
@pytest.mark.parametrize("call", NAMES)
async def test_a_name_that_is_not_declared_is_refused(queues: Queues, call: str, odd: str) -> None:
    with pytest.raises(TqrunError) as refused:
        await NAMES[call](queues, odd)
    assert "no Temporal server" not in str(refused.value)
