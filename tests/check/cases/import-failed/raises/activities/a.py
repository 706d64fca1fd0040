import json

SETTINGS = json.loads('{')


def f(entity_id: str) -> None: ...
