"""What queues.yaml and entities.py declare, by hand: the activity and its argument."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from temporalio import activity

logger = logging.getLogger(__name__)


@dataclass
class Entity:
    entity_id: str
    workspace_id: int


@activity.defn
def process(entity: Entity) -> dict[str, Any]:
    logger.info("processed", extra={"size": len(entity.entity_id)})
    return {"entity_id": entity.entity_id, "size": len(entity.entity_id)}


ACTIVITIES = [process]
