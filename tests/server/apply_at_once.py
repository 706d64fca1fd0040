"""Three appliers that have all seen the same server before any of them changes it.

Each carries out only its first changes if it is told how many: it stops half-way.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tqrun.cli.main import leave
from tqrun.temporal.queues import Queues, open_queues
from tqrun.temporal.schedules import Change, carry_out, planned


async def main(first: int | None) -> None:
    appliers: list[Queues] = [open_queues() for _ in range(3)]
    plans = await asyncio.gather(*(planned(one) for one in appliers))
    print(json.dumps([[change.action for change in plan] for plan in plans]))
    done: list[Any] = [
        _carried_out(queues, plan[:first]) for queues, plan in zip(appliers, plans, strict=True)
    ]
    await asyncio.gather(*done)


async def _carried_out(queues: Queues, plan: list[Change]) -> None:
    for change in plan:
        await carry_out(queues, change)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
    leave(0)
