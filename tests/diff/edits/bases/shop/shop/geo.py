from typing import NotRequired, TypedDict


class Place(TypedDict):
    x: float
    y: float
    name: NotRequired[str]
