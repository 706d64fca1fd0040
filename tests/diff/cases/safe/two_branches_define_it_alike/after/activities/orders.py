import sys

if sys.version_info > (3, 8):

    def ship(order_id: str, options: dict[str, str]) -> None:
        raise NotImplementedError
else:

    def ship(order_id: str, options: dict[str, str]) -> None:
        print(order_id)
