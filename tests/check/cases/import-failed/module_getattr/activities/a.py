def __getattr__(name: str) -> object:
    raise RuntimeError(name)
