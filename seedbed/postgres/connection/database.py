"""Database: the transactions in which everything happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from sqlalchemy.pool import Pool

from seedbed.engine.settings import Profile
from seedbed.postgres.connection import lock, watch
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import connect
from seedbed.postgres.connection.errors import GaveWay
from seedbed.postgres.guard import guard, reach

Connection = psycopg.Connection[tuple[Any, ...]]

_PINNED = {
    # Row texts, and with them digests, depend on these; see docs/safety.md.
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    # A row that a policy hides becomes an error, not a wrong zero; see `_pin`.
    "row_security": "off",
    # Compiling takes seconds for queries over the catalogue, whose costs look high, and saves none.
    "jit": "off",
    # When this process dies, its statement does not go on: the server looks every two seconds.
    "client_connection_check_interval": "2s",
    "idle_in_transaction_session_timeout": "60s",
}

_PATH = """
    set_config('search_path', concat_ws(
        ', ', nullif(set_config('search_path', NULL, true), ''), 'pg_temp'), true)
"""
"""What a trigger has set for the session is forgotten, as NULL resets it, and no temporary table
hides another one."""

MOMENT = psycopg.IsolationLevel.REPEATABLE_READ
STATEMENT = psycopg.IsolationLevel.READ_COMMITTED
"""A look after a lock has to see what came before the lock."""

_BOUND = "EXISTS (SELECT FROM pg_policy p WHERE row_security_active(p.polrelid))"
"""Whether any policies are for this role: seldom."""


@dataclass(frozen=True)
class Database:
    """One target database for one run: where it is, its pool of connections, its lock."""

    address: Address
    pool: Pool
    profile: Profile
    dataset: str
    lease: int = 0
    """Backend that holds the run's lock; 0 for a run that only reads."""
    tables: tuple[str, ...] = ()
    """What the dataset writes."""
    reads: tuple[str, ...] = ()
    """What it reads besides."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that cannot write."""
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            with self._watched(connection):
                yield connection

    @contextmanager
    def aside(self, application_name: str) -> Iterator[Connection]:
        """The same on a connection of its own, for a step that holds one of the pool's.

        Steps that all hold one and all wait for another would wait for ever.
        """
        limits = self.profile.limits
        with connect(self.address, application_name, limits, read_only=True) as connection:
            self._pin(connection)
            yield connection

    @contextmanager
    def scratch(self) -> Iterator[Connection]:
        """A transaction that is always rolled back, for temporary tables; it sees one moment."""
        with self._transaction(scratch=True) as connection, self._watched(connection):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction under the run's lock, with the marker checked again first.

        Raises:
            LeaseLost: another run may have started; nothing is written.
            GuardRefused: the marker no longer holds.
            GaveWay: another session waited for it for too long.
        """
        with self._transaction() as connection, self._watched(connection):
            guard.recheck(connection, self.profile)
            lock.join(connection, self.dataset, self.lease)
            yield connection

    @contextmanager
    def _transaction(self, *, scratch: bool = False) -> Iterator[Connection]:
        pooled = self.pool.connect()
        connection = cast(Connection, pooled.driver_connection)
        try:
            connection.isolation_level = MOMENT if scratch else STATEMENT
            with connection.transaction(force_rollback=scratch):
                yield connection
        except (psycopg.OperationalError, GaveWay):
            pooled.invalidate()  # a retry gets a new connection
            raise
        finally:
            pooled.close()

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        pid = self._pin(connection)
        name = connection.info.parameter_status("application_name") or ""
        with watch.watched(self.address, name, self.profile.limits, pid):
            yield

    def _pin(self, connection: Connection) -> int:
        """Set what holds for this transaction; returns its backend."""
        limits = self.profile.limits
        pinned = {
            **_PINNED,
            "lock_timeout": f"{limits.lock}s",
            "statement_timeout": f"{limits.statement}s",
        }
        calls = ", ".join("set_config(%s, %s, true)" for _ in pinned)
        # A pooler makes up the process that libpq knows: only the server names the real one.
        row = connection.execute(
            f"SELECT pg_backend_pid(), {_BOUND}, {_PATH}, {calls}",  # placeholders only
            [value for pair in pinned.items() for value in pair],
        ).fetchone()
        pid, bound = row[:2] if row else (0, False)
        # With it off the server refuses also the tables whose policies hide nothing.
        if bound and reach.policies_serve(connection, self.tables, self.reads):
            connection.execute("SET LOCAL row_security = on")
        return int(pid)
