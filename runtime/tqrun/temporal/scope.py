"""The names that a running workflow can see, and where each one is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Scope(Mapping[str, Any]):
    """Names by the body that they belong to, innermost first.

    A name that an outer body has is written there, any other one here; an overlay shows names,
    such as a caught error, and keeps none.
    """

    __slots__ = ("is_overlay", "names", "outer")

    def __init__(
        self, names: dict[str, Any], outer: Scope | None = None, *, overlay: bool = False
    ) -> None:
        """Begin a body inside *outer*."""
        self.names, self.outer, self.is_overlay = names, outer, overlay

    def __getitem__(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True
            scope = scope.outer
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.flat())

    def __len__(self) -> int:
        return len(self.flat())

    def flat(self) -> dict[str, Any]:
        """Every visible name with its value."""
        outer = self.outer.flat() if self.outer is not None else {}
        return outer | self.names

    def write(self, name: str, value: Any) -> None:
        """Give *name* a value."""
        scope: Scope | None = self
        home: Scope | None = None
        while scope is not None:
            if not scope.is_overlay:
                home = home or scope
                if name in scope.names:
                    home = scope
                    break
            scope = scope.outer
        assert home is not None
        home.names[name] = value
