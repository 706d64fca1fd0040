"""The activity of `your_queue`: make an entity ready for search and comparison."""

import hashlib
import logging
import unicodedata
from dataclasses import dataclass

from activities import database

logger = logging.getLogger(__name__)


class EntityNotFound(LookupError):
    """The workspace has no such entity; it may be on its way, so trying again can help."""


class ValidationError(ValueError):
    """The entity cannot be processed as it is; trying again cannot help."""


@dataclass(frozen=True, slots=True)
class ProcessedEntity:
    """What was stored for one entity.

    Attributes:
        checksum: SHA-256 of the normalised text, in hex; it changes when the text does.
    """

    entity_id: str
    words: int
    checksum: str


def your_activity(entity_id: str, workspace_id: int) -> ProcessedEntity:
    """Store the normalised text of an entity, its number of words and its checksum.

    Raises:
        EntityNotFound: The workspace has no entity of that id.
        ValidationError: The entity has no text.
    """
    with database.transaction() as db:
        row = db.execute(
            "SELECT body FROM entities WHERE id = ? AND workspace_id = ?",
            (entity_id, workspace_id),
        ).fetchone()
        if row is None:
            raise EntityNotFound(f"workspace {workspace_id} has no entity {entity_id}")
        text = " ".join(unicodedata.normalize("NFKC", row[0]).split())
        if not text:
            raise ValidationError(f"entity {entity_id} has no text")
        words = len(text.split())
        checksum = hashlib.sha256(text.encode()).hexdigest()
        db.execute(
            "REPLACE INTO processed_entities (entity_id, text, words, checksum)"
            " VALUES (?, ?, ?, ?)",
            (entity_id, text, words, checksum),
        )
    logger.info("entity processed", extra={"words": words, "checksum": checksum})
    return ProcessedEntity(entity_id, words, checksum)
