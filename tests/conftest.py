"""`pytest tests/check tests/diff --update` writes every expected.txt anew; read them afterwards."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write expected.txt anew")
