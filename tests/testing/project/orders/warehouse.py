def count_stock(day: str) -> int:
    raise NotImplementedError
