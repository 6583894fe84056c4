"""Proxy: a network between client and server that cuts and swallows where a test says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from select import select

from seedbed.postgres.connection.address import Address

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: the connection is reset instead of closed."""


class Proxy:
    """Listens on loopback and forwards, a thread a connection, until its budget is spent."""

    def __init__(self, server: Address) -> None:
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.lock = threading.Lock()
        self.open: list[socket.socket] = []
        self.carried = 0
        """Bytes forwarded so far, both ways."""
        self.budget: int | None = None
        """Bytes after which the connection at hand is cut, all others with it if `all`."""
        self.all = False
        self.commits: int | None = None
        """COMMITs to let through before one is cut off from its answer."""
        self.swallow = False
        """Black hole: nothing is forwarded, connections stay and new ones are accepted."""
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> Address:
        """The database behind this network."""
        return replace(self.server, host="127.0.0.1", port=self.listener.getsockname()[1])

    def calm(self) -> None:
        """Forward everything again."""
        self.budget = self.commits = None
        self.swallow = False

    def close(self) -> None:
        """Cut everything and stop listening."""
        self.listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection."""
        with self.lock:
            ending, self.open = self.open, []
        for one in ending:
            _reset(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, suppress(OSError, ValueError):
            server = socket.create_connection((self.server.host, self.server.port))
            with server:
                with self.lock:
                    self.open += [client, server]
                while True:
                    for one in select([client, server], [], [])[0]:
                        data = one.recv(65_536)
                        if not data:
                            return  # closing both, as the other side would see it
                        if self._passed(data, server if one is client else client, one is client):
                            continue
                        if self.all:
                            self.cut()
                        _reset(client)
                        return

    def _passed(self, data: bytes, to: socket.socket, asked: bool) -> bool:
        """Forward as much as may pass; False where the connection is to be cut."""
        if self.swallow:
            return True
        with self.lock:
            self.carried += len(data)
            if self.budget is not None:
                self.budget -= len(data)
                if self.budget < 0:
                    data, self.budget = data[: self.budget], None
                    self.cuts += 1
                    to.sendall(data)
                    return False
            committing = asked and self.commits is not None and b"COMMIT\0" in data
            if committing and self.commits is not None:
                self.commits -= 1
            cutting = committing and self.commits is not None and self.commits < 0
            if cutting:
                self.commits = None
                self.cuts += 1
        to.sendall(data)
        return not cutting


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(server: Address) -> Iterator[Proxy]:
    """A network to that database."""
    proxy = Proxy(server)
    try:
        yield proxy
    finally:
        proxy.close()
