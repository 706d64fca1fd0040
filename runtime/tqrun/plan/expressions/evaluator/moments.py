"""Timestamps in UTC, read and compared to the nanosecond without asking CEL."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tqrun.plan.expressions.evaluator.meter import Meter
from tqrun.plan.expressions.evaluator.values import Foreign

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_STEPS = 20


def read(meter: Meter, text: Any) -> Foreign | None:
    """The timestamp that *text* names in UTC; None for what CEL must judge."""
    if not isinstance(text, str) or not _UTC.fullmatch(text):
        return None
    meter.work(_STEPS)
    whole, _, fraction = text[:-1].partition(".")
    micro = fraction[:6].ljust(6, "0")
    try:
        return Foreign("timestamp", datetime.fromisoformat(f"{whole}.{micro}+00:00"), text)
    except ValueError:
        return None


def key(moment: Foreign) -> tuple[datetime, str]:
    """What timestamps are equal and ordered by."""
    fraction = moment.text.rstrip("Z").partition(".")[2]
    return moment.plain, fraction[6:].ljust(3, "0")
