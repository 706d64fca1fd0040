"""What a run gives its expressions."""

from __future__ import annotations

from datetime import UTC, datetime

from tqrun.plan.expressions import Sources

FROM_BEFORE = Sources(lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda: 0.5, bounded=False)
"""A run that was started before expressions had a budget."""
