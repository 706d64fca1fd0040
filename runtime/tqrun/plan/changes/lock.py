"""What the project asks for of another version than before, and takes part in workflows.

Lock files, requirements and project files are read, in the folder of the queues file and in those
above it: what is pinned, and where nothing is, what is asked for.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from tqrun.plan.changes.change import Change
from tqrun.plan.changes.pair import Pair
from tqrun.plan.changes.side import Side

_OURS = ("tqrun", "cel-expr-python")
_FILES = re.compile(
    r"(?:[\w.-]*requirements[\w.-]*|constraints[\w.-]*)\.(?:txt|in)|"
    r"(?:uv|poetry|pdm|pylock(?:\.[\w-]+)?)\.(?:lock|toml)|pylock\.toml|"
    r"pyproject\.toml|Pipfile(?:\.lock)?|setup\.cfg|environment\.ya?ml"
)
_FOLDERS = ("requirements/", "constraints/", "deps/")
_LINE = re.compile(
    r"""^[\s"',-]*(?:install_requires\s*=\s*)?([A-Za-z][\w.-]*)(?:\[[^\]]*\])?\s*"""
    r"""([=<>!~@^][^;#"'\\\n]*)""",
    re.MULTILINE,
)

_Versions = Iterator[tuple[str, str]]


def upgrades(pair: Pair) -> Iterator[Change]:
    """The packages of the interpreter of which another version is asked for than before."""
    old, new = _asked(pair.before), _asked(pair.after)
    told = set()
    for (file, name), version in new.items():
        known = old.get((file, name))
        if known is not None and known != version and (name, known, version) not in told:
            told.add((name, known, version))
            message = f"{name} goes from {known} to {version} in {file}"
            yield pair.change(("queues",), "runtime-upgraded", message)


def _asked(side: Side) -> dict[tuple[str, str], str]:
    """The version by file and package; a file of the nearest folder counts."""
    found: dict[tuple[str, str], str] = {}
    for folder in reversed(side.revision.folders_above):
        for path in side.revision.beside(folder, _FOLDERS):
            file = path.rpartition("/")[2]
            if not _FILES.fullmatch(file) and not _is_listed(path):
                continue
            text = (side.revision.file(path) or b"").decode(errors="replace")
            versions: dict[str, set[str]] = {}
            for name, version in _versions(file, text) if _mentions(text) else ():
                plain = re.sub(r"[-_.]+", "-", name).lower()
                if plain in _OURS:
                    versions.setdefault(plain, set()).add(_normal(version))
            for name, several in versions.items():
                found[path.removeprefix(folder), name] = ", ".join(sorted(several))
    return found


def _is_listed(path: str) -> bool:
    return path.endswith((".txt", ".in")) and any(f"{one}" in path for one in _FOLDERS)


def _mentions(text: str) -> bool:
    return "tqrun" in text or "cel" in text.lower()


def _normal(version: str) -> str:
    parts = ["".join(one.split()) for one in version.split(",")]
    return ",".join(sorted(one.removeprefix("==") for one in parts if one))


def _versions(file: str, text: str) -> _Versions:
    read = _READERS.get(file) or (_toml_lock if file.endswith((".lock", ".toml")) else _lines)
    with suppress(ValueError, AttributeError, TypeError):
        yield from read(text)


def _lines(text: str) -> _Versions:
    """Requirements, one a line."""
    for match in _LINE.finditer(text):
        yield match[1], match[2].strip()


def _toml_lock(text: str) -> _Versions:
    """What uv, poetry, pdm and pip lock."""
    for package in _tables(text, "package", "packages"):
        source = {key: package[key] for key in ("source", "vcs") if key in package}
        of = source.get("source")
        tail = (
            f" from {json.dumps(of, sort_keys=True)}"
            if isinstance(of, dict) and "git" in of
            else ""
        )
        yield str(package.get("name", "")), f"{package.get('version', '')}{tail}"


def _tables(text: str, *keys: str) -> list[dict[str, Any]]:
    data = tomllib.loads(text)
    return [one for key in keys for one in data.get(key, []) if isinstance(one, dict)]


def _pyproject(text: str) -> _Versions:
    data = tomllib.loads(text)
    project = data.get("project", {})
    lists = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *data.get("dependency-groups", {}).values(),
        data.get("tool", {}).get("uv", {}).get("dev-dependencies", []),
        data.get("tool", {}).get("uv", {}).get("constraint-dependencies", []),
        data.get("tool", {}).get("uv", {}).get("override-dependencies", []),
    ]
    for entries in lists:
        yield from _lines("\n".join(one for one in entries if isinstance(one, str)))
    poetry = data.get("tool", {}).get("poetry", {})
    groups = [poetry, *poetry.get("group", {}).values()]
    for group in groups:
        yield from _table(group.get("dependencies", {}))
    yield from _table(poetry.get("dev-dependencies", {}))


def _table(entries: Mapping[str, Any]) -> _Versions:
    """Versions by name, as poetry and Pipenv write them."""
    for name, entry in entries.items():
        if isinstance(entry, str):
            yield name, entry
        elif isinstance(entry, dict):
            known = (entry.get(key) for key in ("version", "rev", "tag", "branch", "ref", "git"))
            yield name, ", ".join(str(one) for one in known if one)


def _pipfile(text: str) -> _Versions:
    data = tomllib.loads(text)
    for section in ("packages", "dev-packages"):
        yield from _table(data.get(section, {}))


def _pipfile_lock(text: str) -> _Versions:
    data = json.loads(text)
    for section in ("default", "develop"):
        yield from _table(data.get(section, {}))


_READERS: Mapping[str, Callable[[str], _Versions]] = {
    "pyproject.toml": _pyproject,
    "Pipfile": _pipfile,
    "Pipfile.lock": _pipfile_lock,
}
