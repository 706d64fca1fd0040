"""Fills the tables of docs/reference.md from the model: `python docs/reference.py`.

A table stands between `<!-- keys: Name -->`, which names a part of the JSON Schema, and
`<!-- end -->`; everything else on the page is written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tqrun.config.schema import schema

PAGE = Path(__file__).with_name("reference.md")
_TABLE = re.compile(
    r"(<!-- keys: (\w+)(?: without (\w+(?:, \w+)*))? -->\n).*?(<!-- end -->)", re.DOTALL
)
_HEAD = "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"


def filled(text: str) -> str:
    """*text* with every table written anew."""
    whole = schema()
    parts = {"File": whole, **whole["$defs"]}

    def table(match: re.Match[str]) -> str:
        left_out: set[str] = set()
        for name in (match[3] or "").split(", "):
            left_out |= parts[name]["properties"].keys() if name else set()
        return f"{match[1]}{_table(parts[match[2]], left_out)}{match[4]}"

    return _TABLE.sub(table, text)


def described(text: str) -> set[str]:
    """The parts of the schema that *text* has a table of."""
    return {match[2] for match in _TABLE.finditer(text)}


def _table(part: dict[str, Any], left_out: set[str]) -> str:
    required = part.get("required", ())
    rows = [
        f"| `{name}` | {_kind(body)} | {_default(body, name in required)} "
        f"| {body['description'].replace('|', chr(92) + '|')} |\n"
        for name, body in part["properties"].items()
        if name not in left_out
    ]
    return _HEAD + "".join(rows)


def _default(body: dict[str, Any], is_required: bool) -> str:
    if is_required:
        return "required"
    if body.get("default") in (None, {}, []):
        return ""
    return f"`{json.dumps(body['default'])}`".replace('"', "")


def _kind(body: dict[str, Any]) -> str:
    """A type in the words of the queues file."""
    choices = body.get("anyOf") or body.get("oneOf")
    if choices:
        kinds = list(dict.fromkeys(_kind(choice) for choice in choices))
        return "step" if "`ForeachStep`" in kinds else " or ".join(kinds)
    if "enum" in body or "const" in body:
        return ", ".join(f"`{value}`" for value in body.get("enum", [body.get("const")]))
    if "$ref" in body:
        return f"`{body['$ref'].rpartition('/')[2]}`"
    if body.get("pattern") == r"\$\{":
        return "expression"
    if body.get("type") == "string":
        return "duration" if "milliseconds" in body.get("pattern", "") else "text"
    if body.get("type") == "array":
        return f"list of {_kind(body['items'])}" if body.get("items") else "list"
    if body.get("type") == "object":
        return "mapping"
    return {"integer": "whole number", "number": "number", "boolean": "true or false"}.get(
        body.get("type", ""), "any value"
    )


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
