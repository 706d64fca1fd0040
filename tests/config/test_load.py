"""Reading a file from disk: what is refused, and that one reading finds everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tqrun.config.load import examine, load
from tqrun.config.source import read
from tqrun.errors import Exit, UnreadableFile

VALID = """\
queues:
  a:
    version: 1
    workflow_id: a-${x}
    input: {x: string}
    activities:
      f: {start_to_close_timeout: 5m}
"""


def codes(text: str) -> list[str]:
    return [finding.code for finding in examine(read("queues.yaml", text)).findings]


def test_a_valid_file_is_typed_and_has_no_findings(tmp_path: Path) -> None:
    path = tmp_path / "queues.yaml"
    path.write_text(VALID)
    loaded = load(path)
    assert loaded.findings == ()
    assert loaded.file is not None
    assert loaded.file.queues["a"].workflow_id == "a-${x}"


@pytest.mark.parametrize("name", ["missing.yaml", "folder", "nul\0.yaml"])
def test_what_cannot_be_read_is_one_error_that_names_the_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnreadableFile, match=name.partition(".")[0]) as caught:
        load(tmp_path / name)
    assert caught.value.exit_code is Exit.UNREADABLE


def test_a_file_that_breaks_only_rules_is_typed_all_the_same() -> None:
    loaded = examine(read("queues.yaml", VALID.replace("{start_to_close_timeout: 5m}", "{}")))
    assert loaded.file is not None
    assert [finding.code for finding in loaded.findings] == ["missing-timeout"]


def test_yaml_shape_and_rules_are_found_in_one_reading() -> None:
    text = VALID.replace("5m", "1h, heartbeat_timeout: 2h") + "    owner: no\n    memo: 3\n"
    assert codes(text) == ["heartbeat-too-long", "ambiguous-scalar", "wrong-type"]


def test_findings_are_in_file_order_and_each_is_there_once() -> None:
    anchored = VALID.replace("{start_to_close_timeout: 5m}", "&f {}") + "      g: *f\n"
    findings = examine(read("queues.yaml", anchored)).findings
    assert list(findings) == sorted(set(findings))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("input:", "inputs:", ["unknown-key"]),
        ("{x: string}", "{x: strin}", ["bad-input-type"]),
        ("activities:", "activitys:", ["unknown-key"]),
        ("start_to_close_timeout: 5m", "start_to_close_timout: 5m", ["unknown-key"]),
        ("start_to_close_timeout: 5m", "start_to_close_timeout: 5", ["bad-duration"]),
        ("version: 1", "version: 1_0", ["ambiguous-scalar"]),
        ("version: 1", "version: ", ["empty-value"]),
        ("5m", "1:30", ["bad-duration"]),
    ],
)
def test_one_fault_is_one_finding(old: str, new: str, expected: list[str]) -> None:
    text = VALID + "    memo: [x]\n    steps: [f]\n"
    assert codes(text) == []
    assert codes(text.replace(old, new)) == expected


def test_a_key_that_no_other_key_resembles_hides_no_finding() -> None:
    text = VALID.replace("{start_to_close_timeout: 5m}", "{timeout: 5m}")
    assert codes(text) == ["missing-timeout", "unknown-key"]
