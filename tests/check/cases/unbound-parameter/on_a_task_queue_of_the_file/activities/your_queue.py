def fetch(entity_id: str) -> str:
    return entity_id
