"""Rules about how a workflow is started."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tqrun.config import resolve
from tqrun.config.model import QueuesFile
from tqrun.config.options import WorkflowOptions
from tqrun.config.rules.broken import Broken, every_workflow
from tqrun.config.values import format_duration


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


def debounce_order(file: QueuesFile) -> Iterator[Broken]:
    """A launch that waits for its window in any case waits longer than it may."""
    for location, _, workflow in every_workflow(file):
        debounce = workflow.debounce
        if debounce is None:
            continue
        window, longest = debounce.window, debounce.max_wait
        if isinstance(window, timedelta) and isinstance(longest, timedelta) and window > longest:
            message = (
                f"max_wait {format_duration(longest)} is shorter than window "
                f"{format_duration(window)}, which would never be waited for"
            )
            yield Broken((*location, "debounce", "max_wait"), message)


def debounce_policy(file: QueuesFile) -> Iterator[Broken]:
    """A debounced launch joins the run that is going, and is never refused by one that ended."""
    for location, _, workflow in every_workflow(file):
        if workflow.debounce is None:
            continue
        options = resolve.workflow_options(file, workflow)
        for key, means in _DEBOUNCED.items():
            value = getattr(options, key)
            own = key in workflow.model_fields_set
            if value == means or (not own and value == WorkflowOptions.model_fields[key].default):
                continue
            place = (*location, key) if own else ("defaults", "workflow", key)
            message = f"{value} cannot go with debounce, which means {key} {means}"
            yield Broken(place, message)


_DEBOUNCED = {"id_reuse_policy": "allow_duplicate", "id_conflict_policy": "use_existing"}
"""What debounce means for each of the policies."""
