def total(given: dict) -> int:
    return given["amount"]
