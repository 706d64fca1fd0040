"""From what a file or Pydantic writes to a `Schema`: every keyword of JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tqrun.jsontypes.applicators import APPLICATORS, REMAINING, remaining
from tqrun.jsontypes.assertions import ASSERTIONS
from tqrun.jsontypes.judge import Source
from tqrun.jsontypes.schema import Keyword, Schema

_KEYWORDS = ASSERTIONS | APPLICATORS


class _Document:
    """Makes schemas of one document, in which `#/$defs/…` are known."""

    def __init__(self, root: Source | bool) -> None:
        """Resolve references within *root*."""
        self._root = root
        self._referred: dict[str, Schema] = {}
        self._made: dict[int, Schema] = {}

    def schema(self, source: Source | bool) -> Schema:
        """The schema that *source* writes.

        Raises:
            BadPattern: One of its regular expressions cannot be used.
        """
        # By identity: a schema that YAML anchors share, level by level, is one.
        if id(source) not in self._made:
            made = Schema()
            self._fill(made, source)
            self._made[id(source)] = made
        return self._made[id(source)]

    def referred(self, reference: str) -> Schema:
        """The schema that *reference* names; it may be the one around it."""
        if reference not in self._referred:
            self._referred[reference] = made = Schema()
            source: Any = self._root
            for step in filter(None, reference.removeprefix("#").split("/")):
                source = source.get(step, True) if isinstance(source, Mapping) else True
            self._fill(made, source)
        return self._referred[reference]

    def _fill(self, made: Schema, source: Source | bool) -> None:
        if source is False:
            made.add(Keyword("false", False, lambda *_: False))
        if not isinstance(source, Mapping):
            return
        for name, judge in _KEYWORDS.items():
            if name in source:
                keyword = Keyword(name, source[name], *judge(source[name], source, self))
                made.add(keyword)
        for name, make in REMAINING.items():
            if name in source:
                made.add(remaining(name, source[name], made, self.schema(source[name]), make))


def compiled(source: Source | bool) -> Schema:
    """The schema that *source* writes; keywords that are not known say nothing.

    Raises:
        BadPattern: One of its regular expressions cannot be used.
    """
    return _Document(source).schema(source)
