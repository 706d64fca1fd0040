"""A queue is what it is, whichever queues were asked for before it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from tqrun.config.load import load
from tqrun.diagnostics import Finding
from tqrun.errors import InvalidQueuesFile
from tqrun.plan.compile import Compiler
from tqrun.plan.registry import Registry

QUEUES = """
defaults:
  activity: {start_to_close_timeout: 1m}
  workflow: {start_delay: "${input.later}"}
queues:
  sound:
    version: 1
    workflow_id: sound-${n}
    input: {n: integer, later: string}
    activities: {work: {function: "posixpath:basename"}}
    steps: [{return: "${n}"}]
  sound_too:
    version: 1
    workflow_id: too-${n}
    input: {n: integer, later: string}
    activities: {}
    steps: [{return: "${n}"}]
  bad_expression:
    version: 1
    workflow_id: bad-${n}
    input: {n: integer, later: string}
    activities: {}
    steps: [{return: "${m}"}]
  bad_default:
    version: 1
    workflow_id: default-${n}
    input: {n: integer}
    activities: {}
    steps: [{return: "${n}"}]
  no_module:
    version: 1
    workflow_id: module-${n}
    input: {n: integer, later: string}
    activities: {work: {function: "not_there_at_all:work"}}
  no_module_either:
    version: 1
    workflow_id: either-${n}
    input: {n: integer, later: string}
    activities: {work: {function: "not_there_at_all:work"}}
"""
NAMES = ("sound", "sound_too", "bad_expression", "bad_default", "no_module", "no_module_either")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registry") / "queues.yaml"
    path.write_text(QUEUES)
    return path


def asked(registry: Registry, name: str) -> list[str] | tuple[Finding, ...]:
    try:
        return [launch.name for launch in registry.queue(name)]
    except InvalidQueuesFile as error:
        return error.findings


def test_the_order_of_asking_changes_nothing(file: Path) -> None:
    alone = {name: asked(Registry(file), name) for name in NAMES}
    assert [isinstance(found, list) for found in alone.values()] == [True] * 2 + [False] * 4
    for chosen in permutations(NAMES, 3):
        registry = Registry(file)
        found = {name: asked(registry, name) for name in (*chosen, *chosen)}
        assert found == {name: alone[name] for name in chosen}, chosen


def test_a_function_that_is_missing_is_a_finding_of_each_queue(file: Path) -> None:
    registry = Registry(file)
    lines = {
        name: [finding.place.line for finding in found]
        for name in ("no_module", "no_module_either")
        if not isinstance(found := asked(registry, name), list)
    }
    assert [len(found) for found in lines.values()] == [1, 1]
    assert lines["no_module"] < lines["no_module_either"]


def test_a_worker_of_sound_queues_has_none_of_the_others_faults(file: Path) -> None:
    registry = Registry(file)
    asked(registry, "bad_expression")
    services = registry.services(["sound", "sound_too"])
    assert [service.queue for service in services] == ["sound", "sound_too"]
    assert registry.workflow("sound").name == "sound"


def test_a_queue_is_compiled_once(file: Path) -> None:
    compiler = Compiler(load(file), None)
    assert compiler.queue("sound") is compiler.queue("sound")
