"""The import of a user's module: whatever it does, the caller gets a module or one error.

This alone knows Python's import machinery. It does not look at what a module defines.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from tqrun.diagnostics import did_you_mean
from tqrun.errors import Exit, TqrunError
from tqrun.frames import is_users

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_failed: set[str] = set()
"""Where code of the project lies, or should, that did not import."""


class BindingError(TqrunError):
    """A function that the queues file names cannot be bound.

    Attributes:
        code: The rule that it breaks.
        message: The text of the finding; it names the place in the Python code.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def exit_code(self) -> Exit:  # type: ignore[override]
        return Exit.IMPORT if self.code == "import-failed" else Exit.FINDINGS


def project_on_path(directory: Path) -> None:
    """Let the modules beside the queues file in *directory* be imported before all others.

    Those in its folder `src` come next, where that is the root of a project's packages.
    """
    source = directory.resolve() / "src"
    is_root = source.is_dir() and not (source / "__init__.py").exists()
    for entry in ([str(source)] if is_root else []) + [str(directory.resolve())]:
        if entry in sys.path:
            sys.path.remove(entry)
        sys.path.insert(0, entry)
    importlib.invalidate_caches()
    _outcome.cache_clear()


def load(name: str) -> ModuleType:
    """Import module *name*, once per project even when it fails.

    What the module prints goes to stderr, and the working directory and the handlers of SIGINT
    and SIGTERM are afterwards what they were.

    Raises:
        BindingError: `import-failed`: it does not exist, raises, or is not the project's own.
    """
    outcome = _outcome(name)
    if isinstance(outcome, str):
        raise BindingError("import-failed", outcome)
    return outcome


def shown(file: str) -> str:
    """*file* as findings name it: relative to the working directory if it lies below that."""
    return file.removeprefix(f"{Path.cwd()}{os.sep}")


def imported() -> set[str]:
    """Where the project's own code lies that has been imported, or did not import.

    A package is its folder, with all that it may import later; a module outside of packages is
    its file. Some need not exist.
    """
    found = set(_failed)
    for name, module in list(sys.modules.items()):
        file, top = getattr(module, "__file__", None), name.partition(".")[0]
        if file and is_users(file) and top != "__main__":
            folders = list(getattr(sys.modules.get(top), "__path__", ()))
            found.update([one for one in folders if file.startswith(one + os.sep)] or [file])
    return found


@cache
def _outcome(name: str) -> ModuleType | str:
    try:
        with _contained():
            module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a module may raise anything, SystemExit too
        return _failure(name, error)
    return _hidden(name) or module


@contextmanager
def _contained() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        with chdir(os.curdir), redirect_stdout(sys.stderr), _staying():
            yield
    finally:
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _staying() -> Iterator[None]:
    """Let `os._exit` raise: it would end this process with nothing said and a status of success."""
    process, leave, importing = os.getpid(), os._exit, True

    def leave_or_raise(status: int) -> NoReturn:
        if importing and os.getpid() == process:
            raise SystemExit(f"os._exit({status})")
        leave(status)  # a process that the module forked, or a module that kept the function

    os._exit = leave_or_raise
    try:
        yield
    finally:
        os._exit, importing = leave, False


def _failure(name: str, error: BaseException) -> str:
    """What a user reads about *error*, which the import of *name* raised."""
    places = _users_lines(error)
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    _failed.update(_users_files(error))
    if missing:
        top = os.path.join(sys.path[0], missing.partition(".")[0])  # noqa: PTH118
        _failed.update((top, f"{top}.py"))
    if missing and not places and f"{name}.".startswith(f"{missing}."):
        return _hidden(name) or f'module "{missing}" does not exist{_nearest(missing)}'
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    summary = ": ".join(filter(None, (type(error).__name__, text.partition("\n")[0][:200])))
    place = f" ({places[-1]})" if places else ""
    return f'module "{name}" does not import: {summary}{place}'


def _users_files(error: BaseException) -> list[str]:
    return [file for file, _ in _lines(error) if is_users(file)]


def _users_lines(error: BaseException) -> list[str]:
    """`file:line` of each frame of *error* in code that is neither installed nor Python's own."""
    return [f"{shown(file)}:{number}" for file, number in _lines(error) if is_users(file)]


def _lines(error: BaseException) -> list[tuple[str, int]]:
    """File and line of each frame of *error*, and of what is no Python."""
    assert error.__traceback__ is not None
    frames = traceback.walk_tb(error.__traceback__.tb_next)  # the first one is ours
    lines = [(frame.f_code.co_filename, number) for frame, number in frames]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        lines.append((error.filename, error.lineno))
    return lines


def _nearest(missing: str) -> str:
    """The tail of a message that names modules which do exist beside the *missing* one."""
    package = missing.rpartition(".")[0]
    if not package:
        return did_you_mean(missing, _modules(sys.path[0]))
    parent: Any = sys.modules.get(package)
    if not hasattr(parent, "__path__"):
        return f'; "{package}" is a file, not a package'
    known = {f"{package}.{name}" for folder in parent.__path__ for name in _modules(folder)}
    return did_you_mean(missing, known)


def _modules(folder: str) -> Iterator[str]:
    """Names that can be imported from *folder*; a folder counts if it holds Python files."""
    for path in Path(folder).glob("*"):
        is_module = path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
        if is_module and path.stem.isidentifier() and not path.stem.startswith("__"):
            yield path.stem


def _hidden(name: str) -> str | None:
    """Say so when the project has module *name*, and Python's is another one.

    Python prefers an installed package to a folder without `__init__.py` wherever both stand on
    its path, and whatever is loaded already to either.
    """
    top = name.partition(".")[0]
    entry, own = _own(name)
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if own is None or (loaded and Path(loaded).parent.resolve() == own.parent.resolve()):
        return None
    marker = Path(entry, top, "__init__.py")
    mend = f"add {shown(str(marker))}" if _is_unmarked(marker) else "rename yours"
    other = f'another "{top}" ({_origin(sys.modules.get(top))})'
    return f'module "{name}" ({shown(str(own))}) is hidden by {other}; {mend}'


def _origin(module: ModuleType | None) -> str:
    folders = list(getattr(module, "__path__", ()))
    file = getattr(module, "__file__", None)
    return shown(file or (folders[0] if folders else "part of Python"))


def _is_unmarked(marker: Path) -> bool:
    return marker.parent.is_dir() and not marker.exists()


def _own(name: str) -> tuple[str, Path | None]:
    """The file of *name* that stands first on the path, and the entry of the path it is below."""
    relative = name.replace(".", os.sep)
    for entry in sys.path:
        for ending in (f"{os.sep}__init__.py", ".py"):
            path = Path(entry, relative + ending)
            if path.is_file():
                return entry, path
    return "", None
