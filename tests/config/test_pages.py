"""Every rule has a page, every page a rule, and the examples on it are true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tqrun.config.load import examine
from tqrun.config.pages import codes, page, titles
from tqrun.config.source import read
from tqrun.diagnostics import WARNINGS
from tqrun.plan.compile import Compiler

PACKAGE = Path(__file__).parents[2] / "runtime/tqrun"
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+|tab")
NOT_RULES = {
    *("billing-v3", "date-time", "dist-packages", "platform-team", "site-packages"),
    *("typed-dict-field", "typed-dict-version"),
    *("utf-8", "utf-8-sig", "cat-file", "ls-tree", "merge-base", "rev-parse", "cel-expr-python"),
    *("constraint-dependencies", "dependency-groups", "dev-dependencies", "dev-packages"),
    *("optional-dependencies", "override-dependencies", "z-9"),
}
"""Words with a dash that are no rules, in the folders that report findings."""
EXAMPLE = re.compile(r"## (Wrong|Right)\n\n```yaml\n(.*?)```", re.DOTALL)


def emitted() -> set[str]:
    """Every text in `config/` and `plan/` that has the form of a rule's code."""
    trees = (
        ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("config", "plan")
        for path in (PACKAGE / folder).rglob("*.py")
    )
    texts = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if CODE.fullmatch(text)} - NOT_RULES


def examples() -> Iterator[tuple[str, str, str]]:
    for code in codes():
        for kind, text in EXAMPLE.findall(page(code)):
            yield code, kind, text


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert emitted() == set(codes())


@pytest.mark.parametrize("code", codes())
def test_a_page_says_what_why_and_how(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code}: ")
    assert titles()[code]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[:2] == ["Why", "How to mend"]
    assert max(len(line) for line in text.split("\n")) <= 100


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [pytest.param(*example, id=" ".join(example[:2])) for example in examples()],
)
def test_an_example_is_what_it_says(code: str, kind: str, text: str) -> None:
    loaded = examine(read("queues.yaml", text))
    found = {finding.code for finding in loaded.findings}
    if loaded.draft.file is not None:
        queues = Compiler(loaded, None).queues()
        found |= {finding.code for queue in queues for finding in queue.findings}
    assert found - (WARNINGS - {code}) == ({code} if kind == "Wrong" else set())
