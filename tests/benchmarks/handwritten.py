"""The hand-written worker that tqrun is measured against: a program of its own.

It is what a careful team writes with Temporal's SDK, its samples and the standard library: an
interceptor that logs every activity, and the fields of the run on each line that is logged
meanwhile. It imports nothing of tqrun.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import logging
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

CONCURRENCY = 50
LOGGED = ("entity_id", "workspace_id")

logger = logging.getLogger("worker.activity")
context: ContextVar[dict[str, Any]] = ContextVar("context", default={})  # noqa: B039 - never changed
standard = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **context.get(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in standard}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class LogActivities(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _LogActivity(next)


class _LogActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        argument = dataclasses.asdict(input.args[0])
        token = context.set(
            {
                "queue": "entities",
                "version": 1,
                "workflow_type": info.workflow_type,
                "workflow_id": info.workflow_id,
                "run_id": info.workflow_run_id,
                "activity": info.activity_type,
                "attempt": info.attempt,
                **{name: argument[name] for name in LOGGED},
            }
        )
        started = time.perf_counter()
        logger.info("activity started")
        try:
            result = await super().execute_activity(input)
        except Exception:
            logger.exception("activity failed", extra=duration_since(started))
            raise
        else:
            logger.info("activity completed", extra=duration_since(started))
            return result
        finally:
            context.reset(token)


def duration_since(started: float) -> dict[str, float]:
    return {"duration_ms": round((time.perf_counter() - started) * 1000, 1)}


async def work(
    address: str, task_queue: str, workload: str, *, sandboxed: bool, logged: bool
) -> None:
    package = f"tests.benchmarks.{workload}"
    workflows = import_module(f"{package}.workflows").WORKFLOWS
    activities = import_module(f"{package}.activities").ACTIVITIES
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    worker = Worker(
        await Client.connect(address),
        task_queue=task_queue,
        workflows=workflows,
        activities=activities,
        workflow_runner=SandboxedWorkflowRunner() if sandboxed else UnsandboxedWorkflowRunner(),
        interceptors=[LogActivities()] if logged else [],
        activity_executor=ThreadPoolExecutor(CONCURRENCY),
        max_concurrent_activities=CONCURRENCY,
    )
    async with worker:
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("task_queue")
    parser.add_argument("workload")
    parser.add_argument("--unsandboxed", action="store_true")
    parser.add_argument("--log-level", default="info")
    given = parser.parse_args()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=given.log_level.upper(), handlers=[handler])
    logged = logger.isEnabledFor(logging.INFO)
    asyncio.run(
        work(
            given.address,
            given.task_queue,
            given.workload,
            sandboxed=not given.unsandboxed,
            logged=logged,
        )
    )


if __name__ == "__main__":
    main()
