"""What `up` and `down` write down, one of them at a time, and the port that `up` takes."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedbed.postgres.embedded import home as folders
from seedbed.server.errors import NoFreePort
from seedbed.server.started import HOST, PORT, Process, State, file_of, read

__all__ = ["HOST", "PORT", "Process", "State", "forget", "free_port", "only_one", "read", "write"]

PORTS = 50
"""How many to try when 4200 is somebody else's."""

WAITING = 2048
"""Connections that may wait until the server takes them."""


def write(home: Path, state: State) -> None:
    """Replace the file in one step, so that a killed `up` leaves the old or the new one."""
    temporary = file_of(home).with_suffix(".new")
    folders.written(temporary, state.model_dump_json())
    temporary.replace(file_of(home))


def forget(home: Path) -> None:
    """Nothing of ours runs any more."""
    file_of(home).unlink(missing_ok=True)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time; the kernel releases the lock, also after kill -9."""
    place = folders.made(home) / "background.lock"
    with os.fdopen(folders.opened(place, os.O_RDWR | os.O_CREAT), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def free_port(first: int = PORT) -> Iterator[socket.socket]:
    """A socket that listens on the first port from `first` on that nobody has.

    It is handed to the server. So nobody else can listen there before the server does, be asked
    in its place, and be told the login: neither another `up` nor another user.
    """
    for port in range(first, first + PORTS):
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((HOST, port))
                listening.listen(WAITING)
            except OSError:
                continue
            yield listening
            return
    raise NoFreePort(first, first + PORTS - 1, HOST)
