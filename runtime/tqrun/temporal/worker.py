"""The workers of one process: one Temporal worker per task queue, one client per namespace."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from temporalio.client import Client
from temporalio.worker import Interceptor, PollerBehaviorAutoscaling, Worker

from tqrun.errors import (
    ApplyFailed,
    AttributeConflict,
    Exit,
    ServerUnavailable,
    TqrunError,
)
from tqrun.plan.binding import BindingError
from tqrun.plan.model import UnreadablePlan
from tqrun.plan.registry import Service
from tqrun.temporal import attributes, blocked
from tqrun.temporal.activity import Observer, activities
from tqrun.temporal.calls import WorkerLacksActivity
from tqrun.temporal.client import Connection, connect, settings
from tqrun.temporal.core_logs import forward_core_logs
from tqrun.temporal.ending import end_within
from tqrun.temporal.forked import SIGNALS, release_children
from tqrun.temporal.headers import PlanSender
from tqrun.temporal.health import health_server, not_polling
from tqrun.temporal.refusals import no_namespace
from tqrun.temporal.running import Running
from tqrun.temporal.workflow import workflow_classes

STICKY_TIMEOUT = timedelta(seconds=3)
"""How long a run that a killed worker had cached waits before another worker takes it."""
RECONNECT_SECONDS = 1.0
READY_POLL_SECONDS = 0.5
LAST_WORDS_SECONDS = 5.0
"""After the grace: for cancelled activities to notice, before the process ends anyway."""
EXIT_SECONDS = 5.0
"""After that: for what functions have left behind to end."""
HURRIED_SECONDS = 1.0
"""The same after a second signal."""

_LACKING = "launches need search attributes that are missing; run tqrun apply"
_NOT_VALID = "Failed validating workflow "

_logger = logging.getLogger("tqrun.worker")


class WorkerProcess:
    """All workers of this process, from connecting to drained."""

    def __init__(
        self,
        services: Sequence[Service],
        connection: Connection,
        *,
        give_up_after: timedelta,
        health: str | None = None,
        log_services: bool = False,
    ) -> None:
        """Serve *services*; wait for a server that is not up at most *give_up_after*.

        With *health*, `host:port`, answer there whether the process is alive and ready. With
        *log_services*, a line for each tells what is served.
        """
        self._log_services = log_services
        self._health = health
        self._clients: dict[str, Client] = {}
        self._services = services
        self._running = [Running(service) for service in services]
        self._connection = connection
        self._give_up_after = give_up_after
        self._workers: list[Worker] = []
        self._stopping = asyncio.Event()
        self._signal: signal.Signals | None = None
        self._handler: Any = None

    async def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C, then drain within the grace of each queue.

        A second signal ends the process at once.

        Raises:
            KeyboardInterrupt: A second signal, or Ctrl-C before there was a server.
            ServerUnavailable: No server within the time given, or it refuses.
            UsageError: The connection is configured in a way that cannot work.
        """
        release_children()
        self._take_signals()
        try:
            async with AsyncExitStack() as stack:
                if self._health is not None:
                    await stack.enter_async_context(health_server(self._health, self._waiting))
                stack.enter_context(blocked.reported(self._running, self._take_signals))
                if await self._connect():
                    await self._serve()
        finally:
            for number in SIGNALS:
                asyncio.get_running_loop().remove_signal_handler(number)

    def _take_signals(self) -> None:
        """Handle the signals here, also where a function has set handlers of its own."""
        if self._handler and any(signal.getsignal(one) is not self._handler for one in SIGNALS):
            _logger.warning("a function has replaced the worker's signal handlers; they are back")
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._stop, number)
        self._handler = signal.getsignal(signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        if self._stopping.is_set():
            end_within(HURRIED_SECONDS, Exit.INTERRUPTED)
            raise KeyboardInterrupt
        self._signal = number
        self._stopping.set()

    async def _waiting(self) -> list[str]:
        """The task queues that this process does not poll yet, or does no longer."""
        if not self._workers or self._stopping.is_set():
            return [service.task_queue for service in self._services]
        return await not_polling(self._clients, self._services)

    async def _connect(self) -> bool:
        """Connect to every namespace; False when a SIGTERM came first."""
        connecting = asyncio.ensure_future(self._connect_all())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([connecting, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if connecting.done():
            connecting.result()
            return True
        connecting.cancel()
        if self._signal is signal.SIGINT:
            raise KeyboardInterrupt
        return False

    async def _connect_all(self) -> None:
        for namespace in dict.fromkeys(service.namespace for service in self._services):
            self._clients[namespace] = await self._connect_to(namespace)

    async def _connect_to(self, namespace: str) -> Client:
        """Connect, waiting for a server that is not up yet, with one line that says so."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._give_up_after.total_seconds()
        waiting = False
        while True:
            try:
                return await connect(self._connection, namespace)
            except ServerUnavailable as error:
                if loop.time() >= deadline:
                    raise
                if not waiting:
                    address = settings(self._connection)["target_host"]
                    fields = {"address": address, "error": str(error)}
                    _logger.warning("waiting for the Temporal server", extra=fields)
                    waiting = True
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _serve(self) -> None:
        try:
            self._workers = [
                worker(self._clients[one.service.namespace], one.service, running=one)
                for one in self._running
            ]
        except RuntimeError as refused:
            raise _not_loaded(refused) from refused
        running = [asyncio.ensure_future(one.run()) for one in self._workers]
        stopping = asyncio.ensure_future(self._stopping.wait())
        telling = asyncio.ensure_future(self._tell_when_ready())
        await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        telling.cancel()
        _logger.info("draining", extra={"workers": len(running)})
        graces = [one.options.graceful_shutdown_timeout for one in self._services]
        deadline = max(graces).total_seconds() + LAST_WORDS_SECONDS
        end_within(deadline + EXIT_SECONDS, Exit.OK if self._signal else Exit.SERVER)
        await asyncio.wait(
            [asyncio.ensure_future(one.shutdown()) for one in self._workers], timeout=deadline
        )
        done, late = await asyncio.wait(running, timeout=1)
        if late:
            _logger.error("activities did not end in time", extra={"workers": len(late)})
        for task in done:
            if (failure := task.exception()) is not None:
                raise self._stopped(failure) from failure

    async def _tell_when_ready(self) -> None:
        """Log what is served, and once more when the server has seen all of it polled."""
        for service in self._services if self._log_services else ():
            served = {
                "queue": service.queue,
                "version": service.version,
                "task_queue": service.task_queue,
                "max_concurrent_activities": service.options.max_concurrent_activities,
            }
            _logger.info("serving", extra=served)
        await self._warn_of_attributes()
        await asyncio.sleep(READY_POLL_SECONDS)
        while await self._waiting():  # noqa: ASYNC110 - what is waited for is on the server
            await asyncio.sleep(READY_POLL_SECONDS)
        _logger.info("ready", extra={"task_queues": len(self._services)})

    async def _warn_of_attributes(self) -> None:
        """Name the search attributes that launches and children of what is served would lack."""
        for namespace, client in self._clients.items():
            here = [one for one in self._services if one.namespace == namespace]
            launches = {launch.name: launch for one in here for launch in one.workflows.values()}
            try:
                wanted = attributes.declared(launches.values())
                lacking = await attributes.missing(client, wanted)
            except AttributeConflict as error:
                _logger.warning("launches will fail", extra={"error": str(error)})
            except ApplyFailed:
                pass  # a worker need not be allowed to ask
            else:
                if lacking:
                    named = {"namespace": client.namespace, "search_attributes": ", ".join(lacking)}
                    _logger.warning(_LACKING, extra=named)

    @staticmethod
    def _stopped(error: BaseException) -> TqrunError:
        text = str(error)
        if lacking := no_namespace(text):
            return lacking
        return ServerUnavailable(f"a worker stopped: {text.partition(chr(10))[0][:300]}")


def worker(
    client: Client,
    service: Service,
    *,
    running: Running | None = None,
    functions: Sequence[Callable[..., Any]] | None = None,
    interceptors: Sequence[Interceptor] = (),
    is_time_to_stop: Callable[[], bool] | None = None,
) -> Worker:
    """The SDK's worker for *service*, not yet running.

    Args:
        client: Connected to the namespace.
        service: What is served.
        running: Counts the activities that it runs.
        functions: Activities to register in place of those of *service*.
        interceptors: Added inside tqrun's own.
        is_time_to_stop: As `workflow_classes` takes it.
    """
    options = service.options
    return Worker(
        client,
        task_queue=service.task_queue,
        activities=activities(service) if functions is None else functions,
        workflows=workflows(service, is_time_to_stop),
        interceptors=[PlanSender(), Observer(service, running), *interceptors],
        activity_executor=ThreadPoolExecutor(
            options.max_concurrent_activities, thread_name_prefix=service.task_queue
        ),
        max_concurrent_activities=options.max_concurrent_activities,
        max_concurrent_workflow_tasks=options.max_concurrent_workflow_tasks,
        max_cached_workflows=options.max_cached_workflows,
        max_activities_per_second=options.max_activities_per_second,
        max_task_queue_activities_per_second=options.max_task_queue_activities_per_second,
        # An eager activity would not be counted against the limit.
        disable_eager_activity_execution=options.max_activities_per_second is not None
        or options.max_task_queue_activities_per_second is not None,
        graceful_shutdown_timeout=options.graceful_shutdown_timeout,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        # The SDK would hash every module of the process to name the build.
        build_id=f"tqrun-{version('tqrun')}",
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(minimum=2, initial=2),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(minimum=1, initial=2),
    )


def workflows(service: Service, is_time_to_stop: Callable[[], bool] | None = None) -> list[type]:
    """The workflow classes that a worker of *service* registers: tqrun's own and hand-written ones.

    A hand-written class runs in Temporal's sandbox, unless its own decorator says otherwise.
    """
    by_hand = [one.workflow_class for one in service.workflows.values() if one.workflow_class]
    types = [name for name, one in service.workflows.items() if one.workflow_class is None]
    own = workflow_classes(
        types,
        service.activities,
        service.task_queue,
        plans=service.children,
        parameters=service.parameters,
        is_time_to_stop=is_time_to_stop,
    )
    return [*own, *by_hand]


def _not_loaded(failed: RuntimeError) -> Exception:
    """What the SDK means where a class fails when the sandbox imports it once more."""
    text, cause = str(failed), failed.__cause__
    if cause is None or not text.startswith(_NOT_VALID):
        return failed
    name = text.removeprefix(_NOT_VALID)
    reason = f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"
    message = f"workflow {name} does not load in Temporal's sandbox: {reason}"
    return BindingError("import-failed", message)


def quiet_sdk() -> None:
    """One line, not a traceback, for a run that waits, and one, not two, for a failed activity.

    None for each task queue that drains, since "draining" is logged once for all.
    """

    def shorten(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, WorkerLacksActivity | UnreadablePlan):
            record.msg, record.args, record.exc_info = str(error), (), None
        return True

    logging.getLogger("temporalio.worker._workflow_instance").addFilter(shorten)
    # The SDK's own line about a failed activity repeats ours without the run's fields.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
    logging.getLogger("temporalio.worker._worker").setLevel(logging.WARNING)
    forward_core_logs("WARN")
