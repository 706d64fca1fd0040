"""The formats of text that are checked, each in time linear in the text.

A format that is not in the table is a finding, not a promise that nobody keeps.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from tqrun.jsontypes.patterns import BadPattern, search, states

MAX_REGEX = 1_000
"""Most characters of a text with `format: regex`; each is compiled to see what it is."""

_LARGE = re.compile(r"\\[wWsSpPbB]|\(\?\w*i")
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
_DURATION = (
    r"P(\d+W|(\d+Y(\d+M(\d+D)?)?|\d+M(\d+D)?|\d+D)(T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S))?"
    r"|T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S))"
)
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_ANY_LABEL = r"[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?"
_MAILBOX = r'("[^"\r\n]+"|[^@\s"]+)@[^@\s]+'
_POINTER = r"(/([^~/]|~[01])*)*"
_ASCII = r"A-Za-z0-9._~!$&'()*+,;=:@\-"
_AUTHORITY = r"([{0}:%]*@)?(\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[{0}]+\]|[{0}%]*?)(:[0-9]*)?"


def _match(pattern: str) -> Callable[[str], bool]:
    # Compiled at the first use: most files name one format or none.
    return lambda text: search(f"^(?:{pattern})$")(text)


def _reference(characters: str, *, absolute: bool) -> Callable[[str], bool]:
    """A URI of RFC 3986, or with more *characters* an IRI; one that is not absolute is relative."""
    one, escaped = f"[{characters}]", "%[0-9A-Fa-f]{2}"
    part, first = f"([{characters}/]|{escaped})*", f"({one}|{escaped})"
    rooted = rf"//{_AUTHORITY.format(characters.replace(':@', ''))}(/{part})?"
    # Without an authority a path does not begin with two slashes.
    path = f"/?({first}{part})?"
    tail = rf"(\?([{characters}/?]|{escaped})*)?(#([{characters}/?]|{escaped})*)?"
    whole = rf"[A-Za-z][A-Za-z0-9+.-]*:({rooted}|{path}){tail}"
    no_scheme = rf"/({first}{part})?|([{characters.replace(':', '')}]|{escaped})+(/{part})?|"
    return _match(whole if absolute else rf"{whole}|({rooted}|{no_scheme}){tail}")


def _is_date(text: str) -> bool:
    try:
        return _DAY(text) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    return _CLOCK(text) and _leap_second_is_midnight(text)


def _leap_second_is_midnight(text: str) -> bool:
    """Whether a second 60 is at 23:59 in UTC, as every leap second was."""
    if text[6:8] != "60":
        return True
    minutes = int(text[:2]) * 60 + int(text[3:5])
    if text[-1] not in "Zz":
        shift = int(text[-5:-3]) * 60 + int(text[-2:])
        minutes -= shift if text[-6] == "+" else -shift
    return minutes % 1440 == 1439


def _is_date_time(text: str) -> bool:
    return text[10:11] in ("T", "t") and _is_date(text[:10]) and _is_time(text[11:])


def _is_ipv4(text: str) -> bool:
    try:
        return ipaddress.IPv4Address(text) is not None
    except ValueError:
        return False


def _is_ipv6(text: str) -> bool:
    try:
        return not ipaddress.IPv6Address(text).scope_id
    except ValueError:
        return False


def _is_regex(text: str) -> bool:
    try:
        return len(text) <= MAX_REGEX and search(text) is not None
    except BadPattern:
        return False


def _host(label: str) -> Callable[[str], bool]:
    found = _match(rf"{label}(\.{label})*")

    def is_host(text: str) -> bool:
        short = len(text) <= 253 and all(len(part) <= 63 for part in text.split("."))
        return short and found(text)

    return is_host


_DAY = _match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = _match(_TIME.replace(r"\d", "[0-9]"))
_UNICODE = _ASCII + r"\x{A0}-\x{D7FF}\x{E000}-\x{FDCF}\x{FDF0}-\x{FFEF}\x{10000}-\x{EFFFD}"

FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "date-time": _is_date_time,
    "duration": _match(_DURATION.replace(r"\d", "[0-9]")),
    "email": _match(_MAILBOX),
    "hostname": _host(_LABEL),
    "idn-email": _match(_MAILBOX),
    "idn-hostname": _host(_ANY_LABEL),
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "iri": _reference(_UNICODE, absolute=True),
    "iri-reference": _reference(_UNICODE, absolute=False),
    "json-pointer": _match(_POINTER),
    "regex": _is_regex,
    "relative-json-pointer": _match(rf"(0|[1-9][0-9]*)(#|{_POINTER})"),
    "time": _is_time,
    "uri": _reference(_ASCII, absolute=True),
    "uri-reference": _reference(_ASCII, absolute=False),
    "uuid": _match("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
}
"""What each checked format takes, by name."""


def price(name: str, value: Any) -> int:
    """The steps in which *value* is held against the format *name*."""
    if not isinstance(value, str):
        return 0
    if name != "regex":
        return 5 + len(value) // 8
    # Each is compiled; classes of Unicode are large.
    return states(value[:MAX_REGEX]) * (1500 if _LARGE.search(value) else 100)
