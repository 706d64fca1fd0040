"""Rules about how a workflow is started."""

from __future__ import annotations

from collections.abc import Iterator

from tqrun.config import resolve
from tqrun.config.model import QueuesFile
from tqrun.config.rules.broken import Broken, every_workflow


def id_policies(file: QueuesFile) -> Iterator[Broken]:
    """The pair that the server refuses: end the running one, yet never use its id again."""
    for location, _, workflow in every_workflow(file):
        options = resolve.workflow_options(file, workflow)
        pair = (options.id_reuse_policy, options.id_conflict_policy)
        if pair != ("reject_duplicate", "terminate_existing"):
            continue
        keys = ("id_conflict_policy", "id_reuse_policy")
        own = [key for key in keys if key in workflow.model_fields_set]
        place = (*location, own[0]) if own else ("defaults", "workflow", keys[0])
        message = (
            "terminate_existing cannot go with id_reuse_policy reject_duplicate; "
            "Temporal refuses the pair"
        )
        yield Broken(place, message)
