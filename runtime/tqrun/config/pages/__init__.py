"""One page per rule, beside this module: what it finds, why it matters, how to mend it."""

from __future__ import annotations

from pathlib import Path

from tqrun.diagnostics import did_you_mean
from tqrun.errors import UsageError

_FOLDER = Path(__file__).parent


def page(code: str) -> str:
    """The Markdown page of rule *code*.

    Raises:
        UsageError: There is no such rule; the text names the nearest one.
    """
    if code not in codes():
        raise UsageError(f'no rule "{code}"{did_you_mean(code, codes())}')
    return (_FOLDER / f"{code}.md").read_text(encoding="utf-8")


def codes() -> list[str]:
    """Every rule's code, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.md"))


def titles() -> dict[str, str]:
    """Every rule's code and title; a page starts with `# code: title`."""
    return {code: page(code).partition("\n")[0].partition(": ")[2] for code in codes()}
