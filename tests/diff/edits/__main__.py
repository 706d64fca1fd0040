"""`make edits`: every edit that can be made, judged, and a table of what came out."""

from __future__ import annotations

import os
import sys
from collections import Counter

from tests.diff.edits.generate import every
from tests.diff.edits.named import EDITS

OUTCOMES = ("hit", "miss", "quiet", "false alarm", "not compared")


def main() -> int:
    """Print the edits that are judged wrongly, and a table."""
    counts: Counter[tuple[str, str]] = Counter()
    for edit in (*EDITS, *every(int(os.environ.get("TQRUN_SEED", "1")))):
        outcome = edit.outcome()
        counts[edit.verdict, outcome] += 1
        if outcome not in ("hit", "quiet"):
            print(f"{outcome}: {edit.name}\n    {edit.reported()[:3]}", flush=True)
    print(f"\n{'':10}" + "".join(f"{one:>14}" for one in ("edits", *OUTCOMES)))
    for verdict in ("breaking", "safe"):
        row = [counts[verdict, one] for one in OUTCOMES]
        print(f"{verdict:10}" + "".join(f"{one:>14}" for one in (sum(row), *row)))
    return int(any(counts[key] for key in counts if key[1] not in ("hit", "quiet")))


sys.exit(main())
