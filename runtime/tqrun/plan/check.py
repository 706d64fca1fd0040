"""Everything that can be wrong with a queues file and the functions it binds, in one call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tqrun.config.ignores import unsilenced
from tqrun.config.load import Loaded, in_file_order, load
from tqrun.diagnostics import errors
from tqrun.plan.binding import project_on_path
from tqrun.plan.compile import Compiler


def check_file(path: Path | str, *, bind: bool = True) -> Loaded:
    """Check the queues file at *path*; with *bind*, import its functions and check them too.

    The functions are imported from the file's own directory first. Everything is found in one
    call, also in a file of which only a part is sound.

    Raises:
        UnreadableFile: The file is missing, is a directory or may not be read.
    """
    loaded = load(path)
    if loaded.draft.file is None:
        return loaded
    if bind:
        project_on_path(Path(path).resolve().parent)
    compiler = Compiler(loaded) if bind else Compiler(loaded, None)
    found = [*loaded.findings, *(one for queue in compiler.queues() for one in queue.findings)]
    kept = unsilenced(found, loaded.source, complete=bind and not errors(found))
    return replace(loaded, findings=in_file_order(kept))
