from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import workflow
from temporalio.common import RawValue


@dataclass
class Turn:
    conversation_id: int
    lane: str
    turns: int = 0


class Plain:
    async def run(self, turn: dict) -> None: ...


@workflow.defn(name="AgentLoop")
class AgentLoop:
    @workflow.run
    async def run(self, turn: dict) -> None: ...


class Heir(AgentLoop):
    pass


@workflow.defn(dynamic=True)
class AnyType:
    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None: ...


@workflow.defn(name="typed")
class Typed:
    @workflow.run
    async def run(self, turn: Turn) -> None: ...


@workflow.defn(name="several")
class Several:
    @workflow.run
    async def run(self, conversation_id: int, lane: str) -> None: ...


@workflow.defn(name="in_between")
class InBetween:
    @workflow.run
    async def run(self, conversation_id: str, lane: str = "", turns: int = 1) -> None: ...


@workflow.defn(name="nothing")
class Nothing:
    @workflow.run
    async def run(self) -> None: ...


@workflow.defn(name="may_be_null")
class MayBeNull:
    @workflow.run
    async def run(self, conversation_id: str | None) -> None: ...


@workflow.defn(name="text")
class Text:
    @workflow.run
    async def run(self, conversation_id: str) -> None: ...


def function() -> None: ...
