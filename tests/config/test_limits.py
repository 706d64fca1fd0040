"""Files made to exhaust whoever reads them are refused at once, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MEASURE = """
import json, resource, sys, time
from pathlib import Path
from tqrun.config.load import load
started = time.process_time()
findings = load(sys.argv[1]).findings
seconds = time.process_time() - started
if sys.platform == "linux":
    # Its own peak: that of `getrusage` counts the process that has started this one too.
    status = Path("/proc/self/status").read_text()
    megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 2**10
else:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps([[finding.code for finding in findings], seconds, megabytes]))
"""
LAUGHS = [
    "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]",
    *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)),
]


def bomb() -> Iterator[str]:
    yield "\n".join(LAUGHS)


def brackets() -> Iterator[str]:
    for _ in range(100):
        yield "[" * 1_000_000


def flow() -> Iterator[str]:
    yield "queues: " + "[" * 10_000 + "]" * 10_000


def block() -> Iterator[str]:
    for depth in range(10_000):
        yield " " * depth + "a:\n"


def one_line_block() -> Iterator[str]:
    yield "- " * 10_000 + "a\n"


def broken_and_deep() -> Iterator[str]:
    yield "a b\nc: d\n" + "[" * 7_000_000


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        (bomb, "file-too-large"),
        (brackets, "file-too-large"),
        (flow, "nested-too-deep"),
        (block, "file-too-large"),
        (one_line_block, "nested-too-deep"),
        (broken_and_deep, "yaml-syntax"),
    ],
)
def test_it_is_refused_in_a_second_and_200_megabytes(
    chunks: type[Iterator[str]], code: str, tmp_path: Path
) -> None:
    path = tmp_path / "queues.yaml"
    with path.open("w") as file:
        file.writelines(chunks())
    run = [sys.executable, "-c", MEASURE, str(path)]
    output = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    codes, seconds, megabytes = json.loads(output)
    assert codes == [code]
    assert seconds < 1
    assert megabytes < 200
