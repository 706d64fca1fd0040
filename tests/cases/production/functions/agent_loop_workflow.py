"""The agent's own loop, written by hand: signals cancel its work, and it always finalises."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from temporalio import workflow


@workflow.defn(name="agent_loop")
class AgentLoop:
    """Runs steps until one is the last, or until it is told to stop."""

    def __init__(self) -> None:
        self._stopped = False
        self._steps = 0

    @workflow.signal
    def stop(self) -> None:
        """Cancel the work that is being done."""
        self._stopped = True

    @workflow.run
    async def run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        loop = asyncio.create_task(self._loop(given["message_id"]))
        stopped = asyncio.create_task(workflow.wait_condition(lambda: self._stopped))
        try:
            await workflow.wait([loop, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not loop.done():
                loop.cancel()
        finally:
            await asyncio.shield(self._finalise(given["message_id"]))
        return {"steps": self._steps, "stopped": self._stopped}

    async def _loop(self, message_id: str) -> None:
        more = True
        while more:
            more = await workflow.execute_activity(
                "run_step",
                args=[message_id, self._steps],
                start_to_close_timeout=timedelta(minutes=10),
            )
            self._steps += 1

    async def _finalise(self, message_id: str) -> None:
        await workflow.execute_activity(
            "finalise", args=[message_id], start_to_close_timeout=timedelta(minutes=1)
        )
