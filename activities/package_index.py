"""The activities of `package_index`: full-text search over installed Python packages.

A package is named as pip names it, in any spelling: `Typing_Extensions` is `typing-extensions`.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from activities import database

TEXT_SUFFIXES = frozenset({".md", ".py", ".pyi", ".rst", ".txt"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexedPackage:
    """What the index holds of one package."""

    package: str
    files: int
    words: int


def collect_files(package: str) -> int:
    """Copy the text files of an installed package into the database and return their number.

    Raises:
        importlib.metadata.PackageNotFoundError: The package is not installed.
    """
    name = _normalised(package)
    rows = [(name, path, body, len(body.split())) for path, body in _text_files(package)]
    with database.transaction() as db:
        db.execute("DELETE FROM package_files WHERE package = ?", (name,))
        db.executemany("INSERT INTO package_files VALUES (?, ?, ?, ?)", rows)
    logger.info("files collected", extra={"files": len(rows)})
    return len(rows)


def build_index(package: str) -> IndexedPackage:
    """Replace what the index holds of a package by the files collected last."""
    name = _normalised(package)
    with database.transaction() as db:
        files, words = db.execute(
            "SELECT count(*), coalesce(sum(words), 0) FROM package_files WHERE package = ?",
            (name,),
        ).fetchone()
        db.execute("DELETE FROM package_text WHERE package = ?", (name,))
        db.execute(
            "INSERT INTO package_text (package, path, body)"
            " SELECT package, path, body FROM package_files WHERE package = ?",
            (name,),
        )
    logger.info("package indexed", extra={"files": files, "words": words})
    return IndexedPackage(name, files, words)


def _normalised(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _text_files(package: str) -> Iterator[tuple[str, str]]:
    """Yield the path and text of each text file, leaving out those removed since installation."""
    for file in distribution(package).files or ():
        path = Path(str(file.locate()))
        if (file.suffix in TEXT_SUFFIXES or file.name == "METADATA") and path.is_file():
            yield file.as_posix(), path.read_text(encoding="utf-8", errors="replace")
