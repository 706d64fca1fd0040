"""What a removal comes to once the server has counted."""

from __future__ import annotations

from tqrun.diagnostics import Place
from tqrun.plan.changes.change import Change
from tqrun.temporal.live import settled

PLACE = Place("queues.yaml", 1, 1, 6)


def test_only_what_was_counted_is_settled() -> None:
    changes = [
        Change(PLACE, "queue-removed", 'queue "a" is gone', ("a",)),
        Change(PLACE, "version-removed", "draining version 1 is gone", ("b",)),
        Change(PLACE, "version-removed", "draining version 1 is gone", ("c",)),
        Change(PLACE, "query-removed", 'query "d" is gone', ("d",)),
    ]
    counts = {changes[0]: 0, changes[1]: 1}
    assert [str(change) for change in settled(changes, counts)] == [
        'queues.yaml:1:1: info: queue "a" is gone, no runs of it are open [queue-removed]',
        "queues.yaml:1:1: error: draining version 1 is gone, 1 run of it is open [version-removed]",
        "queues.yaml:1:1: warning: draining version 1 is gone [version-removed]",
        'queues.yaml:1:1: error: query "d" is gone [query-removed]',
    ]
