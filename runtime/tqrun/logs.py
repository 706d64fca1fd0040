"""Log lines with fields: JSON for machines, one readable line for people.

Fields come from three places: those of the run, which every line logged meanwhile carries; the
memo of its workflow; and what the line itself gives as `extra`. A name means one thing on all
lines, so the first one to have it keeps it: the line's own fields (`time`, `level`, `logger`,
`message`, `exception`), then tqrun's, then the memo, then `extra`. What comes too late stands under
`memo` or `extra`.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from tqrun.frames import from_users_code, users_frames

MAX_TRACEBACK_CHARACTERS = 20_000

_NOTHING: Mapping[str, Any] = {}


class _Bound(NamedTuple):
    fields: Mapping[str, Any] = _NOTHING
    memo: Mapping[str, Any] = _NOTHING


_UNBOUND = _Bound()
_bound: ContextVar[_Bound] = ContextVar("tqrun_log_fields", default=_UNBOUND)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OWN = ("time", "level", "logger", "message", "exception", "memo", "extra")

Format = Literal["auto", "json", "text"]


@contextmanager
def bound(fields: Mapping[str, Any], memo: Mapping[str, Any] = _NOTHING) -> Iterator[None]:
    """Give every line that this context logs the *fields* of a run and its *memo*."""
    token = _bound.set(_Bound(fields, memo))
    try:
        yield
    finally:
        _bound.reset(token)


def fields_in(context: Context) -> Mapping[str, Any]:
    """The fields of the run that *context*, of a task elsewhere, is bound to."""
    return context.get(_bound, _UNBOUND).fields


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of *record*, those of its run first."""
    run, memo = _bound.get()
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    is_ours = record.name.startswith("tqrun.")
    fields = {**run, **extra} if is_ours else dict(run)
    if memo:
        _add(fields, "memo", memo)
    if extra and not is_ours:
        _add(fields, "extra", extra)
    return fields


def _add(fields: dict[str, Any], place: str, more: Mapping[str, Any]) -> None:
    late = {name: value for name, value in more.items() if name in _OWN or name in fields}
    fields.update((name, value) for name, value in more.items() if name not in late)
    if late:
        fields[place] = late


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, the fields, then the exception.

    A memo field or an `extra` never replaces one of these: with the name of another field it
    stands in the object `memo` or `extra`. What JSON cannot hold is written as text. A traceback
    begins where the user's code does.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line for *record*."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _traceback(record.exc_info, from_users_code)
        try:
            return _json(line)
        except Exception:  # noqa: BLE001 - an `extra` may be anything, with any `__str__`
            return _json({name: _as_json(value) for name, value in line.items()})


# `json.dumps` with options makes an encoder for every line.
_json = json.JSONEncoder(
    default=str, ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


def _as_json(value: Any) -> Any:
    try:
        _json(value)
    except Exception:  # noqa: BLE001 - as above
        return _text(value)
    return value


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - as above
        return f"({type(value).__name__}, whose text cannot be had: {type(error).__name__})"


def _traceback(information: Any, shorten: Callable[[traceback.TracebackException], None]) -> str:
    """The traceback without what *shorten* leaves out, of a long one its beginning and its end."""
    error = traceback.TracebackException(*information)
    shorten(error)
    text = "".join(error.format())
    if len(text) <= MAX_TRACEBACK_CHARACTERS:
        return text
    half = MAX_TRACEBACK_CHARACTERS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters …\n{text[-half:]}"


class TextFormatter(logging.Formatter):
    """`12:30:05 info message key=value …`, below it the innermost frames of the user's code."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for *record*."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        pairs = " ".join(f"{name}={_short(value)}" for name, value in fields_of(record).items())
        line = f"{time} {record.levelname.lower():7} {record.getMessage()}"
        line += f"  {pairs}" if pairs else ""
        if record.exc_info and record.exc_info[0] is not None:
            line += "\n" + _traceback(record.exc_info, users_frames).rstrip()
        return line


def _short(value: Any) -> str:
    text = _text(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def configure(style: Format, level: str) -> None:
    """Send every log line of this process to stderr; `auto` is JSON when that is no terminal."""
    handler = logging.StreamHandler(sys.stderr)
    readable = style == "text" or (style == "auto" and sys.stderr.isatty())
    handler.setFormatter(TextFormatter() if readable else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
