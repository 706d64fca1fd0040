from __future__ import annotations

from dataclasses import dataclass

from temporalio import workflow


@dataclass
class Order:
    order_id: str


@workflow.defn(name="Stubborn")
class Stubborn:
    """A workflow with a fault: Temporal tries its task again for as long as the run is open."""

    @workflow.run
    async def run(self, order: Order) -> str:
        raise RuntimeError(f"no way for {order.order_id}") from KeyError("map")
