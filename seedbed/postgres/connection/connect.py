"""Open connections: by keywords, with a time limit, and with patience where it can help."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import Wait
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool, QueuePool

from seedbed.declare.errors import SeedbedError
from seedbed.engine.settings import Limits
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connecting import ConnectFailure, connect_failure
from seedbed.postgres.connection.errors import (
    READ_ONLY,
    NotPostgres,
    ReadOnlyServer,
    ReadOnlySetting,
    StartingUp,
    TooOld,
)
from seedbed.postgres.connection.failures import Silent, passing, sentence
from seedbed.postgres.connection.redact import register_secret

__all__ = ["connect", "passing", "pool", "sentence", "session"]

OLDEST = 14_00_00
"""PostgreSQL 14, as libpq numbers versions: the first with `client_connection_check_interval`."""

STARTUP_WAIT = 60.0
"""Seconds to wait for a server that says it is starting; crash recovery takes longer at times."""

PAUSE = 0.5
"""Seconds between two looks at a starting server, and the base of the retry delay."""

WAIT_FOR_TURN = 86_400.0
"""Seconds a step waits for one of the pool's connections: as long as the steps before it take."""

Value = TypeVar("Value")

_NETWORK: dict[str, str | int] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A dead network is noticed after a minute (30 s + 3 · 10 s), sending or waiting."""

GRACE = 10.0
"""Seconds beyond `limits.statement` after which a server that says nothing is given up."""

_NAME_BYTES = 63
"""PostgreSQL cuts application_name there and would warn."""


class Patient(psycopg.Connection[tuple[Any, ...]]):
    """A connection that does not wait for ever: what keeps it alive may swallow every answer.

    The server ends a statement after `limits.statement`, so that nobody who waits longer than
    that will hear of it. The network's own time-outs do not help where a proxy answers for it.
    """

    silence = STARTUP_WAIT + GRACE

    def wait(self, gen: PQGen[Value], *args: Any, **kwargs: Any) -> Value:
        """Run a generator on the connection; closes it after `silence` seconds without a byte.

        Most rows of a COPY are in the buffer already: those wait for nothing.
        """
        try:
            wanted = next(gen)
        except StopIteration as end:
            return cast(Value, end.value)
        return super().wait(self._heard(gen, wanted), *args, **kwargs)

    def _heard(self, gen: PQGen[Value], wanted: Wait) -> PQGen[Value]:
        heard = time.monotonic()
        try:
            while True:
                ready = yield wanted
                now = time.monotonic()
                heard = now if ready else heard
                if now - heard > self.silence:
                    gen.close()
                    self.close()
                    raise Silent(
                        f"the server did not answer for {self.silence:.0f} s; look at the network "
                        "and at what lies between, and run it again"
                    )
                wanted = gen.send(ready)
        except StopIteration as end:
            return cast(Value, end.value)


def connect(
    address: Address, application_name: str, limits: Limits, *, read_only: bool = False
) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection; with `read_only` its transactions cannot write, and a standby will do.

    Tries again when that can help: refused 3 times, too many connections 5 times, and for up
    to 60 seconds while the server starts. The password is registered for redaction.

    Raises:
        CannotConnect: one of its classes says why.
        ReadOnlyServer, ReadOnlySetting: nothing can be written, and `read_only` was not asked for.
    """
    if address.password:
        register_secret(address.password)
    keywords: dict[str, Any] = {
        "connect_timeout": limits.connect,
        **address.keywords(),
        **_NETWORK,
        "application_name": application_name.encode()[:_NAME_BYTES].decode(errors="ignore"),
        "client_encoding": "utf8",
        "target_session_attrs": "any" if read_only else "read-write",
    }
    started = time.monotonic()
    tries = 1
    while isinstance(outcome := _attempt(keywords), type):
        waited = time.monotonic() - started
        if outcome is StartingUp and waited < STARTUP_WAIT:
            time.sleep(PAUSE)
        elif tries < outcome.tries:
            time.sleep(_delay(tries))
            tries += 1
        elif outcome is ReadOnlyServer:
            raise _read_only(keywords, address)
        else:
            raise outcome(address)
    # A database's own default would hide, from a look after a lock, what came before the lock.
    outcome.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    outcome.read_only = read_only or None
    outcome.silence = limits.statement + GRACE
    return _postgres(outcome, address)


@contextmanager
def session(
    address: Address, application_name: str, limits: Limits, *, read_only: bool = False
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection for one transaction, which waits no longer than the profile's limits.

    Raises:
        CannotConnect, ReadOnlyServer, ReadOnlySetting: as `connect` does.
        SeedbedError: the sentence of a database error.
    """
    try:
        with connect(address, application_name, limits, read_only=read_only) as connection:
            connection.execute(
                "SELECT set_config('lock_timeout', %s, true),"
                " set_config('statement_timeout', %s, true)",
                (f"{limits.lock}s", f"{limits.statement}s"),
            )
            yield connection
    except psycopg.Error as error:
        raise SeedbedError(sentence(error)) from None


def _attempt(
    keywords: dict[str, Any],
) -> Patient | type[ConnectFailure]:
    """A connection, or the class of what went wrong."""
    try:
        return Patient.connect(prepare_threshold=None, **keywords)
    except psycopg.Error as error:
        return connect_failure(error)


def _read_only(keywords: dict[str, Any], address: Address) -> ReadOnlyServer | ReadOnlySetting:
    """What keeps a session from writing: libpq says the same of a standby and of a setting."""
    found = _attempt({**keywords, "target_session_attrs": "any"})
    if isinstance(found, type):
        return ReadOnlyServer(address)
    with found:
        row = found.execute(
            "SELECT source, session_user, current_database() FROM pg_settings"
            " WHERE name = %s AND setting = 'on' AND NOT pg_is_in_recovery()",
            (READ_ONLY,),
        ).fetchone()
    return ReadOnlySetting(address, *row) if row else ReadOnlyServer(address)


def _delay(tries: int) -> float:
    """Seconds until the next try: doubling, with half of it random."""
    longest = PAUSE * 2.0**tries
    return longest / 2 + random.uniform(0, longest / 2)


def _postgres(
    connection: psycopg.Connection[tuple[Any, ...]], address: Address
) -> psycopg.Connection[tuple[Any, ...]]:
    """The connection, if a PostgreSQL that we support is at its other end."""
    imitation = connection.pgconn.parameter_status(b"crdb_version") is not None
    if imitation or connection.info.server_version < OLDEST:
        connection.close()
        raise NotPostgres(address) if imitation else TooOld(address)
    return connection


def pool(address: Address, application_name: str, limits: Limits, workers: int) -> Pool:
    """A pool of at most `workers` connections, each opened by `connect`.

    Without an engine around it, which would ask the server questions of its own with the first
    connection, and hide in errors of its own what goes wrong with them.
    """

    def creator() -> DBAPIConnection:
        # What SQLAlchemy asks of a driver's connection, psycopg's has; only its types say no.
        return cast(DBAPIConnection, connect(address, application_name, limits))

    return QueuePool(creator, pool_size=workers, max_overflow=0, timeout=WAIT_FOR_TURN)
