"""Lock: one run at a time for a dataset in a database.

The run holds a lease: an exclusive advisory lock in a transaction of its own, open from start
to end. Every writing transaction joins: it takes a second lock, shared, and sees that the
lease is still held. A new run takes the lease and then waits until no one holds the second
lock. So several steps of one run write side by side, and a run whose lease broke off cannot
write beside its successor. All locks end with their transactions, which a connection pooler
in transaction mode keeps whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from seedbed.engine.settings import Limits
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import connect
from seedbed.postgres.connection.errors import LeaseLost, LockBusy

LEASE = 0x5EED_0000
MEMBERS = LEASE + 1

_POLL_SECONDS = 0.2

Connection = psycopg.Connection[tuple[Any, ...]]

_HOLDER = """
    SELECT coalesce(nullif(a.application_name, ''), 'process ' || l.pid),
           coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'an unknown time')
    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid = %s::int8::oid AND l.objid = (hashtext(%s)::int8 & 4294967295)::oid
    LIMIT 1
"""


@contextmanager
def lease(address: Address, dataset: str, application: str, limits: Limits) -> Iterator[int]:
    """Hold the lock; yields the backend process that holds it.

    Raises:
        LockBusy: another run held it for longer than `limits.busy` seconds.
    """
    deadline = time.monotonic() + limits.busy
    with connect(address, application, limits) as connection:
        # Asked of the server: a pooler makes up the process that libpq knows.
        row = connection.execute(
            "SELECT pg_backend_pid(), set_config('idle_in_transaction_session_timeout', '0', true),"
            " set_config('tcp_keepalives_idle', '15', true),"
            " set_config('tcp_keepalives_interval', '5', true),"
            " set_config('tcp_keepalives_count', '3', true)"
        ).fetchone()
        holder = int(row[0]) if row else 0
        _acquire(connection, LEASE, dataset, deadline)
        with connect(address, application, limits) as other:
            _acquire(other, MEMBERS, dataset, deadline)
            other.rollback()
        try:
            yield holder
        finally:
            # Gone with its backend: then the steps have seen that the lease is lost.
            with suppress(psycopg.OperationalError):
                connection.rollback()


def _acquire(connection: Connection, lock: int, dataset: str, deadline: float) -> None:
    while True:
        row = connection.execute(
            "SELECT pg_try_advisory_xact_lock(%s::int4, hashtext(%s))", (lock, dataset)
        ).fetchone()
        if row and row[0]:
            return
        if time.monotonic() >= deadline:
            holder = connection.execute(_HOLDER, (lock, dataset)).fetchone()
            raise LockBusy(dataset, *(holder or ("a run that just ended", "a moment ago")))
        time.sleep(_POLL_SECONDS)


def join(connection: Connection, dataset: str, lease: int) -> None:
    """Tie the current transaction to the lease.

    Raises:
        LeaseLost: `lease` does not hold the lock any more.
    """
    row = connection.execute(
        """
        SELECT pg_advisory_xact_lock_shared(%(members)s::int4, hashtext(%(dataset)s)), EXISTS (
            SELECT FROM pg_locks l
            WHERE l.locktype = 'advisory' AND l.granted AND l.pid = %(pid)s
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.classid = %(lease)s::int8::oid AND l.mode = 'ExclusiveLock'
              AND l.objid = (hashtext(%(dataset)s)::int8 & 4294967295)::oid)
        """,
        {"members": MEMBERS, "lease": LEASE, "dataset": dataset, "pid": lease},
    ).fetchone()
    if row is None or not row[1]:
        raise LeaseLost(dataset)
