"""A project of the test's own: modules written as text, imported, and forgotten afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tqrun.plan.binding import BindingError, BoundFunction, bind, project_on_path


@dataclass(frozen=True)
class Project:
    folder: Path

    def write(self, modules: dict[str, str]) -> None:
        """Write each module, given by its path such as `jobs/mail.py`."""
        for path, text in modules.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def function(self, source: str, name: str = "send") -> BoundFunction:
        """Bind function *name* of `jobs/mail.py`, which *source* becomes."""
        self.write({"jobs/mail.py": source})
        return bind(f"jobs.mail:{name}")

    def fault(self, source: str, path: str = "jobs.mail:send") -> tuple[str, str]:
        """The code and the message of binding *path* when `jobs/mail.py` is *source*."""
        self.write({"jobs/mail.py": source})
        return fault(path)


def fault(path: str) -> tuple[str, str]:
    """The code and the message of binding *path*."""
    with pytest.raises(BindingError) as caught:
        bind(path)
    return caught.value.code, caught.value.message


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project in the working directory; its queues file would stand beside `jobs/`."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    loaded = set(sys.modules)
    project_on_path(folder)
    yield Project(folder)
    for name in set(sys.modules) - loaded:
        module = sys.modules[name]
        if str(folder) in repr((module, getattr(module, "__path__", None))):
            del sys.modules[name]
