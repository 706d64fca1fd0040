"""Replay of workflows of many steps, and how many events they have: tqrun's beside hand-written."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.benchmarks.contenders import Workload, contenders
from tests.benchmarks.long_runs.workflows import WORKFLOWS
from tests.benchmarks.measure import Line, Measure, Round, Setting
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.workflow import workflow_classes

KINDS = {"sequence": 100, "fan_out": 400, "cursor": 200}
REPLAYS_PER_RUN = 1 / 10

Histories = Mapping[tuple[str, str], WorkflowHistory]


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    histories = {}
    for kind, count in KINDS.items():
        folder = setting.folder / kind
        folder.mkdir()
        for side, history in (await _recorded(Setting(folder, 1), kind, count)).items():
            histories[kind, side] = history
    replayers = {
        "tqrun": Replayer(
            workflows=workflow_classes([*KINDS], ["step"], "long-runs-v1"),
            interceptors=[PlanSender()],
            data_converter=pydantic_data_converter,
        ),
        "unsandboxed": Replayer(workflows=WORKFLOWS, workflow_runner=UnsandboxedWorkflowRunner()),
    }
    times = max(round(setting.runs * REPLAYS_PER_RUN), 1)

    async def measure() -> Mapping[str, float]:
        found: dict[str, float] = {}
        for (kind, side), history in histories.items():
            began = time.process_time()
            for _ in range(times):
                await replayers[side].replay_workflow(history)
            seconds = (time.process_time() - began) / times
            found[f"{kind} {side}"] = seconds / len(history.events) * 1_000_000
        for kind in KINDS:
            events = [len(histories[kind, side].events) for side in ("tqrun", "unsandboxed")]
            found[f"{kind} more"] = events[0] - events[1]
        return found

    await measure()
    yield measure


async def _recorded(setting: Setting, kind: str, count: int) -> Mapping[str, WorkflowHistory]:
    """The history of one run on each side."""

    def values(number: int) -> dict[str, object]:
        return {"run": f"run-{number:06}", "count": count}

    workload = Workload("long_runs", f"long_runs.{kind}", kind, "long-runs-v1", values)
    async with contenders(setting, "error", workload) as (runs, workers):
        return {
            side: await runs.client.get_workflow_handle(await workers[side].run()).fetch_history()
            for side in ("tqrun", "unsandboxed")
        }


def _lines(kind: str) -> tuple[Line, ...]:
    name, own, other = kind.replace("_", "-"), f"{kind} tqrun", f"{kind} unsandboxed"
    return (
        Line(text=f"{name}, tqrun", quantity=own, unit="µs"),
        Line(text=f"{name}, unsandboxed", quantity=other, unit="µs"),
        Line(text=f"{name}, tqrun / other", quantity=own, over=other, bar=1 / 0.9),
        Line(text=f"{name}, more events", quantity=f"{kind} more", bar=0),
    )


MEASURE = Measure(
    "replay-steps",
    "time per event that is replayed, of workflows of many steps",
    tuple(line for kind in KINDS for line in _lines(kind)),
    _begin,
)
