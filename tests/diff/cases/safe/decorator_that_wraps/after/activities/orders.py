import functools


def noted(level):
    def outer(function):
        @functools.wraps(function)
        def inner(*given, **named):
            return function(*given, **named)

        return inner

    return outer


@noted(3)
def ship(order_id: str, options: dict[str, str]) -> None:
    raise NotImplementedError
