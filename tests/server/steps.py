"""A queue whose steps are given as YAML, run by a worker in the test's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml
from temporalio.client import Client, WorkflowHandle

from tests.server.inprocess import Json, launched, outcome, working
from tqrun.plan.registry import Registry

FUNCTIONS = (
    *("echo", "slow", "number", "refuse", "attempt", "large", "length", "waiting", "rate"),
    *("stubborn", "failing", "counting", "resuming", "handing_over"),
)


class Steps:
    """One queue; `{queue}` in its text is its name."""

    def __init__(self, client: Client, folder: Path, queue: str) -> None:
        self.client, self.queue = client, queue
        self._file = folder / f"{queue}.yaml"

    def write(self, steps: str, **others: str) -> None:
        """Write a workflow `main` with *steps*, and others that each are a whole workflow.

        *steps* is a list of steps, or a mapping with `steps` and other keys of a workflow.
        """
        main = self._read(steps)
        workflows = {"main": main if isinstance(main, dict) else {"steps": main}}
        workflows |= {name: self._read(text) for name, text in others.items()}
        for name, workflow in workflows.items():
            workflow.setdefault("workflow_id", f"{self.queue}-{name}-${{id}}")
            workflow["input"] = {"id": "string"} | workflow.get("input", {})
        activities = {
            name: {"function": f"tests.server.step_functions:{name}"} for name in FUNCTIONS
        }
        options = {"start_to_close_timeout": "20s", "retry_policy": {"maximum_attempts": 1}}
        queue = {"version": 1, "activities": activities, "workflows": workflows}
        content = {"defaults": {"activity": options}, "queues": {self.queue: queue}}
        self._file.write_text(yaml.safe_dump(content, sort_keys=False))
        self.registry = Registry(self._file)

    def _read(self, text: str) -> Any:
        return yaml.safe_load(dedent(text).replace("{queue}", self.queue))

    @asynccontextmanager
    async def working(
        self, *, is_time_to_stop: Callable[[], bool] | None = None, cached_runs: int = 1000
    ) -> AsyncIterator[None]:
        """With a worker of the queue."""
        service = self.registry.services([self.queue])[0]
        stop = is_time_to_stop
        async with working(self.client, service, is_time_to_stop=stop, cached_runs=cached_runs):
            yield

    async def launch(
        self, workflow: str = "main", *, on: Client | None = None, **values: Any
    ) -> WorkflowHandle[Any, Any]:
        """A run of *workflow*, started through *on* if that is given."""
        plan = self.registry.workflow(f"{self.queue}.{workflow}")
        return await launched(on or self.client, plan, {"id": "1", **values})

    async def outcome(self, *, continued: bool = False, **values: Any) -> Json:
        """What a run of `main` comes to; `continued`: at every safe point."""
        stop = (lambda: True) if continued else None
        async with self.working(is_time_to_stop=stop):
            return await outcome(await self.launch(**values))
