"""What an installed tqrun can rely on: all that it imports is declared."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

TOP = Path(__file__).parents[1]
OPTIONAL = {"pytest"}  # the plugin is imported by pytest alone
PARTS = {"pydantic-core"}  # of pydantic, which pins it to one version
NEWER = {"annotationlib"}  # of Python 3.14


def test_every_imported_package_is_a_declared_dependency() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {Requirement(text).name for text in project["dependencies"]}
    declared |= OPTIONAL | PARTS
    providers = packages_distributions()
    imported = {
        name
        for path in (TOP / "runtime").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        for name in _imported(node)
    }
    needed = imported - sys.stdlib_module_names - {"tqrun"} - NEWER
    assert "google" in needed
    missing = {name for name in needed if declared.isdisjoint(_names(providers.get(name, [])))}
    assert missing == set()


def _names(distributions: list[str]) -> set[str]:
    return {name.lower().replace("_", "-") for name in distributions}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name.partition(".")[0] for one in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return [node.module.partition(".")[0]]
    return []
