from collections.abc import Iterator

LIMIT = 3


class Fetch: ...


def items(entity_id: str) -> Iterator[str]:
    yield entity_id
