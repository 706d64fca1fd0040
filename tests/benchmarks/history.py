"""Events in the history of one run: what the server stores, and what Temporal Cloud bills by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.benchmarks.contenders import RUN_SECONDS, contenders
from tests.benchmarks.measure import Line, Measure, Round, Setting


@asynccontextmanager
async def _begin(setting: Setting) -> AsyncIterator[Round]:
    async with contenders(setting) as (runs, _):

        async def events(workflow_id: str) -> int:
            handle = runs.client.get_workflow_handle(workflow_id)
            return len((await handle.fetch_history()).events)

        async def measure() -> Mapping[str, float]:
            async with asyncio.timeout(RUN_SECONDS):
                handwritten = await events(await runs.start("sandboxed"))
                launched = await events(await runs.launch())
                otherwise = await events(await runs.start("entities-v1"))
            return {
                "handwritten": handwritten,
                "launched": launched,
                "more when launched": launched - handwritten,
                "more otherwise": otherwise - handwritten,
            }

        yield measure


MEASURE = Measure(
    "history",
    "events in the history of a run of one activity",
    (
        Line(text="hand-written", quantity="handwritten"),
        Line(text="tqrun launch", quantity="launched"),
        Line(text="tqrun launch, more than hand-written", quantity="more when launched", bar=0),
        Line(text="started otherwise, more than hand-written", quantity="more otherwise", bar=1),
    ),
    _begin,
)
