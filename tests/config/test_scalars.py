"""An unquoted scalar is a finding exactly where readers of YAML 1.1 and 1.2 take two values."""

from __future__ import annotations

import re
from math import isnan
from random import Random
from typing import Any

import pytest
import yaml

from tqrun.config.scalars import meaning

WORDS = [
    *("y", "n", "Y", "N", "yes", "Yes", "YES", "yEs", "no", "NO", "on", "On", "oN", "off", "OFF"),
    *(
        "0",
        "-0",
        "+1",
        "08",
        "0777",
        "00",
        "0o17",
        "0o9",
        "0x1F",
        "0b11",
        "1_000",
        "1_000.5",
        "0_1",
    ),
    *(
        "1e3",
        "1.5e3",
        "1.5e+3",
        "1e-3",
        ".5",
        "-.5",
        "+.5",
        "1.",
        "007.5",
        "1:30",
        "09:30",
        "12:30:45",
    ),
    *(
        "2026-01-02",
        "2026-1-2",
        "2026-01-02 10:00:00",
        "2026-01-02T10:00:00Z",
        "5m",
        "-",
        "+",
        "1m",
    ),
]
CORE: list[tuple[str, Any]] = [
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text, 8)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
]
"""Numbers by YAML 1.2.2, 10.3.2; hexadecimal ones are findings in any case."""


LEFT_OUT = re.compile(r"^[-:]+$|:$|^-\.|\.\.\.|---|^0[xb]|^[-+]?0+[0-7]?$")
"""What is not a plain scalar, what JSON does not have, and zeros in front that change nothing."""


def new(text: str) -> Any:
    for pattern, read in CORE:
        if re.fullmatch(pattern, text):
            return read(text)
    return text


def old(text: str) -> Any:
    return yaml.safe_load(f"- {text}\n")[0]


def same(one: Any, other: Any) -> bool:
    return (type(one), one) == (type(other), other)


def made(random: Random) -> str:
    """A text that looks like a number, a time or a word."""
    return "".join(random.choice("0123456789.:-+_eExobynfaT") for _ in range(random.randint(1, 6)))


def texts() -> list[str]:
    random = Random(9)
    found = [made(random) for _ in range(3_000)]
    return [text for text in found if not LEFT_OUT.search(text)]


@pytest.mark.parametrize("text", [word for word in WORDS if not LEFT_OUT.search(word)])
def test_a_word_is_ambiguous_if_readers_take_two_values(text: str) -> None:
    assert (meaning(text)[1] is not None) == (not same(old(text), new(text)))


def test_any_text_is_ambiguous_if_readers_take_two_values() -> None:
    wrong = {}
    for text in texts():
        value, message = meaning(text)
        if (message is not None) != (not same(old(text), new(text))):
            wrong[text] = (old(text), new(text), message)
        elif message is None and not same(value, new(text)):
            wrong[text] = (value, new(text), message)
    assert wrong == {}


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.inf", ".NaN", "0x1F", "0b11"])
def test_what_json_does_not_have_is_a_finding(text: str) -> None:
    read = old(text)
    assert isinstance(read, int) or isnan(read) or read in (float("inf"), float("-inf"))
    assert meaning(text)[1] is not None
