def noted(function):
    def inner(note: str = ""):
        return function(note, {})

    return inner


@noted
def ship(order_id: str, options: dict[str, str]) -> None:
    raise NotImplementedError
