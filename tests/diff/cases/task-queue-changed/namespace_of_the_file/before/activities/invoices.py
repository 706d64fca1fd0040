def send(number: str) -> None:
    pass
