"""What one test rehearses: workers of its own namespace, and runs whose timers are skipped.

The functions of the queues file are not called here: whoever made the stage says what each call
comes to. All calls are made on the workflow's own task queue, wherever they are declared to go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from tqrun.errors import RehearsalFailed
from tqrun.plan.compile import LaunchPlan
from tqrun.plan.model import Child, every_step
from tqrun.plan.registry import Registry, Service
from tqrun.temporal import attributes
from tqrun.temporal.activity import resolver
from tqrun.temporal.described import describe
from tqrun.temporal.failures import described
from tqrun.temporal.one_clock import SUMMARY, OneClock
from tqrun.temporal.requests import checked, known_query
from tqrun.temporal.stand_ins import Answer, StandIns
from tqrun.temporal.start import Sent, prepare, started
from tqrun.temporal.stuck import stuck
from tqrun.temporal.worker import worker
from tqrun.temporal.workflow import STATE

_SKIP_ALL = TimeSkippingConfig(max_session_skip_count=1_000_000)
"""The server stops to skip after 200 timers if it is not told."""
_LOOK_SECONDS = 0.5
_FAILURES = 2
"""Of a workflow task, after which it is not expected to be done any more."""
_CHILDREN = 50
"""Of a run that are looked at; those that end make room for others."""


class Stage:
    """The workers and runs of one test."""

    def __init__(self, registry: Registry, client: Client, answer: Answer) -> None:
        """Run what *registry* declares in the client's namespace; *answer* makes the calls."""
        self._registry, self._client = registry, client
        self._skipper = TimeSkipper(client, config=_SKIP_ALL)
        self._stand_ins = StandIns(answer)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._ready: set[str] = set()
        self._opening = asyncio.Lock()
        self._launches: dict[str, LaunchPlan] = {}
        self._longest: int | None = None
        self._has_one_clock = False

    async def delay(self, queue: str, activity: str, *, takes_time: bool) -> None:
        """Expect that the calls of *activity* by workflows of *queue* take time, or do not."""
        delayed = self._stand_ins.delayed
        (delayed.add if takes_time else delayed.discard)((queue, activity))

    async def continue_every(self, events: int) -> None:
        """Continue each run in a new one when its history has so many *events*."""
        self._longest = events

    async def use_one_clock(self) -> None:
        """Let the time that a child takes pass for its parent, too."""
        self._has_one_clock = True

    async def launch(
        self, queue: str, values: dict[str, Any], *, skip: bool, signal: list[Any] | None = None
    ) -> dict[str, Any]:
        """Start a declared workflow; with *skip*, its timers and its children's fire at once.

        With *signal*, a name and a payload, the run gets that, whether it is new or there already.
        """
        launch = self._registry.workflow(queue)
        if signal is not None and launch.debounce is not None:
            raise RehearsalFailed(f"{queue} is debounced: start it, then signal it")
        sent = None if signal is None else Sent(signal[0], checked(launch, *signal))
        launch = replace(launch, namespace=self._client.namespace)
        async with self._opening:
            await self._open(queue.partition(".")[0])
        start = prepare(launch, values)
        client = self._skipper.client if skip else self._client
        status, run_id = await started(client, launch, start, sent)
        self._launches[start.workflow_id] = launch
        return {
            "status": status,
            "workflow_id": start.workflow_id,
            "run_id": run_id,
            "task_queue": start.task_queue,
            "input": dict(start.input),
            "memo": dict(start.memo),
        }

    async def _open(self, queue: str) -> None:
        """Have workers for *queue* and for those of its children, and what they must know."""
        if queue in self._ready:
            return
        self._ready.add(queue)
        launches = self._registry.queue(queue)
        wanted = attributes.declared(launches)
        await attributes.register(self._client, await attributes.missing(self._client, wanted))
        version = self._registry.file.queues[queue].version
        for service in self._registry.services([queue]):
            if service.version == version:
                self._workers[service.task_queue] = asyncio.create_task(self._worker(service).run())
        steps = [step for launch in launches for step in every_step(launch.plan.steps)]
        for child in (step.workflow for step in steps if isinstance(step, Child)):
            await self._open(child.partition(".")[0])

    def _worker(self, service: Service) -> Worker:
        by_hand = {
            name for name, launch in service.workflows.items() if launch.workflow_class is not None
        }
        return worker(
            self._client,
            service,
            functions=[self._stand_ins.activity(service), resolver(service)],
            interceptors=[
                self._stand_ins.interceptor(service),
                OneClock(lambda: self._has_one_clock, by_hand),
            ],
            is_time_to_stop=self._is_time_to_stop,
        )

    def _is_time_to_stop(self) -> bool:
        info = workflow.info()
        if self._longest is not None and info.get_current_history_length() >= self._longest:
            return True
        return info.is_continue_as_new_suggested()

    async def wait(self, workflow_id: str) -> dict[str, Any]:
        """Skip to the end of a run and what continues it: its result or its error.

        Raises:
            RehearsalFailed: Its workflow task, or a child's, fails again and again.
        """
        handle = self._client.get_workflow_handle(workflow_id)
        skipping = asyncio.create_task(self._skip(handle))
        try:
            return {"result": await self._unless_stuck(handle, handle.result())}
        except WorkflowFailureError as error:
            return {"error": described(error.cause)}
        finally:
            skipping.cancel()
            await asyncio.gather(skipping, return_exceptions=True)

    async def _unless_stuck(
        self, handle: WorkflowHandle[Any, Any], answer: Coroutine[Any, Any, Any]
    ) -> Any:
        """The *answer* of a run, which one that is stuck would never give."""
        answering = asyncio.ensure_future(answer)
        watching = asyncio.create_task(self._stuck(handle))
        both = {answering, watching}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise RehearsalFailed(watching.result())
            return answering.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _stuck(self, handle: WorkflowHandle[Any, Any]) -> str:
        """Why a run or a child of it does not go on, once its workflow task has failed twice."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with suppress(RPCError):  # the next look may be luckier
                why = await self._why(handle)
                if why is not None:
                    return why

    async def _why(self, handle: WorkflowHandle[Any, Any]) -> str | None:
        run = await describe(self._client, handle.id, handle.run_id)
        found = await stuck(self._client, run)
        if found is not None and found.failures >= _FAILURES:
            return (
                f"{run.workflow_id} does not go on: "
                f"its workflow task fails again and again: {found.cause}"
            )
        for child in run.raw.pending_children[:_CHILDREN]:
            own = self._client.get_workflow_handle(child.workflow_id, run_id=child.run_id)
            if why := await self._why(own):
                return why
        return None

    async def _skip(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Let the timers of a run and of its children fire at once, from now on."""
        with suppress(RPCError):  # it has ended
            info = (await handle.describe()).raw_description
            children = [
                self._skip(self._client.get_workflow_handle(one.workflow_id, run_id=one.run_id))
                for one in info.pending_children
            ]
            await asyncio.gather(self._skipper.fast_forward(handle), *children)

    async def skip(self, workflow_id: str, seconds: float) -> bool:
        """Move the clock of a run; False if it ended before."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            skipping = self._skipper.fast_forward(handle, seconds)
            skipped: bool = await self._unless_stuck(handle, skipping)
        except RPCError:
            return False
        return skipped

    async def signal(self, workflow_id: str, name: str, payload: dict[str, Any]) -> None:
        """Send a signal to a run.

        Raises:
            UnknownSignal: It is not declared.
            InvalidInput: The payload does not fit.
        """
        launch = self._launches[workflow_id]
        # A class has signals that the file need not declare.
        if launch.workflow_class is None or name in launch.plan.signals:
            payload = dict(checked(launch, name, payload))
        await self._client.get_workflow_handle(workflow_id).signal(name, payload)

    async def query(self, workflow_id: str, name: str) -> Any:
        """What a run answers.

        Raises:
            UnknownQuery: It is not declared.
        """
        launch = self._launches[workflow_id]
        if launch.workflow_class is None and name != STATE:
            known_query(launch, name)
        handle = self._client.get_workflow_handle(workflow_id)
        return await self._unless_stuck(handle, handle.query(name))

    async def cancel(self, workflow_id: str) -> None:
        """Ask a run to end."""
        await self._client.get_workflow_handle(workflow_id).cancel()

    async def terminate(self, workflow_id: str, reason: str) -> None:
        """End a run at once."""
        await self._client.get_workflow_handle(workflow_id).terminate(reason=reason)

    async def history(self, workflow_id: str, run_id: str) -> list[dict[str, Any]]:
        """The events of a run and of those that continue it, payloads decoded."""
        found = []
        following: str | None = run_id
        while following:
            handle = self._client.get_workflow_handle(workflow_id, run_id=following)
            following = None
            async for event in handle.fetch_history_events():
                kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
                content = getattr(event, event.WhichOneof("attributes") or "", None)
                shown = {} if content is None else MessageToDict(content)
                if event.user_metadata.HasField("summary"):
                    convert = self._client.data_converter.payload_converter.from_payloads
                    [shown["summary"]] = convert([event.user_metadata.summary])
                following = following or shown.get("newExecutionRunId")
                found.append(
                    {
                        "id": event.event_id,
                        "type": "".join(part.title() for part in kind.split("_")),
                        "time": event.event_time.ToDatetime(UTC).isoformat(),
                        "attributes": self._decoded(shown, content),
                        "is_own": shown.get("summary") != SUMMARY,
                    }
                )
        return found

    def _decoded(self, shown: dict[str, Any], content: Any) -> dict[str, Any]:
        """*shown* with the values of its payloads in place of their bytes."""
        convert = self._client.data_converter.payload_converter.from_payloads
        for name in ("input", "result"):
            if name in shown:
                shown[name] = convert(list(getattr(content, name).payloads))
        return shown

    async def close(self) -> None:
        """Stop the workers."""
        for task in self._workers.values():
            task.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)
