"""The lines of the SDK's core, which is Rust: to `logging` like all others, not to stdout."""

from __future__ import annotations

import logging
from functools import cache
from typing import Literal

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

_logger = logging.getLogger("temporalio.core")


@cache
def forward_core_logs(least: Literal["WARN", "ERROR"]) -> None:
    """Let the clients and workers that this process makes from now on log to `temporalio.core`.

    For the processes of commands only: where tqrun is a library, the SDK's runtime is the
    application's to choose.
    """
    _logger.addFilter(_with_fields)
    forwarding = LogForwardingConfig(
        _logger,
        append_target_to_name=False,
        prepend_target_on_message=False,
        append_log_fields_to_message=False,
    )
    lines = LoggingConfig(TelemetryFilter(least, "ERROR"), forwarding)
    Runtime.set_default(
        Runtime(telemetry=TelemetryConfig(logging=lines)), error_if_already_set=False
    )


def _with_fields(record: logging.LogRecord) -> bool:
    """Give the *record* the core's fields as its own."""
    line = vars(record).pop("temporal_log", None)
    if line is not None:
        record.core = {"target": line.target, **line.fields}
    return True
