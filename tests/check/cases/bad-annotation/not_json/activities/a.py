import threading


def f(entity_id: threading.Lock) -> None: ...
