"""All edits that are made, in the full form of `make edits` and in the small one of `make test`."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.diff.edits import projects, shop, typed
from tests.diff.edits.edit import Edit
from tests.diff.edits.operators import combined, made


def edits(seed: int, *, per_relation: int, single: int | None = None, mixed: int) -> Iterator[Edit]:
    """Edits of one annotation, of one thing in the shop, and of several at once.

    Args:
        seed: Of what is chosen by chance.
        per_relation: Pairs of spellings for each relation between two types.
        single: Edits of one thing; all, if not given.
        mixed: Pull requests of several changes, of each verdict.
    """
    chance = random.Random(seed)
    yield from typed.edits(chance, per_relation)
    files = projects.base("shop")
    operators = shop.operators(files)
    chosen = operators if single is None else chance.sample(operators, single)
    yield from filter(None, (made("shop", files, operator) for operator in chosen))
    safe = [one for one in operators if one.verdict == "safe"]
    breaking = [one for one in operators if one.verdict == "breaking"]
    yield from combined("shop", files, [safe, safe, safe], chance, mixed)
    yield from combined("shop", files, [breaking, safe, safe], chance, mixed)


def every(seed: int) -> Iterator[Edit]:
    """The full form."""
    return edits(seed, per_relation=8, mixed=150)


def few(seed: int) -> Iterator[Edit]:
    """The small form, of a few seconds."""
    return edits(seed, per_relation=1, single=40, mixed=10)
