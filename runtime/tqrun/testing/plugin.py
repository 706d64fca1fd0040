"""What pytest loads: the fixtures, and nothing else until a test asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tqrun.testing.channel import Channel
    from tqrun.testing.queues import Queues


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where the queues file is."""
    parser.addini("tqrun_file", "The queues file, relative to the rootdir.", default="queues.yaml")


@pytest.fixture(scope="session")
def tqrun_rehearsal() -> Iterator[Channel]:
    """The one process of this session that has a Temporal server; started when first needed."""
    from tqrun.testing.channel import Channel

    channel = Channel()
    yield channel
    channel.close()


@pytest.fixture
def queues_file(request: pytest.FixtureRequest) -> Path:
    """The queues file that `queues` runs; override this fixture to run another one."""
    return request.config.rootpath / str(request.config.getini("tqrun_file"))


@pytest.fixture
def queues(tqrun_rehearsal: Channel, queues_file: Path) -> Iterator[Queues]:
    """Run declared workflows with stand-in activities, without waiting for their timers."""
    from tqrun.testing.queues import Queues

    with Queues(tqrun_rehearsal, queues_file) as opened:
        yield opened
