"""Errors of postgres/guard: what went wrong, where, and what to do next."""

from __future__ import annotations

from seedbed.declare.errors import Refused, SeedbedError


class GuardRefused(Refused):
    """A layer did not pass; nothing was written."""


class NoTables(SeedbedError):
    """There is nothing to grant on."""

    def __init__(self, database: str) -> None:
        super().__init__(
            f"database {database!r} has none of the dataset's tables; create them first, "
            "or name another database"
        )


class NotOwner(Refused):
    """Marking needs the rights of the database's owner."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(
            f"database {database!r} can be marked by its owner only ({reason}); "
            "run this again as its owner"
        )


class NoIdentifier(Refused):
    """There is nothing that a marker could be bound to."""

    def __init__(self, database: str, role: str, remedy: str) -> None:
        super().__init__(
            f"database {database!r} cannot be marked: role {role!r} may not call "
            f"pg_control_system(); {remedy}"
        )
