"""Errors of postgres: what went wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import psycopg

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import Refused, SeedbedError, UsageError
from seedbed.engine.plan import told
from seedbed.postgres.connection.failures import sentence

if TYPE_CHECKING:
    from seedbed.declare.entity import Entity
    from seedbed.declare.reads import Table
    from seedbed.declare.update import Update
    from seedbed.engine.plan import Mismatch, Pin
    from seedbed.postgres.copy.encode import ColumnType
    from seedbed.postgres.shape import Fact


class RequiredCircle(SeedbedError):
    """Tables that require rows of each other."""

    def __init__(self, dataset: str, tables: list[str]) -> None:
        super().__init__(
            f"{dataset}: tables {' -> '.join(tables)} require rows of each other, so that none "
            "can be filled first; let one of the columns be NULL and fill it by an `update`. "
            "Nothing was written"
        )


class KindClaimed(Refused):
    """Another dataset owns the rows with such keys."""

    def __init__(self, dataset: str, entity: Entity, other: str) -> None:
        super().__init__(
            f"{dataset}: the keys {entity.key.scheme}… of {entity.table} (entity {entity.name!r}) "
            f"belong to dataset {other!r} in this database; give the entity's key another kind, or "
            f"run `seedbed reset {other} --confirm` first (nobody: the table was renamed, or "
            "search_path leads to another one)"
        )


class CountersOff(Refused):
    """Something can keep the server from counting what a transaction changes."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} switches track_counts off, by which seedbed sees what a transaction changed; "
            "nothing was written. Remove that setting, or let its owner do so"
        )


class Blocked(Refused):
    """Rows that are not ours depend on ours, and the run is strict."""

    def __init__(self, dataset: str, pins: Sequence[Pin]) -> None:
        listed = "; ".join(str(pin) for pin in pins)
        super().__init__(
            f"{dataset}: nothing was removed, because rows that are not ours depend on ours: "
            f"{listed}. Remove those first, or run without strict to keep what they need"
        )


class NoPartition(SeedbedError):
    """Rows for which the application has made no partition."""

    def __init__(self, entity: Entity, rows: int) -> None:
        super().__init__(
            f"{entity.name}: {rows} rows of {entity.table} fit none of its partitions; let the "
            "application make those that are missing. Nothing was touched"
        )


class Fenced(Refused):
    """The database did something else than what was planned; all of it was rolled back."""

    def __init__(self, did: str, differences: Sequence[str]) -> None:
        super().__init__(
            f"nothing was {did}: the transaction would have changed something else than planned "
            f"({'; '.join(differences)}); look for a trigger, a rule, a cascade or another session "
            "(rows that a trigger wrote and took back count, too). What a trigger may insert while "
            "rows are removed, side_effects in the profile says; which rows a trigger makes for "
            "ours, made_by_triggers"
        )


ROUNDS = 20
"""How often deferred triggers may call for more of themselves."""


class Unsettled(Refused):
    """Deferred triggers go on for ever."""

    def __init__(self) -> None:
        super().__init__(
            f"deferred triggers still change rows after they were called {ROUNDS} times; nothing "
            "of this step was kept. Look for a constraint trigger that calls for itself"
        )


ENCODING = "UTF8"


class OtherEncoding(Refused):
    """The database cannot hold every character."""

    def __init__(self, database: str, encoding: str) -> None:
        super().__init__(
            f"database {database!r} has the encoding {encoding}, and seedbed needs {ENCODING}; let "
            f"its owner make one with ENCODING '{ENCODING}' TEMPLATE template0 and restore into it"
        )


class KeyUnfit(Refused):
    """By a column nobody can tell our rows from others."""

    def __init__(self, found: Sequence[Mismatch]) -> None:
        super().__init__(
            f"{'; '.join(told(found))}. So nobody can tell our rows from those of others; nothing "
            "was written. Take the table's primary key"
        )


class NoRecord(Refused):
    """Schema `seedbed` is missing and this role may not make it."""

    def __init__(self) -> None:
        super().__init__(
            "schema seedbed, where runs are recorded, is missing or closed to this role; let the "
            "database's owner run what `seedbed grants` prints"
        )


_LATER = "ALTER TABLE seedbed.runs ADD COLUMN updated int8 NOT NULL DEFAULT 0"
"""For a table that an earlier version made."""


class EarlierRecord(Refused):
    """An earlier version made the table of runs, for another role."""

    def __init__(self) -> None:
        super().__init__(
            "table seedbed.runs was made by an earlier version; let its owner run "
            f"`{_LATER}`, then run again"
        )


class CannotLook(Refused):
    """Rows that point at ours may be hidden, so nobody can tell what depends on what."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"table {table} references seeded tables and this role cannot read all of it; nothing "
            "was removed. Let its owner run what `seedbed grants` prints, SELECT there, and where "
            "the table has row security BYPASSRLS or a policy"
        )


class SchemaMismatch(SeedbedError):
    """The application's schema is not what entities were declared for."""

    def __init__(self, found: Iterable[Mismatch]) -> None:
        super().__init__(f"{'; '.join(told(found))}; nothing was written")


class RenewalRefused(SeedbedError):
    """The database refused to bring a row to its declaration; nothing of the rebuild was kept."""

    def __init__(self, entity: Entity, columns: Sequence[ColumnType], error: psycopg.Error) -> None:
        names = ", ".join(column.name for column in columns)
        super().__init__(
            f"{entity.name}: {entity.table} refuses a change of {names}: {sentence(error)}; "
            "nothing of this was kept"
        )


class UpdateRefused(SeedbedError):
    """The database refused to change a row; nothing of its step was kept."""

    def __init__(self, update: Update, columns: Sequence[ColumnType], error: psycopg.Error) -> None:
        names = ", ".join(column.name for column in columns)
        super().__init__(
            f"{update.name}: {update.table} refuses a change of {names}: {sentence(error)}; "
            "nothing of this step was kept"
        )


class SchemaChanged(SeedbedError):
    """A migration came while the run was under way."""

    def __init__(self, table: str, about: str, then: Fact | None, now: Fact | None) -> None:
        was = f"was {then.said}" if then else "was not there"
        found = f"is {now.said}" if now else "is gone"
        super().__init__(
            f"table {table} was changed while the run was under way: {about} {was} and {found} "
            "now. Nothing of this step was kept; run it again"
        )


class PrerequisiteMissing(Refused):
    """Rows of the application that seeding builds on are not there."""

    def __init__(self, table: Table, column: str, absent: Iterable[str]) -> None:
        super().__init__(
            f"{table.table} lacks {', '.join(absent)} (by {column}); "
            "run the application's own migrations and main seed first"
        )


class CannotRead(SeedbedError):
    """The application's schema lacks something that a declaration reads."""

    def __init__(self, table: Table, columns: Iterable[str], problem: str = "") -> None:
        listed = ", ".join(map(repr, columns))
        missing = f"has no column {listed}" if listed else "does not exist or cannot be seen"
        self.table, self.problem = table, problem or missing
        super().__init__(f"{table.name}: table {table.table} {self.problem}; nothing was written")


class NoChecks(UsageError):
    """A dataset without checks proves nothing."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(
            f"dataset {dataset.name} has no checks in {_file(dataset)}; begin one with "
            "`-- name: every_…`, a line with its rule as a comment, and a SELECT of what breaks it"
        )


class BadCheck(UsageError):
    """A check that cannot be asked."""

    def __init__(self, dataset: Dataset, name: str, line: int, problem: str) -> None:
        super().__init__(f"check {name!r} of {dataset.name} {problem} ({_file(dataset)}:{line})")


def _file(dataset: Dataset) -> str:
    return "/".join([*dataset.folder.parts[-2:], "checks.sql"])
