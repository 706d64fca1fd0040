"""Prints what later steps of a job may ask about a comparison, one `name=value` a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(path: str) -> None:
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    severities = [one["severity"] for one in report["changes"]]
    values = {
        "summary": " ".join(report["summary"].split()),
        "errors": severities.count("error") + len(report["findings"]),
        "warnings": severities.count("warning"),
        "changed": json.dumps(report["changed"]),
        "safe": json.dumps(report["safe"]),
    }
    sys.stdout.writelines(f"{name}={value}\n" for name, value in values.items())


main(sys.argv[1])
