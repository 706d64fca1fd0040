"""Log lines with fields: JSON for machines, one readable line for people.

Fields come from two places: what is bound to the current activity or launch, which every line
logged meanwhile carries, and what the line itself gives as `extra`.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

_bound: ContextVar[Mapping[str, Any]] = ContextVar("tqrun_log_fields")
_NOTHING: Mapping[str, Any] = {}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# `json.dumps` with options makes an encoder for every line.
_to_json = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":")).encode
_OWN = frozenset({"time", "level", "logger", "message", "exception"})
"""Keys of every JSON line; a field of such a name gets an underscore after it."""

Format = Literal["auto", "json", "text"]


@contextmanager
def bound(fields: Mapping[str, Any]) -> Iterator[None]:
    """Give every line that this context logs *fields*, besides those bound around it."""
    token = _bound.set({**_bound.get(_NOTHING), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of *record*: the bound ones, then those that the line itself gives."""
    own = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {**_bound.get(_NOTHING), **own}


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for *record*."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in fields_of(record).items():
            line[f"{name}_" if name in _OWN else name] = value
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return _to_json(line)


class TextFormatter(logging.Formatter):
    """`12:30:05 info your-queue message key=value …`, with a traceback below if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for *record*."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        pairs = " ".join(f"{name}={_short(value)}" for name, value in fields_of(record).items())
        line = f"{time} {record.levelname.lower():7} {record.getMessage()}"
        line += f"  {pairs}" if pairs else ""
        if record.exc_info and record.exc_info[0] is not None:
            line += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return line


def _short(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def configure(style: Format, level: str) -> None:
    """Send every log line of this process to stderr; `auto` is JSON when that is no terminal."""
    handler = logging.StreamHandler(sys.stderr)
    readable = style == "text" or (style == "auto" and sys.stderr.isatty())
    handler.setFormatter(TextFormatter() if readable else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
