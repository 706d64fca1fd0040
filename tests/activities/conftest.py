from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def database_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test, and the processes that it starts, a database of its own."""
    file = tmp_path / "data" / "example.sqlite3"
    monkeypatch.setenv("EXAMPLE_DATABASE", str(file))
    return file
