"""The SQLite file that the example queues share.

Only this module knows where the file is and how it is opened; `example.sql` says what is in it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

BUSY_TIMEOUT_SECONDS = 30.0


def path() -> Path:
    """`EXAMPLE_DATABASE`, or `.data/example.sqlite3` in the working directory."""
    return Path(os.environ.get("EXAMPLE_DATABASE", ".data/example.sqlite3"))


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Open the database for one change: all of it is committed, or none if an error leaves.

    Creates the database when there is none. Transactions run one at a time across all threads
    and processes, each waiting up to `BUSY_TIMEOUT_SECONDS` for its turn.
    """
    file = path()
    if not file.exists():
        _create(file)
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    with closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            yield connection


def _create(file: Path) -> None:
    """Build the database aside and link it into place: whoever races us sees all of it or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=file.parent) as directory:
        draft = Path(directory) / file.name
        with closing(sqlite3.connect(draft)) as connection:
            connection.executescript(Path(__file__).with_name("example.sql").read_text("utf-8"))
        with suppress(FileExistsError):
            file.hardlink_to(draft)
