"""Edits of one annotation: a type in other words is safe, another type is or is not.

Each kind of type has several spellings. Between two kinds it is said which values fit; all of a
kind's spellings take the same values.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import product

from tests.diff.edits.edit import Edit, Verdict
from tests.diff.edits.pairs import PAIRS
from tests.diff.edits.projects import QUEUES

HEAD = """\
from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import typing
import typing as t
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from typing import (
    Annotated, Any, Dict, Final, Generic, List, Literal, NamedTuple, NewType, NotRequired, Optional,
    Required, Tuple, TypeAlias, TypedDict, TypeVar, Union,
)
from typing import Optional as Maybe

import annotated_types
import pydantic
from annotated_types import Gt, MaxLen
from pydantic import (
    AliasChoices, BaseModel, ConfigDict, Field, PositiveInt, RootModel, StringConstraints, conint,
    conlist, constr, field_validator,
)

LIMIT = 5
T = TypeVar("T")
"""
YAML = """\
queues:
  typed:
    version: 1
    workflow_id: typed-${key}
    input: {key: string}
    steps:
      - activity: source
        as: blob
      - activity: act
        with: {value: "${blob}"}
        as: answer
      - return: ${answer}
    activities:
      source: {start_to_close_timeout: 1m, retry_policy: {maximum_attempts: 2}}
      act: {start_to_close_timeout: 1m, retry_policy: {maximum_attempts: 2}}
"""

SPELLINGS: dict[str, list[str]] = {
    "text": [
        "str",
        "'str'",
        "Annotated[str, 'a name']",
        "Name\nName = NewType('Name', str)",
        "Name\nName: TypeAlias = str",
        "Name\nName = str",
        "typing.Annotated[str, Field(description='x')]",
        "Name\nName = Annotated[str, Field(title='x', examples=['a'])]",
        "t.Text",
        "pydantic.StrictStr",
    ],
    "whole": [
        "int",
        "Key\nKey = NewType('Key', int)",
        "conint()",
        "Annotated[int, Field()]",
        "Key\nKey = int",
        "Other\nKey = NewType('Key', int)\nOther = NewType('Other', Key)",
    ],
    "whole or none": [
        "int | None",
        "None | int",
        "Optional[int]",
        "t.Optional[int]",
        "Maybe[int]",
        "Union[int, None]",
        "Union[None, 'int']",
        "'int | None'",
        "Key\nKey = Optional[int]",
        "Annotated[int | None, 'x']",
    ],
    "positive": [
        "PositiveInt",
        "pydantic.PositiveInt",
        "conint(gt=0)",
        "conint(ge=1)",
        "Annotated[int, Field(gt=0)]",
        "Annotated[int, Gt(0)]",
        "Annotated[int, annotated_types.Ge(1)]",
        "Count\nCount = Annotated[int, Field(ge=1)]",
        "Annotated[int, annotated_types.Interval(gt=0)]",
        "Annotated[NewKey, Field(gt=0)]\nNewKey = NewType('NewKey', int)",
    ],
    "number": [
        "float",
        "Annotated[float, 'x']",
        "Rate\nRate = NewType('Rate', float)",
        "float | int",
        "Union[int, float]",
    ],
    "short": [
        "constr(max_length=5)",
        "Annotated[str, Field(max_length=5)]",
        "Annotated[str, StringConstraints(max_length=5)]",
        "Annotated[str, MaxLen(5)]",
        "Annotated[str, Field(max_length=LIMIT)]",
        "constr(max_length=LIMIT)",
    ],
    "a or b": [
        "Literal['a', 'b']",
        "Literal['b', 'a']",
        "t.Literal['a', 'b']",
        "Literal['a'] | Literal['b']",
        "Kind\nKind = Literal['a', 'b']",
        "Kind\nclass Kind(StrEnum):\n    A = 'a'\n    B = 'b'",
        "Kind\nclass Kind(str, Enum):\n    A = 'a'\n    B = 'b'",
        "Kind\nclass Kind(enum.Enum):\n    B = 'b'\n    A = 'a'",
        "Kind\nclass Kind(StrEnum):\n    A = auto()\n    B = auto()",
        "Literal[Kind.A, Kind.B]\nclass Kind(StrEnum):\n    A = 'a'\n    B = 'b'\n    C = 'c'",
        "Kind\nclass _Named(StrEnum):\n    pass\nclass Kind(_Named):\n    A = 'a'\n    B = 'b'\n    FIRST = A",
        "Literal[One, 'b']\nOne = Literal['a']",
    ],
    "a, b or c": [
        "Literal['a', 'b', 'c']",
        "Kind\nclass Kind(StrEnum):\n    A = auto()\n    B = auto()\n    C = auto()",
        "Kind\nclass Kind(Enum):\n    A = 'a'\n    B = 'b'\n    C = 'c'",
        "Literal[Two, 'c']\nTwo = Literal['a', 'b']",
    ],
    "one or two": [
        "Literal[1, 2]",
        "Level\nclass Level(IntEnum):\n    LOW = 1\n    HIGH = 2",
        "Level\nclass Level(Enum):\n    LOW = auto()\n    HIGH = auto()",
        "Level\nclass Level(IntEnum):\n    LOW = 1\n    HIGH = LOW + 1",
    ],
    "texts": [
        "list[str]",
        "List[str]",
        "t.List[str]",
        "Sequence[str]",
        "typing.Sequence[str]",
        "Iterable[str]",
        "tuple[str, ...]",
        "conlist(str)",
        "Annotated[list[str], 'x']",
        "Names\nNames = list[str]",
        "Names\nclass Names(RootModel[list[str]]):\n    pass",
    ],
    "texts or nones": ["list[str | None]", "List[Optional[str]]", "Sequence[Union[str, None]]"],
    "wholes": ["list[int]", "Sequence[int]", "tuple[int, ...]", "List[int]"],
    "pair": [
        "tuple[int, int]",
        "Tuple[int, int]",
        "Point\nclass Point(NamedTuple):\n    x: int\n    y: int",
        "Point\nPoint = NamedTuple('Point', [('x', int), ('y', int)])",
        "Point\nclass Point(NamedTuple):\n    left: int\n    top: int",
    ],
    "map of wholes": [
        "dict[str, int]",
        "Dict[str, int]",
        "Mapping[str, int]",
        "t.Mapping[str, int]",
        "Counts\nCounts = dict[str, int]",
    ],
    "map of numbers": ["dict[str, float]", "Mapping[str, float]", "Dict[str, float]"],
    "map": ["dict", "dict[str, Any]", "Dict[str, Any]", "Mapping[str, object]", "t.Dict"],
    "anything": ["Any", "t.Any", "object"],
    "day": ["date", "dt.date", "Annotated[date, 'x']"],
    "moment": ["datetime", "dt.datetime", "pydantic.AwareDatetime"],
    "identity": ["uuid.UUID", "Id\nId = uuid.UUID"],
    "exact": ["Decimal", "Annotated[Decimal, 'x']"],
    "order": [
        "Order\nclass Order(TypedDict):\n    id: str\n    n: int",
        "Order\n@dataclass\nclass Order:\n    id: str\n    n: int",
        "Order\n@dataclasses.dataclass(frozen=True, slots=True)\nclass Order:\n    n: int\n    id: str",
        "Order\n@dataclass(kw_only=True)\nclass Order:\n    n: int\n    id: str",
        "Order\nclass Order(BaseModel):\n    model_config = ConfigDict(extra='forbid')\n    id: str\n    n: int",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str\n    n: int = Field(description='x')",
        "Order\nOrder = TypedDict('Order', {'id': str, 'n': int})",
        "Order\nclass _Base(TypedDict):\n    id: str\nclass Order(_Base):\n    n: int",
        "Order\n@dataclass\nclass _Base:\n    id: str\n@dataclass\nclass Order(_Base):\n    n: int",
        "Order\n@dataclass\nclass _Mixin:\n    id: str\n    n: int\n@dataclass\nclass Order(_Mixin):\n    def twice(self) -> int:\n        return 2 * self.n",
        "Holds[int]\nclass Holds(TypedDict, Generic[T]):\n    id: str\n    n: T",
        "Holds[int]\n@dataclass\nclass Holds(Generic[T]):\n    id: str\n    n: T",
        "Order\n@dataclass\nclass _Base(Generic[T]):\n    id: str\n    n: T\n@dataclass\nclass Order(_Base[int]):\n    pass",
        "'Order'\n@dataclass\nclass Order:\n    id: 'str'\n    n: 'int'",
        "Purchase\n@dataclass\nclass Purchase:\n    id: str\n    n: int",
        "Order\n@pydantic.dataclasses.dataclass(config=ConfigDict(extra='forbid'))\nclass Order:\n    id: str\n    n: int",
        "Order\nclass Order(BaseModel):\n    model_config = ConfigDict(extra='forbid', populate_by_name=True)\n    id: str = Field(alias='orderId')\n    n: int",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str = Field(validation_alias=AliasChoices('id', 'ID'))\n    n: int",
    ],
    "order and a note": [
        "Order\nclass Order(TypedDict):\n    id: str\n    n: int\n    note: NotRequired[str]",
        "Order\nclass Order(TypedDict, total=False):\n    id: Required[str]\n    n: Required[int]\n    note: str",
        "Order\n@dataclass\nclass Order:\n    id: str\n    n: int\n    note: str = ''",
        "Order\n@dataclass\nclass Order:\n    id: str\n    n: int\n    note: str = field(default='')",
        "Order\n@dataclass\nclass Order:\n    id: str\n    n: int\n    note: str = field(default_factory=str)",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str\n    n: int\n    note: str = Field(default='')",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str\n    n: int\n    note: Annotated[str, Field(default='')]",
    ],
    "order and a needed note": [
        "Order\nclass Order(TypedDict):\n    id: str\n    n: int\n    note: str",
        "Order\n@dataclass\nclass Order:\n    id: str\n    n: int\n    note: str",
        "Order\nclass Order(BaseModel):\n    id: str\n    n: int\n    note: str = Field(...)",
        "Order\nclass Order(BaseModel):\n    id: str\n    n: int\n    note: Annotated[str, Field(min_length=1)]",
        "Order\n@dataclass\nclass _Base:\n    note: str\n@dataclass\nclass Order(_Base):\n    id: str\n    n: int",
    ],
    "order without n": [
        "Order\nclass Order(TypedDict):\n    id: str",
        "Order\n@dataclass\nclass Order:\n    id: str",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str",
    ],
    "order with n as text": [
        "Order\nclass Order(TypedDict):\n    id: str\n    n: str",
        "Order\n@dataclass\nclass Order:\n    id: str\n    n: str",
        "Holds[str]\n@dataclass\nclass Holds(Generic[T]):\n    id: str\n    n: T",
        "Order\nclass Order(BaseModel):\n    id: str\n    n: str",
    ],
    "order by another key": [
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str = Field(alias='orderId')\n    n: int",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: Annotated[str, Field(validation_alias='ID')]\n    n: int",
        "Order\nclass Order(TypedDict):\n    order_id: str\n    n: int",
        "Order\nclass Order(BaseModel):\n    model_config = ConfigDict(alias_generator=pydantic.alias_generators.to_pascal, extra='forbid')\n    id: str\n    n: int",
    ],
    "order of positive n": [
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str\n    n: PositiveInt",
        "Order\nclass Order(BaseModel, extra='forbid'):\n    id: str\n    n: int = Field(gt=0)",
        "Order\nclass Order(TypedDict):\n    id: str\n    n: Annotated[int, Field(ge=1)]",
    ],
    "orders": [
        "list[Order]\n@dataclass\nclass Order:\n    id: str\n    n: int",
        "Sequence['Order']\nclass Order(TypedDict):\n    id: str\n    n: int",
    ],
    "orders without n": [
        "list[Order]\n@dataclass\nclass Order:\n    id: str",
        "Sequence[Order]\nclass Order(TypedDict):\n    id: str",
    ],
    "cat or dog": [
        "Cat | Dog\nclass Cat(BaseModel):\n    kind: Literal['cat']\n    lives: int\nclass Dog(BaseModel):\n    kind: Literal['dog']\n    name: str",
        "Pet\nclass Cat(BaseModel):\n    kind: Literal['cat']\n    lives: int\nclass Dog(BaseModel):\n    kind: Literal['dog']\n    name: str\nPet = Annotated[Union[Cat, Dog], Field(title='pet')]",
    ],
    "cat": ["Cat\nclass Cat(BaseModel):\n    kind: Literal['cat']\n    lives: int"],
}
"""What takes the same values, as the annotation and the definitions that it needs."""

FITS = [
    ("whole", "whole or none"),
    ("whole", "number"),
    ("positive", "whole"),
    ("positive", "number"),
    ("short", "text"),
    ("a or b", "text"),
    ("a or b", "a, b or c"),
    ("a, b or c", "text"),
    ("one or two", "whole"),
    ("texts", "texts or nones"),
    ("pair", "wholes"),
    ("map of wholes", "map of numbers"),
    ("map of wholes", "map"),
    ("map of numbers", "map"),
    ("order", "order and a note"),
    ("order", "map"),
    ("order", "anything"),
    ("whole", "anything"),
    ("text", "anything"),
    ("texts", "anything"),
    ("day", "text"),
    ("moment", "text"),
    ("identity", "text"),
    ("whole", "exact"),
    ("order of positive n", "order"),
    ("order and a note", "map"),
    ("cat", "cat or dog"),
    ("number", "exact"),
]
"""All values of the first are values of the second, and not the other way round."""
STRANGERS = [
    ("whole", "text"),
    ("text", "texts"),
    ("texts", "wholes"),
    ("day", "identity"),
    ("order", "order without n"),
    ("order", "order and a needed note"),
    ("order", "order with n as text"),
    ("order", "order by another key"),
    ("orders", "orders without n"),
    ("moment", "day"),
    ("text", "whole or none"),
    ("map", "texts"),
    ("order", "texts"),
    ("a or b", "one or two"),
    ("text", "exact"),
]
"""Some values of each are none of the other one."""
READ_ALIKE = [
    ("whole or none", "whole"),
    ("whole", "positive"),
    ("text", "short"),
    ("order", "order and a needed note"),
]
"""A reader of a result of the first type finds all in the second."""
READ_OTHERWISE = [
    ("whole", "whole or none"),
    ("whole", "text"),
    ("order", "order without n"),
    ("order", "order with n as text"),
    ("order", "texts"),
    ("texts", "map"),
    ("orders", "orders without n"),
    ("whole", "number"),
    ("order", "text"),
    ("texts", "texts or nones"),
]


def edits(chance: random.Random, per_relation: int) -> Iterator[Edit]:
    """Edits of a parameter and of a result."""
    for kind in [one for one in SPELLINGS if one not in _MIXED]:
        for old, new in _pairs(chance, (kind, kind), per_relation):
            yield _edit("safe", f"{kind} in other words", old, new)
            if kind not in _WRITTEN_IN_TWO_WAYS and "alias=" not in old + new:
                yield _edit("safe", f"{kind} in other words", old, new, result=True)
    for pair in FITS:
        for old, new in _pairs(chance, pair, per_relation):
            yield _edit("safe", f"{pair[0]} to {pair[1]}", old, new)
        for old, new in _pairs(chance, pair[::-1], per_relation):
            yield _edit("breaking", f"{pair[1]} to {pair[0]}", old, new)
    for pair in (*STRANGERS, *(pair[::-1] for pair in STRANGERS)):
        if pair in _TAKEN:
            continue
        for old, new in _pairs(chance, pair, per_relation):
            yield _edit("breaking", f"{pair[0]} to {pair[1]}", old, new)
    for pair in READ_ALIKE:
        for old, new in _pairs(chance, pair, per_relation):
            if "alias=" not in old + new:
                yield _edit("safe", f"{pair[0]} to {pair[1]}", old, new, result=True)
    for verdict, old, new, result in PAIRS:
        yield _edit(verdict, "an annotation", old, new, result=result)
    for pair in READ_OTHERWISE:
        for old, new in _pairs(chance, pair, per_relation):
            yield _edit("breaking", f"{pair[0]} to {pair[1]}", old, new, result=True)


_MORE_NAMES = re.compile("populate_by_name|AliasChoices")
_TAKEN = {("exact", "text")}
_MIXED = ("order and a needed note", "order by another key", "order with n as text")
"""Kinds whose spellings do not take the same values."""
_WRITTEN_IN_TWO_WAYS = ("exact", "order and a note")


def _pairs(chance: random.Random, kinds: tuple[str, str], count: int) -> list[tuple[str, str]]:
    found = [
        (old, new)
        for old, new in product(SPELLINGS[kinds[0]], SPELLINGS[kinds[1]])
        # What may be given by two names takes more than its kind says.
        if old != new
        and not _MORE_NAMES.search(old)
        and not (kinds[0] == "order by another key" and _MORE_NAMES.search(new))
    ]
    return chance.sample(found, min(count, len(found)))


def _edit(verdict: Verdict, what: str, old: str, new: str, *, result: bool = False) -> Edit:
    before, after = (_module(one, result=result) for one in (old, new))
    side = "result" if result else "parameter"
    name = f"{side}: {what}: {' / '.join(one.partition(chr(10))[0] for one in (old, new))}"
    what_hurts = "result-narrowed" if result else "parameter-narrowed"
    codes = (what_hurts, "annotation-removed", "conversion-changed")
    path = "activities/typed.py"
    files = {QUEUES: YAML, path: before, "activities/__init__.py": ""}
    return Edit(name, verdict, "", {path: after}, codes if verdict == "breaking" else (), files)


def _module(spelling: str, *, result: bool) -> str:
    annotation, _, definitions = spelling.partition("\n")
    given, returned = ("Any", annotation) if result else (annotation, "Any")
    return (
        f"{HEAD}\n{definitions}\n\n\ndef source(key: str) -> Any:\n    return key\n\n\n"
        f"def act(value: {given}) -> {returned}:\n    return value\n"
    )
