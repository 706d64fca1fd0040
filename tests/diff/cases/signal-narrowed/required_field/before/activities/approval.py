def publish(id: str) -> None:
    pass
