"""What a database error means: its safe sentence, and whether trying again can help.

psycopg gives no SQLSTATE when a connection fails, so the reason is read from libpq's text.
That text and a server's DETAIL never reach an error of ours: they can show rows and URLs.
"""

from __future__ import annotations

import re

import psycopg
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from tasks.engine.errors import Refused, SeedbedError
from tasks.postgres.address import Address


class CannotConnect(SeedbedError):
    """The server was not reached, or turned the connection down."""

    passes = False
    tries = 1
    said = "the connection failed"
    remedy = "try the same address with psql, which shows the server's own message"

    def __init__(self, address: Address) -> None:
        super().__init__(f"{address}: {self.said}; {self.remedy}")


class Unreachable(CannotConnect):
    """Refused, reset or not listening."""

    passes = True
    tries = 3
    said = "the server does not accept connections there (3 tries)"
    remedy = "start it, or correct host and port"


class TimedOut(CannotConnect):
    """No answer in `limits.connect` seconds."""

    passes = True
    said = "the server did not answer in time"
    remedy = "check host, port and firewall, or raise limits.connect in the profile"


class StartingUp(CannotConnect):
    """The server starts, stops or recovers; `connect` waits up to 60 seconds."""

    passes = True
    said = "the server is still starting, stopping or recovering"
    remedy = "wait until it accepts connections and run this again"


class TooManyConnections(CannotConnect):
    """The server, the role or the pooler is at its limit."""

    passes = True
    tries = 5
    said = "too many connections are open (5 tries)"
    remedy = "close some, lower workers in the profile, or raise the limit"


class NoSpace(CannotConnect):
    """The server's disk is so full that it cannot even open a session."""

    said = "the server's disk is full"
    remedy = "make room and run this again"


class UnknownHost(CannotConnect):
    """The name does not resolve."""

    said = "the host's name does not resolve"
    remedy = "correct the host"


class LoginRefused(CannotConnect):
    """Wrong user or password, or no password at all."""

    said = "the server did not accept user and password"
    remedy = "correct them in the URL, or in the passfile"


class NoEntry(CannotConnect):
    """pg_hba.conf turns the combination of host, user, database and encryption down."""

    said = "the server's pg_hba.conf does not admit this client, user, database and encryption"
    remedy = "add an entry, or sslmode=require to the URL if the server wants encryption"


class NoDatabase(CannotConnect):
    """There is no such database, or it takes no connections."""

    said = "there is no such database, or it accepts no connections"
    remedy = "create it, or correct its name"


class NoConnectRight(CannotConnect):
    """The role lacks CONNECT."""

    said = "the role may not connect to this database"
    remedy = "let its owner run what `seedbed grants` prints"


class EncryptionMismatch(CannotConnect):
    """TLS settings of client and server do not fit."""

    said = "client and server do not agree on encryption (TLS)"
    remedy = "correct sslmode and sslrootcert in the URL"


class NotPostgres(CannotConnect):
    """Something else listens there."""

    said = "what answers there is not PostgreSQL"
    remedy = "correct host and port"


class TooOld(CannotConnect):
    """A server before version 13."""

    said = "the server is older than PostgreSQL 13"
    remedy = "use a newer server"


class ReadOnlyServer(Refused):
    """A standby, or a server that is set to read-only."""

    passes = True
    tries = 1

    def __init__(self, address: Address) -> None:
        said = "the server is a standby or read-only, and takes no writes"
        super().__init__(f"{address}: {said}; name the primary server")


class Silent(psycopg.OperationalError):
    """The server neither answers nor hangs up; the connection was closed from this side."""


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


_PASSING = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25006"})
_LOST = "the connection to the server was lost"


def passing(error: BaseException) -> bool:
    """Whether the whole transaction may succeed on a new connection."""
    if isinstance(error, CannotConnect | ReadOnlyServer):
        return error.passes
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate is None:
        return _broken(cause)
    return cause.sqlstate in _PASSING or cause.sqlstate.startswith("08")


def _broken(error: psycopg.Error) -> bool:
    """No SQLSTATE: the connection broke, or psycopg itself objects to how it is used."""
    if isinstance(error, psycopg.InterfaceError):
        return "connection is closed" in str(error)
    return isinstance(error, psycopg.OperationalError)


_SPEAKING = _PASSING | {"3F000", "42501", "42703", "42883", "42P01", "53100", "53200", "57014"}
"""SQLSTATEs whose message names objects and settings, never a row's values."""

_LANGUAGES = ("pl_", "plpy", "plperl", "pltcl", "plv8")
"""Source files of the languages in which an application's triggers raise errors of their own."""


_REMEDIES = {
    "53100": "the server's disk is full; make room and run it again",
    "55P03": "another session holds the lock; wait for its end, or raise limits.lock in the "
    "profile",
    "57014": "raise limits.statement in the profile, or look for a foreign key without an index "
    "(`seedbed plan` names them)",
}
"""What to do next, for the errors of which that is known."""


def sentence(error: psycopg.Error | DBAPIError) -> str:
    """One sentence on a database error, without the values of any row.

    Names the error, its SQLSTATE, constraint, table and column. The server's own message is
    added only for errors that show no values, and not when a trigger or function raised it.
    """
    if isinstance(error, DBAPIError):
        return sentence(error.orig) if isinstance(error.orig, psycopg.Error) else _LOST
    if isinstance(error, Silent):
        return str(error)
    if error.sqlstate is None:
        return _LOST if _broken(error) else f"psycopg refused the call: {type(error).__name__}"
    diag = error.diag
    parts = [f"{_name(error.sqlstate)} (SQLSTATE {error.sqlstate})"]
    if diag.constraint_name:
        parts.append(f"constraint {diag.constraint_name}")
    if diag.table_name:
        parts.append(f"table {diag.schema_name}.{diag.table_name}")
    if diag.column_name:
        parts.append(f"column {diag.column_name}")
    text = ", ".join(parts)
    from_server = diag.source_file and not diag.source_file.startswith(_LANGUAGES)
    if error.sqlstate in _SPEAKING and from_server and diag.message_primary:
        text = f"{text}: {diag.message_primary}"
    return f"{text}; {remedy}" if (remedy := _REMEDIES.get(error.sqlstate)) else text


def _name(sqlstate: str) -> str:
    """PostgreSQL's name of a SQLSTATE, such as UniqueViolation."""
    try:
        return errors.lookup(sqlstate).__name__
    except KeyError:
        return "error"
