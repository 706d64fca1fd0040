"""Damaged files: never a crash, and the finding is where the damage is."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.config.mutations import Mutant, mutate
from tqrun.config.load import examine
from tqrun.config.source import read
from tqrun.plan.compile import Compiler

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("TQRUN_MUTATIONS", "2000"))
"""`TQRUN_MUTATIONS=20000` for the whole run; the seeds are fixed, so a failure can be repeated."""
EXAMPLES = [
    path.read_text(encoding="utf-8")
    for path in (ROOT / "queues.yaml", ROOT / "tests/check/cases/valid/every_key/queues.yaml")
]
STEPS = (ROOT / "tests/check/cases/valid/every_step/queues.yaml").read_text(encoding="utf-8")
SHARE = 0.95


def mutants(seed: int, count: int) -> list[Mutant]:
    random = Random(seed)
    return [mutate(random.choice(EXAMPLES), random) for _ in range(count)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_have_no_findings(example: str) -> None:
    assert examine(read("queues.yaml", example)).findings == ()


def test_damage_ends_in_findings_on_the_damaged_line() -> None:
    judged = [
        (mutant, examine(read("queues.yaml", mutant.text)).findings) for mutant in mutants(1, COUNT)
    ]
    broken = [(mutant, findings) for mutant, findings in judged if findings]
    missed = Counter(
        (mutant.kind, findings[0].code)
        for mutant, findings in broken
        if not any(finding.place.line in mutant.lines for finding in findings)
    )
    assert len(broken) > COUNT / 2
    assert missed.total() <= (1 - SHARE) * len(broken), missed.most_common()


def test_a_damaged_file_is_judged_to_its_end() -> None:
    random = Random(2)
    unsound = []
    for _ in range(COUNT // 5):
        mutant = mutate(random.choice([STEPS, *EXAMPLES]), random)
        loaded = examine(read("queues.yaml", mutant.text))
        root = loaded.source.root
        if loaded.draft.file is None and root is not None and isinstance(root.value, dict):
            unsound.append(mutant.text)
        elif loaded.draft.file is not None:
            compiler = Compiler(loaded, None)
            for name in loaded.draft.file.queues:
                compiler.queue(name)
    assert unsound == []
