"""Edits of a queue, one per row of the change table, and what each does to real runs.

Every queue begins as `QUEUE`: a run waits for the signal `go`, then calls `act`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

QUEUE = """
  NAME:
    version: 1
    workflow_id: NAME-${id}
    input:
      id: string
      amount: {type: integer, default: 1}
    signals:
      go:
        by: string?
    queries:
      state: ${amount}
    activities:
      act:
        function: activities.NAME:act
        start_to_close_timeout: 10s
        retry_policy:
          maximum_attempts: 1
    steps:
      - wait_for: go
      - act
"""
FUNCTION = """
def act(id: str, amount: int) -> str:
    return "old"
"""
SECOND = """\
      more:
        function: activities.NAME:more
        start_to_close_timeout: 10s
    steps:
"""
CLASS = """
import asyncio
from temporalio import workflow

@workflow.defn(name="NAME")
class Work:
    def __init__(self) -> None:
        self.gone = False

    @workflow.signal
    def go(self, _: object = None) -> None:
        self.gone = True

    @workflow.query
    def state(self) -> int:
        return 1

    @workflow.run
    async def run(self, _: dict[str, object]) -> str:
        await asyncio.sleep(0.05)
        await workflow.wait_condition(lambda: self.gone)
        return "new"
"""
EDITED = CLASS.replace("        await asyncio.sleep(0.05)\n", "")
AS_CLASS = (
    (
        "    steps:\n      - wait_for: go\n      - act\n",
        "    workflow_class: activities.NAME:Work\n",
    ),
    ("    queries:\n      state: ${amount}\n", ""),
)
Edits = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Row:
    """One edit.

    Attributes:
        code: The change that `tqrun diff` must report.
        before: What makes the old queue of `QUEUE`.
        after: What makes the new queue of the old one; None: it is gone.
        functions: The old functions.
        edited: The new functions; the old ones if not given.
        open: What becomes of a run that was open when the new revision was deployed.
        new: What becomes of one that the new launcher starts.
        early: The same, where launchers are deployed before workers.
        called: What becomes of one that a caller without tqrun starts as before.
        open_by_caller: The same, started before the deployment.
    """

    code: str
    after: Edits | None = ()
    before: Edits = ()
    functions: str = FUNCTION
    edited: str | None = None
    open: str = "old"
    new: str | None = None
    early: str | None = None
    called: str | None = None
    open_by_caller: str | None = None
    payload: Mapping[str, object] = field(default_factory=dict)

    @property
    def mixed(self) -> str | None:
        """What becomes of one that the new launcher starts while both workers are there."""
        return None if self.early in (FAILED, REFUSED) else self.early


STRANDED, FAILED, REFUSED = "stranded", "failed", "refused"
RENAMED = (("  NAME:\n", "  NAME_now:\n"),)
ROWS = {
    "activity_removed": Row(
        "activity-removed",
        (
            (
                "      act:\n        function: activities.NAME:act",
                "      work:\n        function: activities.NAME:act",
            ),
            ("- act", "- work"),
        ),
        open=STRANDED,
        new="old",
    ),
    "activity_moved": Row(
        "activity-removed",
        (("        function: activities.NAME:act\n", "        task_queue: nobody\n"),),
        open=STRANDED,
    ),
    "parameter_removed": Row(
        "parameter-removed",
        edited='def act(id: str) -> str:\n    return "new"\n',
        open=FAILED,
        new="new",
    ),
    "parameter_required": Row(
        "parameter-required",
        (("    signals:\n", "      more: {type: string, default: x}\n    signals:\n"),),
        edited='def act(id: str, amount: int, more: str) -> str:\n    return "new"\n',
        open=FAILED,
        new="new",
    ),
    "parameter_narrowed": Row(
        "parameter-narrowed",
        (("{type: integer, default: 1}", "{type: string, default: x}"),),
        edited='def act(id: str, amount: str) -> str:\n    return "new"\n',
        open=FAILED,
        new="new",
    ),
    "result_narrowed": Row(
        "result-narrowed",
        (("page.text", "page.body"),),
        before=(
            ("    steps:\n", SECOND),
            (
                "      - act\n",
                "      - {activity: act, as: page}\n"
                "      - {activity: more, with: {text: '${page.text}'}}\n",
            ),
        ),
        functions="""
from typing import TypedDict

class Page(TypedDict):
    text: str

def act(id: str) -> Page:
    return {"text": "old"}

def more(text: str) -> str:
    return text
""",
        edited="""
from typing import TypedDict

class Page(TypedDict):
    body: str

def act(id: str) -> Page:
    return {"body": "new"}

def more(text: str) -> str:
    return text
""",
        open=FAILED,
        new="new",
    ),
    "child_result_changed": Row(
        "child-result-changed",
        (("page.text", "page.body"), ("{text: old}", "{body: new}")),
        before=(
            (
                "      - act\n",
                "      - {workflow: NAME_child, as: page}\n"
                "      - return: ${page.text}\n"
                "  NAME_child:\n"
                "    version: 1\n"
                "    workflow_id: NAME-child-${id}\n"
                "    input: {id: string}\n"
                "    steps:\n"
                "      - return: {text: old}\n",
            ),
        ),
        open=FAILED,
        new="new",
    ),
    "version_not_draining": Row(
        "version-not-draining", (("version: 1", "version: 2"),), open=STRANDED, new="old"
    ),
    "version_bumped": Row(
        "version-bumped",
        (("version: 1", "version: 2\n    draining: [1]"),),
        edited='def act(id: str, amount: int) -> str:\n    return "new"\n',
        open="new",
        new="new",
    ),
    "version_drained_elsewhere": Row(
        "version-bumped",
        (
            (
                "version: 1",
                "version: 2\n    draining:\n      1: {activities: {act: activities.NAME:old_act}}",
            ),
        ),
        edited=f'def act(id: str) -> str:\n    return "new"\n{FUNCTION.replace("act", "old_act")}',
        open="old",
        new="new",
    ),
    "version_lowered": Row(
        "version-lowered",
        (("version: 2", "version: 1"),),
        before=(("version: 1", "version: 2"),),
        open=STRANDED,
        new="old",
    ),
    "version_removed": Row(
        "version-removed",
        (("    draining: [1]\n", ""),),
        before=(("version: 1", "version: 2\n    draining: [1]"),),
        new="old",
        open_by_caller=STRANDED,
    ),
    "queue_removed": Row("queue-removed", None, open=STRANDED),
    "queue_renamed": Row("queue-renamed", RENAMED, open=STRANDED),
    "queue_renamed_with_all_kept": Row(
        "",
        (
            *RENAMED,
            (
                "    version: 1\n",
                "    version: 1\n    renamed_from: NAME\n    workflow_type: NAME\n"
                "    task_queue: 'TASKS-v${version}'\n",
            ),
        ),
        called="old",
        open_by_caller="old",
    ),
    "task_queue_changed": Row(
        "task-queue-changed",
        (("version: 1\n", "version: 1\n    task_queue: 'TASKS-other-v${version}'\n"),),
        open=STRANDED,
        new="old",
    ),
    "task_queue_changed_with_a_bump": Row(
        "task-queue-changed",
        (
            (
                "version: 1\n",
                "version: 2\n    draining: [1]\n    task_queue: 'TASKS-other-v${version}'\n",
            ),
        ),
        open=STRANDED,
        new="old",
    ),
    "workflow_type_changed": Row(
        "workflow-type-changed",
        (("version: 1\n", "version: 1\n    workflow_type: NAME_other\n"),),
        new="old",
        called=FAILED,
        open_by_caller=STRANDED,
    ),
    "input_removed": Row(
        "input-removed",
        (("      amount: {type: integer, default: 1}\n", ""), ("${amount}", "${id}")),
        edited='def act(id: str, amount: int = 2) -> str:\n    return "new"\n',
        open="new",
        new="new",
        called=FAILED,
    ),
    "input_required": Row(
        "input-required",
        (("    signals:\n", "      more: string\n    signals:\n"),),
        called=FAILED,
    ),
    "input_narrowed": Row(
        "input-narrowed",
        (("{type: integer, default: 1}", "{type: integer, default: 9, minimum: 5}"),),
        new="old",
        called=FAILED,
    ),
    "input_added": Row(
        "input-added",
        (("    signals:\n", "      more: string?\n    signals:\n"),),
        new="old",
        early="old",
        called="old",
        open_by_caller="old",
    ),
    "signal_removed": Row(
        "signal-removed",
        (
            ("      go:\n        by: string?\n", "      start:\n        by: string?\n"),
            ("wait_for: go", "wait_for: start"),
        ),
        new=STRANDED,
    ),
    "signal_narrowed": Row(
        "signal-narrowed",
        (("by: string?", "by: integer"),),
        new=STRANDED,
        payload={"by": "somebody"},
    ),
    "workflow_id_changed": Row(
        "workflow-id-changed", (("NAME-${id}", "NAME-again-${id}"),), new="old"
    ),
    "parameter_added": Row(
        "parameter-added",
        edited='def act(id: str, amount: int, more: str = "x") -> str:\n    return "new"\n',
        after=(("    signals:\n", "      more: {type: string, default: x}\n    signals:\n"),),
        open="new",
        new="new",
        early=FAILED,
    ),
    "search_attribute_added": Row(
        "search-attribute-added",
        (("    signals:\n", "    search_attributes: {NAME: '${id}'}\n    signals:\n"),),
        new=REFUSED,
        early=REFUSED,
    ),
    "binding_changed": Row(
        "binding-changed",
        (("    signals:\n", "      colour: {type: string, default: red}\n    signals:\n"),),
        functions='def act(id: str, colour: str = "blue") -> str:\n    return colour\n',
        open="blue",
        new="red",
        early="red",
    ),
    "activity_added": Row(
        "activity-added",
        (("    steps:\n", SECOND), ("      - act\n", "      - act\n      - more\n")),
        edited=f'{FUNCTION}\ndef more(id: str) -> str:\n    return "new"\n',
        new="new",
        early="new",
    ),
    "class_changed": Row(
        "class-changed",
        (("      - sleep: 50ms\n", ""), *AS_CLASS),
        before=(("    steps:\n", "    steps:\n      - sleep: 50ms\n"),),
        edited=f"{FUNCTION}{EDITED}",
        open=STRANDED,
        new="new",
    ),
    "class_edited": Row(
        "class-edited",
        before=AS_CLASS,
        functions=f"{FUNCTION}{CLASS}",
        edited=f"{FUNCTION}{EDITED}",
        open=STRANDED,
        new="new",
    ),
    "plan_changed": Row(
        "plan-changed",
        (
            ("        start_to_close_timeout: 10s\n", "        start_to_close_timeout: 7s\n"),
            ("      - act\n", "      - act\n      - return: fresh\n"),
        ),
        new="fresh",
        early="fresh",
    ),
    "launch_changed": Row(
        "launch-changed",
        (("    signals:\n", "    memo: [amount]\n    signals:\n"),),
        new="old",
        early="old",
    ),
    "options_changed": Row(
        "options-changed",
        (("version: 1\n", "version: 1\n    max_concurrent_activities: 3\n"),),
        new="old",
        early="old",
    ),
}


def text(row: Row, name: str, *, edited: bool) -> str | None:
    """The entry of a queue called *name*, before the edit or after it."""
    found = QUEUE
    for edits in (row.before, (row.after or ()) if edited else ()):
        for old, new in edits:
            assert old in found, f"{row.code}: {old}"
            found = found.replace(old, new)
    if edited and row.after is None:
        return None
    return found.replace("NAME", name).replace("TASKS", name.replace("_", "-"))


def functions(row: Row, name: str, *, edited: bool) -> str:
    """The functions of a queue called *name*, before the edit or after it."""
    found = row.edited if edited and row.edited is not None else row.functions
    return found.replace("NAME", name)
