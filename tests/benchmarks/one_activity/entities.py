"""The function of the queue in queues.yaml."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)


def process(entity_id: str, workspace_id: int) -> dict[str, object]:
    logger.info("processed", extra={"size": len(entity_id)})
    return {"entity_id": entity_id, "size": len(entity_id)}
