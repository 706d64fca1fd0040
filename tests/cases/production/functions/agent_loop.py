"""What an agent does in one step, and at the end."""


def run_step(message_id: str, number: int) -> bool:
    return number < 2


def finalise(message_id: str) -> None:
    pass
