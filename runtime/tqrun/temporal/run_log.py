"""Log lines of a running workflow: each once, not again on replay."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from temporalio import workflow

from tqrun import logs

_logger = workflow.LoggerAdapter(logging.getLogger("tqrun.workflow"), None)
_logger.workflow_info_on_message = False
_logger.workflow_info_on_extra = False


def log(text: str, fields: Mapping[str, Any], level: int = logging.WARNING) -> None:
    """One line of a run, once, not again on replay."""
    with logs.bound(fields):
        _logger.log(level, text)
