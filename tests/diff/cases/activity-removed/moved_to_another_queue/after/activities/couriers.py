def hire(name: str) -> None:
    pass
