"""The state of the background: what `up` started, in `<home>/background.json` (mode 0600)."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from pydantic import BaseModel, ConfigDict, ValidationError

from deployments.processes import Process
from tasks.engine.errors import SeedbedError
from tasks.postgres import embedded

HOST = "127.0.0.1"
PORT = 4200
"""Prefect's own; pyproject.toml names it, so that `prefect` commands need no variable."""

PORTS = 50
"""How many to try when 4200 is somebody else's."""


class NoFreePort(SeedbedError):
    """Everything from 4200 on is taken."""

    def __init__(self, first: int) -> None:
        super().__init__(
            f"no free port from {first} to {first + PORTS - 1} on {HOST}; "
            "stop what listens there and run `seedbed up` again"
        )


class State(BaseModel):
    """Two processes and the port between them."""

    model_config = ConfigDict(frozen=True)

    port: int = PORT
    server: Process | None = None
    worker: Process | None = None

    @property
    def ui(self) -> str:
        """What a person opens."""
        return f"http://{HOST}:{self.port}"

    @property
    def api(self) -> str:
        """What PREFECT_API_URL must be."""
        return f"{self.ui}/api"

    @property
    def usual(self) -> bool:
        """Whether commands in the repository's folder find the server by themselves."""
        return self.port == PORT

    def server_runs(self) -> bool:
        """Whether the server that we started is there."""
        return self.server is not None and self.server.alive()

    def worker_runs(self) -> bool:
        """Whether the worker that we started is there."""
        return self.worker is not None and self.worker.alive()


def read(home: Path) -> State:
    """What was written last; nothing runs when there is no file, or none that can be read."""
    try:
        return State.model_validate_json(_file(home).read_text())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return State()


def write(home: Path, state: State) -> None:
    """Replace the file in one step, so that a killed `up` leaves the old or the new one."""
    temporary = _file(home).with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(state.model_dump_json())
    temporary.replace(_file(home))


def forget(home: Path) -> None:
    """Nothing of ours runs any more."""
    _file(home).unlink(missing_ok=True)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time; the kernel releases the lock, also after kill -9."""
    with (embedded.made(home) / "background.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def free_port(first: int = PORT) -> Iterator[int]:
    """The first port from `first` on that nobody listens on, nor is about to.

    Without the second, two `up` at once choose the same one, and the one whose server came too
    late finds the other's healthy, and gives it a worker.
    """
    for port in range(first, first + PORTS):
        with _claimed(port) as claimed:
            if claimed and _unused(port):
                yield port
                return
    raise NoFreePort(first)


@contextmanager
def _claimed(port: int) -> Iterator[bool]:
    """Whether no other `up` of this user has chosen the port and still starts its server."""
    place = Path(gettempdir()) / f"seedbed-{os.geteuid()}-{port}.lock"
    with place.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _unused(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _file(home: Path) -> Path:
    return home / "background.json"
