"""Connecting: why a server was not reached, or turned the connection down.

psycopg gives no SQLSTATE when a connection fails, so the reason is read from libpq's text, which
never reaches an error of ours: it can show URLs.
"""

from __future__ import annotations

import re

import psycopg

from seedbed.postgres.connection.errors import (
    CannotConnect,
    EncryptionMismatch,
    LoginRefused,
    NoConnectRight,
    NoDatabase,
    NoEntry,
    NoSpace,
    NotPostgres,
    ReadOnlyServer,
    StartingUp,
    TimedOut,
    TooManyConnections,
    UnknownHost,
    Unreachable,
)

ConnectFailure = CannotConnect | ReadOnlyServer

_SIGNS: tuple[tuple[str, type[ConnectFailure]], ...] = (
    ("invalid response to SSL|expected authentication request|protocol version", NotPostgres),
    ("no pg_hba.conf entry|pg_hba.conf rejects", NoEntry),
    ("session is (read-only|not read-write)|in hot standby mode", ReadOnlyServer),
    (
        r"system is (starting up|shutting down|in recovery|not (yet )?accepting connections)",
        StartingUp,
    ),
    ("too many (clients|connections)|remaining connection slots|no more conn", TooManyConnections),
    ("No space left on device", NoSpace),
    ("permission denied for database", NoConnectRight),
    ("database .* (does not exist|is not currently accepting)|no such database", NoDatabase),
    ("authentication failed|no password supplied|role .* (does not|is not perm)", LoginRefused),
    ("Temporary failure in name", Unreachable),
    ("failed to resolve host|could not translate host name", UnknownHost),
    ("SSL|TLS|certificate|private key|encryption|channel binding", EncryptionMismatch),
    ("refused|reset by peer|closed the connection|No such file|unreachable|No route", Unreachable),
    ("timed out|timeout", TimedOut),
)
"""The first that matches counts. Server texts in another language end in `CannotConnect`."""


def connect_failure(error: psycopg.Error) -> type[ConnectFailure]:
    """Which failure libpq's text of a failed connection stands for."""
    text = str(error)
    return next((kind for sign, kind in _SIGNS if re.search(sign, text)), CannotConnect)
