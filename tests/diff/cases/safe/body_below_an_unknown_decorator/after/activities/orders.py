from elsewhere import traced


@traced
def ship(order_id: str, options: dict[str, str]) -> None:
    print(order_id)
