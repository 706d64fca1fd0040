from typing import Annotated

from pydantic import Field


def ship(order_id: str, options: Annotated[str, Field(max_length=3)]) -> None:
    raise NotImplementedError
