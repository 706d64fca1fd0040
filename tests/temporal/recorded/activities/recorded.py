"""The functions of the recorded workflows."""


def one(entity_id: str) -> str:
    return entity_id


def two() -> str:
    return "two"


def double(number: int) -> int:
    return 2 * number


def fail_once() -> None:
    raise ValueError("it fails")
