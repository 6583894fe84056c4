"""Server: the tests' own PostgreSQL, and what can happen to it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from seedbed.postgres.connection.address import Address
from seedbed.postgres.embedded import cluster, embedded
from seedbed.testing.cluster import Cluster, eventually

SIZE = os.environ.get("SEEDBED_TEST_SIZE", "")


def size(ci: int, soak: int) -> int:
    """How often: as often as CI has time for, or as a nightly run."""
    return soak if SIZE == "soak" else ci


@dataclass(frozen=True)
class Server:
    """An embedded server in a folder of its own; it keeps its port."""

    home: Path

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.home / "postgres/data"

    @property
    def address(self) -> Address:
        """Its maintenance database, as superuser."""
        found = embedded.ensure(self.home)
        return Address(found.host, found.port, "postgres", found.user, found.password)

    def start(self) -> None:
        """Start it, or wait until it has recovered."""
        embedded.ensure(self.home)
        with Cluster(self.address).connect() as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)

    def stop(self) -> None:
        """Stop it, if it runs."""
        embedded.stop(self.home)

    def end(self, how: signal.Signals) -> None:
        """Send the server process a signal and wait until it is gone.

        SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
        """
        process = cluster.postmaster(self.data)
        assert process is not None
        process.send_signal(how)
        assert eventually(lambda: cluster.postmaster(self.data) is None, 30)
