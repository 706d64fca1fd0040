"""A workflow written by hand, among those of steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow


@dataclass
class Entity:
    entity_id: str


@workflow.defn(name="by_hand")
class ByHand:
    @workflow.run
    async def run(self, entity: Entity) -> str:
        await workflow.sleep(timedelta(milliseconds=10))
        done: str = await workflow.execute_activity(
            "one",
            entity.entity_id,
            start_to_close_timeout=timedelta(seconds=10),
            result_type=str,
        )
        return done
