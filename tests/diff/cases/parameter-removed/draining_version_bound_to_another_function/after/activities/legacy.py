def ship(order_id: str, note: str = "") -> None:
    raise NotImplementedError


def send(number: str, note: str = "") -> None:
    raise NotImplementedError
