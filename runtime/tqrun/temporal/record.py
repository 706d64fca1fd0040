"""Histories to files, in the form that `temporal workflow show --output json` writes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import quote

from temporalio.client import WorkflowHistory

from tqrun.errors import UnreadableFile
from tqrun.temporal.client import Connection, connect
from tqrun.temporal.replaying import Stored
from tqrun.temporal.runs import history_of

_ID_CHARACTERS = 150
"""Of a workflow id in a file's name, which may have 255; the id itself is in the history."""


def text(history: WorkflowHistory) -> str:
    """*history* as the text of a file."""
    return json.dumps(history.to_json_dict(), indent=2, ensure_ascii=False) + "\n"


def file_name(workflow_id: str, run_id: str) -> str:
    """A name that no other run has, whatever is in the id."""
    return f"{quote(workflow_id, ' ')[:_ID_CHARACTERS]}.{run_id}.json"


def write(history: WorkflowHistory, file: Path) -> None:
    """Write *history* to *file*, with the folders above it.

    Raises:
        UnreadableFile: It cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(history), encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be written: {error.strerror}") from None


async def one(
    connection: Connection, namespace: str, workflow_id: str, run_id: str | None
) -> WorkflowHistory:
    """The history of one run; of the latest one of the id, without *run_id*.

    Raises:
        UsageError: There is no such run.
        ServerUnavailable: The server cannot be reached, or refused.
    """
    return await history_of(await connect(connection, namespace), workflow_id, run_id)


async def many(connection: Connection, runs: Sequence[Stored], folder: Path) -> AsyncIterator[Path]:
    """Write the history of each of *runs* to a file of its own in *folder*.

    Raises:
        UsageError: A run is not there any more.
        UnreadableFile: A file cannot be written.
        ServerUnavailable: The server cannot be reached, or refused.
    """
    clients = {name: await connect(connection, name) for name in {one.namespace for one in runs}}
    for run in runs:
        history = await history_of(clients[run.namespace], run.workflow_id, run.run_id)
        file = folder / file_name(run.workflow_id, run.run_id)
        write(history, file)
        yield file
