"""The function of the queue in queues.yaml."""


def step(number: int) -> int:
    return number + 1
