"""What queues.yaml declares, by hand: the workflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from tests.benchmarks.one_activity.activities import Entity, process


@workflow.defn(name="entities")
class Entities:
    @workflow.run
    async def run(self, entity: Entity) -> dict[str, Any]:
        return await workflow.execute_activity(
            process,
            entity,
            start_to_close_timeout=timedelta(minutes=5),
            retry_policy=RetryPolicy(maximum_attempts=3, non_retryable_error_types=["ValueError"]),
        )


WORKFLOWS = [Entities]
