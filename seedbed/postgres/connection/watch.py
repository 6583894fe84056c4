"""Watch: a transaction of ours gives way when it keeps another session waiting.

A migration that waits for one of our locks makes everybody wait who comes after it. So when we
block anybody for longer than `limits.block` seconds our statement is cancelled, or our session
ended where no statement is under way: the transaction rolls back, and the step is tried again
later. A thread looks on a connection of its own, and only at transactions that take their time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from seedbed.declare.errors import SeedbedError
from seedbed.engine.settings import Limits
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import connect
from seedbed.postgres.connection.errors import GaveWay

HEAD_START = 0.5
"""Seconds after which a transaction is watched; most are over by then and cost no connection."""

POLL = 0.2
"""Seconds between two looks."""

CANCELS = 2
"""Looks at which a statement is cancelled. Between two statements there is none to cancel: after
that the session is ended."""

_BLOCKED = """
    SELECT l.pid, max(extract(epoch FROM
        clock_timestamp() - (to_jsonb(l) ->> 'waitstart')::timestamptz))::float8
    FROM pg_locks l
    WHERE NOT l.granted AND %(pid)s = ANY(pg_blocking_pids(l.pid)) AND NOT EXISTS (
        SELECT FROM pg_stat_activity a
        WHERE a.pid = l.pid AND a.application_name = current_setting('application_name'))
    GROUP BY 1
"""
"""Sessions that wait for us and for how long (from PostgreSQL 14 on), without those of this run.
pg_locks shows every role's."""


@contextmanager
def watched(address: Address, application: str, limits: Limits, pid: int) -> Iterator[None]:
    """Cancel what backend `pid` does when it blocks anybody for too long while the block runs.

    Raises:
        GaveWay: it was cancelled for that.
    """
    done, gave_way = threading.Event(), threading.Event()

    def look() -> None:
        # Without a connection to spare nobody is watched; limits.statement still holds.
        with suppress(SeedbedError, psycopg.Error):
            if not done.wait(HEAD_START):
                with connect(address, application, limits, read_only=True) as connection:
                    connection.autocommit = True  # it holds no snapshot between two looks
                    for looks in _overdue(connection, pid, limits.block, done):
                        gave_way.set()
                        end = "pg_cancel_backend" if looks < CANCELS else "pg_terminate_backend"
                        connection.execute(f"SELECT {end}(%s)", (pid,))  # of the two

    thread = threading.Thread(target=look, name="watch", daemon=True)
    thread.start()
    try:
        yield
    except psycopg.OperationalError:
        if gave_way.is_set():
            raise GaveWay(limits.block) from None
        raise
    finally:
        done.set()
        thread.join(1)  # so that no late cancel meets what comes after


def _overdue(
    connection: psycopg.Connection[tuple[Any, ...]],
    pid: int,
    patience: float,
    done: threading.Event,
) -> Iterator[int]:
    """Counts the looks, until `done`, at which somebody has waited for `pid` for too long."""
    looks = 0
    since: dict[int, float] = {}
    while not done.wait(POLL):
        now = time.monotonic()
        waiting = connection.execute(_BLOCKED, {"pid": pid}).fetchall()
        since = {one: since.get(one, now - (waited or 0.0)) for one, waited in waiting}
        if any(now - began >= patience for began in since.values()) and not done.is_set():
            yield looks
            looks += 1
