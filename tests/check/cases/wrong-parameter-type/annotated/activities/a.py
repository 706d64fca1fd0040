from typing import Annotated, Optional

from pydantic import Field

Size = Annotated[int, Field(ge=1, description="how many")]


def a(x: Size, w: Optional[Size], z: list[Size]) -> None: ...
