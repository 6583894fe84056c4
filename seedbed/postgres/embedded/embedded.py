"""The embedded PostgreSQL server: one per home folder, shared by every process that asks.

`ensure` creates and starts it, `running` looks, `stop` stops; it outlives its caller.
PostgreSQL refuses to run as root, so root starts it as the existing user `postgres` or
`nobody`. Nothing outside `<home>/postgres` is written or has its permissions changed:

    data/      the cluster            password   of the role `seedbed`, mode 0600
    log        the server's log       port       the one to use again after a restart
    lock       held while starting, creating and stopping
    binaries/  a copy, only where the server's user cannot reach the installed ones
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from seedbed.postgres.embedded import binaries, cluster
from seedbed.postgres.embedded import home as folders
from seedbed.postgres.embedded.cluster import (
    HOST,
    PATIENCE,
    ROLE,
    Server,
    create_database,
    drop_database,
)
from seedbed.postgres.embedded.errors import NoAccess, NotInTime
from seedbed.postgres.embedded.home import UNUSABLE, home_folder, made

__all__ = [
    "Server",
    "create_database",
    "drop_database",
    "ensure",
    "home_folder",
    "identity",
    "made",
    "running",
    "stop",
]

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""The shortest message that only a PostgreSQL server answers, with N or S."""


def ensure(home: Path, environ: Mapping[str, str] = os.environ) -> Server:
    """Start the server (the first time: create it); return at once when it runs."""
    if server := running(home):
        return server
    with _locked(home) as folder:
        data, account = folder / "data", binaries.account_for(folder)
        deadline = time.monotonic() + PATIENCE
        while not (server := running(home)):
            if time.monotonic() > deadline:
                raise NotInTime("start", PATIENCE, folder / "log")
            if cluster.postmaster(data):  # starting: whoever started it was killed while waiting
                time.sleep(0.1)
                continue
            programs = binaries.find(folder, environ, account)
            if not data.exists():
                cluster.create(folder, programs)
            cluster.start(folder, programs)
        return server


def running(home: Path) -> Server | None:
    """The server if it accepts connections; never starts one.

    Raises:
        NotOurs, NoAccess: somebody else could have put it there, or can.
    """
    folder = folders.within(home, "postgres")
    data = folder / "data"
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        if len(lines) < 8 or lines[7].strip() != "ready" or not cluster.postmaster(data):
            return None
        port = int(lines[3])
        password = folders.read(folder / "password")
        version = int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
    except (PermissionError, NotADirectoryError):
        raise NoAccess(folder, folders.me()) from None
    return Server(HOST, port, ROLE, password, version) if _answers(port) else None


def identity(home: Path) -> tuple[str, str, int] | None:
    """System identifier, address and port of the home's server, by which it is known again.

    From its own files, which no address and no tunnel can imitate; a copy of the cluster has
    another port, or lies elsewhere. None where there is no server, or the files are not ours.
    """
    data = home / "postgres" / "data"
    try:
        with (data / "global" / "pg_control").open("rb") as control:
            system = int.from_bytes(control.read(8), sys.byteorder)  # its first field, ever since
        port = int((data / "postmaster.pid").read_text().splitlines()[3])
    except (OSError, ValueError, IndexError):
        return None
    return str(system), HOST, port


def stop(home: Path) -> bool:
    """Stop the server, ending its sessions; False when none was running."""
    folder = home / "postgres"
    data = folder / "data"
    if running(home) is None and not cluster.postmaster(data):
        return False
    with _locked(home):
        postmaster = cluster.postmaster(data)
        if postmaster is None:
            return False
        postmaster.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        deadline = time.monotonic() + PATIENCE
        while cluster.postmaster(data):
            if time.monotonic() > deadline:
                raise NotInTime("stop", PATIENCE, folder / "log")
            time.sleep(0.02)
        return True


@contextmanager
def _locked(home: Path) -> Iterator[Path]:
    """Hold the folder's lock; the kernel releases it, also after kill -9."""
    folder = made(made(home.absolute()) / "postgres")
    try:
        folder.chmod(folders.passable())
        lock = os.fdopen(folders.opened(folder / "lock", os.O_RDWR | os.O_CREAT), "a")
    except UNUSABLE:
        raise NoAccess(folder, folders.me()) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=2) as connection:
        connection.sendall(SSL_REQUEST)
        return connection.recv(1) in (b"N", b"S")
    return False
