"""The server that the tests share, for those that run workers of their own."""

from tests.server.conftest import server, unique

__all__ = ["server", "unique"]
