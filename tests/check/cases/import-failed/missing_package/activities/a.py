import no_such_package


def f(entity_id: str) -> None: ...
