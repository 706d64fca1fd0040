from dataclasses import dataclass
from typing import Any, TypedDict

from pydantic import BaseModel
from temporalio import workflow


@dataclass
class Turn:
    conversation_id: str
    turns: int = 0


class Model(BaseModel):
    conversation_id: str
    turns: int


class Typed(TypedDict):
    conversation_id: str
    turns: int


@workflow.defn(name="agent_loop")
class AgentLoop:
    @workflow.run
    async def run(self, turn: Turn) -> None: ...


@workflow.defn(name="Modelled")
class Modelled:
    @workflow.run
    async def run(self, turn: Model) -> None: ...


@workflow.defn(name="plain")
class Plain:
    @workflow.run
    async def run(self, turn: dict[str, Any]) -> None: ...


@workflow.defn(name="bare")
class Bare:
    @workflow.run
    async def run(self, turn, extra=None): ...
