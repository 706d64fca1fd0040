"""SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), for code scanning."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, TextIO
from urllib.parse import quote

from tqrun.cli.printable import printable
from tqrun.cli.repository import rooted
from tqrun.diagnostics import Finding, Place
from tqrun.plan.changes.change import Change
from tqrun.plan.changes.table import TABLE

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_LINE = re.compile(r"(?<=\.py):\d+")


def write(changes: Sequence[Change], stream: TextIO) -> None:
    """The *changes*, with every rule of the table."""
    rules = [
        _rule(code, row.why, f"{row.why}; {row.mend}", _LEVELS[row.severity])
        for code, row in TABLE.items()
    ]
    codes = [*TABLE]
    results = [
        {
            "ruleId": one.code,
            "ruleIndex": codes.index(one.code),
            "level": _LEVELS[one.severity],
            "message": {"text": printable(f"{one.message}; {one.why}; {one.mend}")},
            **_where(one.place, one.code, one.message, one.python),
        }
        for one in changes
    ]
    _write(rules, results, stream)


def write_findings(findings: Sequence[Finding], stream: TextIO) -> None:
    """The *findings* for which a file is not compared, with their rules."""
    codes = [*dict.fromkeys(one.code for one in findings)]
    rules = [_rule(code, code.replace("-", " "), code.replace("-", " "), "error") for code in codes]
    results = [
        {
            "ruleId": one.code,
            "ruleIndex": codes.index(one.code),
            "level": "error",
            "message": {"text": printable(one.message)},
            **_where(one.place, one.code, one.message),
        }
        for one in findings
    ]
    _write(rules, results, stream)


def _rule(code: str, short: str, text: str, level: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": code.replace("-", " ")},
        "fullDescription": {"text": short},
        "help": {"text": f"{text}; tqrun explain {code} tells more"},
        "defaultConfiguration": {"level": level},
    }


def _where(place: Place, code: str, message: str, python: Place | None = None) -> dict[str, Any]:
    """The place of a result, and what makes it the same one where lines have moved.

    A change of Python code is shown there, with its *place* in the queues file as a related one.
    """
    path = rooted(place.path)
    identity = "\n".join((code, path, _LINE.sub("", message)))
    fingerprint = hashlib.sha256(identity.encode(errors="replace")).hexdigest()
    related = {"id": 1, "message": {"text": "in the queues file"}, **_location(place)}
    return {
        "locations": [_location(python or place)],
        **({} if python is None else {"relatedLocations": [related]}),
        "partialFingerprints": {"tqrunChange/v1": fingerprint},
    }


def _location(place: Place) -> dict[str, Any]:
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.width,
    }
    file = {"artifactLocation": {"uri": quote(rooted(place.path))}, "region": region}
    return {"physicalLocation": file}


def _write(rules: list[dict[str, Any]], results: list[dict[str, Any]], stream: TextIO) -> None:
    driver = {"name": "tqrun", "version": version("tqrun"), "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    json.dump({"$schema": schema, "version": "2.1.0", "runs": [run]}, stream, indent=2)
    stream.write("\n")
