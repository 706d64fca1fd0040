"""Declared queues worked and launched in the test's own process, with the client it gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from temporalio.client import Client
from temporalio.worker import Interceptor, Worker

from tqrun import Queues
from tqrun.plan.registry import Registry, Service
from tqrun.temporal.activity import Observer, activities
from tqrun.temporal.client import Connection
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.worker import STICKY_TIMEOUT, worker
from tqrun.temporal.workflow import workflow_classes


class Declared(Queues):
    """The queues of a text, reached through one client."""

    def __init__(self, folder: Path, text: str, client: Client) -> None:
        path = folder / "queues.yaml"
        path.write_text(dedent(text))
        super().__init__(Registry(path), Connection())
        self._given = client

    async def client(self, namespace: str) -> Client:
        return self._given

    def service(self, queue: str) -> Service:
        [service] = self.registry.services([queue])
        return service

    def worker(self, queue: str) -> Worker:
        """The worker that `tqrun worker` runs."""
        return worker(self._given, self.service(queue))

    def restless_worker(
        self,
        queue: str,
        is_time_to_stop: Callable[[], bool] | None = None,
        *interceptors: Interceptor,
    ) -> Worker:
        """One whose runs go on in new ones whenever *is_time_to_stop* says so."""
        service = self.service(queue)
        return Worker(
            self._given,
            task_queue=service.task_queue,
            activities=activities(service),
            workflows=workflow_classes(
                service.workflows,
                service.activities,
                service.task_queue,
                plans=service.children,
                is_time_to_stop=is_time_to_stop,
            ),
            interceptors=[PlanSender(), Observer(service), *interceptors],
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        )
