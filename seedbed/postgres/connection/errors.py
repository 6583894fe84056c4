"""Errors of postgres/connection: what went wrong, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedbed.declare.errors import Refused, SeedbedError

if TYPE_CHECKING:
    from seedbed.postgres.connection.address import Address


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
    """A server before version 14."""

    said = "the server is older than PostgreSQL 14"
    remedy = "use a newer server"


class ReadOnlyServer(Refused):
    """A standby; one may become the primary, so that another try can help."""

    passes = True
    tries = 1

    def __init__(self, address: Address) -> None:
        said = "the server is a standby, and takes no writes"
        super().__init__(f"{address}: {said}; name the primary server")


READ_ONLY = "default_transaction_read_only"


class ReadOnlySetting(Refused):
    """A setting keeps this role, this database or the whole server from writing."""

    def __init__(self, address: Address, source: str, user: str, database: str) -> None:
        role, base = (f'"{name.replace(chr(34), chr(34) * 2)}"' for name in (user, database))
        place, owner = {
            "user": (f"role {role}", f"ALTER ROLE {role}"),
            "database": (f"database {base}", f"ALTER DATABASE {base}"),
            "database user": (
                f"role {role} in database {base}",
                f"ALTER ROLE {role} IN DATABASE {base}",
            ),
            "global": ("every role", "ALTER ROLE ALL"),
        }.get(source, ("the whole server", "ALTER SYSTEM"))
        super().__init__(
            f"{address}: {READ_ONLY} is on for {place}, so that nothing can be written; unless "
            f"that is meant, let its owner run {owner} SET {READ_ONLY} = off",
        )


class LockBusy(Refused):
    """Another run of the dataset is active."""

    def __init__(self, dataset: str, holder: str, since: str) -> None:
        super().__init__(
            f"{dataset}: another run is active, {holder} since {since}; wait for its end, "
            "or stop it in the Prefect UI"
        )


class LeaseLost(Refused):
    """The run's lock broke off, so that another run may have started."""

    def __init__(self, dataset: str) -> None:
        super().__init__(
            f"{dataset}: the run's lock was lost with its connection; nothing more is written, "
            "run it again"
        )


class GaveWay(SeedbedError):
    """The transaction was rolled back in favour of a session that waited for it."""

    passes = True

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"another session waited longer than {seconds:g} s for a lock of this step, which was "
            "rolled back to let it pass; run it again when that session (a migration?) is done, "
            "or raise limits.block in the profile"
        )
