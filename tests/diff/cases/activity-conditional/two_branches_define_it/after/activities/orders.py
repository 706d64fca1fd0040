import sys

if sys.version_info > (3, 8):

    def ship(note: str = "") -> None:
        raise NotImplementedError
else:

    def ship(order_id: str, options: dict[str, str]) -> None:
        raise NotImplementedError
