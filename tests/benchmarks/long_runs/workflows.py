"""What queues.yaml declares, by hand: the workflows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.benchmarks.long_runs.activities import Step, step


@dataclass
class Job:
    run: str
    count: int


async def call(number: int) -> int:
    return await workflow.execute_activity(
        step, Step(number), start_to_close_timeout=timedelta(minutes=1)
    )


@workflow.defn(name="sequence")
class Sequence:
    @workflow.run
    async def run(self, job: Job) -> None:
        for number in range(job.count):
            await call(number)


@workflow.defn(name="fan_out")
class FanOut:
    @workflow.run
    async def run(self, job: Job) -> int:
        return sum(await asyncio.gather(*(call(number) for number in range(job.count))))


@workflow.defn(name="cursor")
class Cursor:
    @workflow.run
    async def run(self, job: Job) -> int:
        number = total = 0
        while number < job.count:
            total += await call(number)
            number += 1
        return total


WORKFLOWS = [Sequence, FanOut, Cursor]
