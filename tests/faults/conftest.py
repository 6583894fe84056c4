"""A server of these tests' own, which they kill and restart; otherwise as tests/postgres."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from tests.faults.server import Server
from tests.postgres.conftest import fresh, home, seeded, seeded_template, template, world
from tests.postgres.worlds import Cluster

__all__ = ["fresh", "home", "seeded", "seeded_template", "template", "world"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An embedded server, in a folder that its user can enter; fsync is on."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-faults-", dir="/tmp"))
    folder.chmod(0o755)
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(server: Server) -> Cluster:
    """The same, as the fixtures of tests/postgres want it."""
    return Cluster(server.address)


@pytest.fixture
def chosen() -> Dataset:
    """One dataset is enough here: the laws hold for all."""
    return dataset("commerce")
