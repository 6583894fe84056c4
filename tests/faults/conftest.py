"""A server of these tests' own, which they kill and restart; otherwise as tests/postgres."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.testing.cluster import Cluster
from seedbed.testing.fixtures import seeded_template, template
from tests.faults.server import Server

__all__ = ["seeded_template", "template"]
# Imported once more, and so made once more: on the server below, not on that of the other tests.


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
