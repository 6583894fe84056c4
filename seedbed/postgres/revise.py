"""Revise: the rows that an update has still to change, and changing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from seedbed.declare.update import Update
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from seedbed.postgres.compare import differs, holds
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.connection.failures import passing
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.copy.load import copy
from seedbed.postgres.errors import UpdateRefused
from seedbed.postgres.ownership import identifier

_SHALL = "seedbed_shall"


@dataclass(frozen=True)
class Pending:
    """Rows of the target, those of them that are there, and those that have to change."""

    target: int = 0
    present: int = 0
    changing: int = 0

    def __add__(self, other: Pending) -> Pending:
        return Pending(
            self.target + other.target,
            self.present + other.present,
            self.changing + other.changing,
        )


def pending(
    connection: Connection, update: Update, run: Run, columns: tuple[ColumnType, ...], size: int
) -> Pending:
    """What the update would find. It takes a temporary table: call it in a scratch transaction."""
    found = Pending()
    if len(columns) == 1:  # none of its columns is declared in this run
        return found
    query = sql.SQL(
        "SELECT count(*), count(*) FILTER (WHERE {due}) FROM {shall} AS shall "
        "JOIN {table} AS own USING ({key})"
    ).format(
        due=_due(update, columns),
        shall=sql.Identifier(_SHALL),
        table=identifier(update.table),
        key=sql.Identifier(update.of.key.column),
    )
    with _table(connection, update, columns):
        for rows in _laid(connection, update, run, columns, size):
            present, changing = connection.execute(query).fetchone() or (0, 0)
            found += Pending(len(rows), present, changing)
    return found


def revise(
    connection: Connection, update: Update, run: Run, columns: tuple[ColumnType, ...], size: int
) -> Pending:
    """Change the rows that have to; returns what was there before.

    One statement a chunk, which leaves every other row alone: its version stays, and no
    trigger of the application fires for it.

    Raises:
        UpdateRefused: a constraint or a trigger objects.
    """
    found = Pending()
    if len(columns) == 1:
        return found
    statement = sql.SQL(
        "UPDATE {table} AS own SET {set} FROM {shall} AS shall "
        "WHERE own.{key} = shall.{key} AND {due}"
    ).format(
        table=identifier(update.table),
        set=sql.SQL(", ").join(
            sql.SQL("{c} = shall.{c}").format(c=sql.Identifier(column.name))
            for column in columns[1:]
        ),
        shall=sql.Identifier(_SHALL),
        key=sql.Identifier(update.of.key.column),
        due=_due(update, columns),
    )
    there = sql.SQL("SELECT count(*) FROM {shall} JOIN {table} USING ({key})").format(
        shall=sql.Identifier(_SHALL),
        table=identifier(update.table),
        key=sql.Identifier(update.of.key.column),
    )
    with _table(connection, update, columns):
        for rows in _laid(connection, update, run, columns, size):
            try:
                changed = connection.execute(statement).rowcount
            except psycopg.Error as error:
                if passing(error):
                    raise
                raise UpdateRefused(update, columns[1:], error) from None
            (present,) = connection.execute(there).fetchone() or (0,)
            found += Pending(len(rows), present, changed)
    return found


@contextmanager
def _table(
    connection: Connection, update: Update, columns: tuple[ColumnType, ...]
) -> Iterator[None]:
    """The temporary table of what the rows shall hold, while the block runs."""
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    connection.execute(
        sql.SQL(
            "CREATE TEMP TABLE {shall} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"
        ).format(shall=sql.Identifier(_SHALL), names=names, table=identifier(update.table))
    )
    yield
    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(_SHALL)))


def _laid(
    connection: Connection, update: Update, run: Run, columns: tuple[ColumnType, ...], size: int
) -> Iterator[Rows]:
    """The target chunk by chunk, each laid into the temporary table."""
    for rows in chunks(update.of, run, size):
        copy(
            connection,
            update.of,
            columns,
            [rows],
            ahead=False,
            into=_SHALL,
            values=update.columns,
        )
        yield rows
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(_SHALL)))


def _due(update: Update, columns: tuple[ColumnType, ...]) -> sql.Composed:
    """True where a column differs from what it shall be, and all hold what they were staged with.

    A staged column that has been settled, or that a person wrote, no longer holds that.
    """
    changed = [differs(column, "own", "shall") for column in columns[1:]]
    held = [
        holds(column, "own", update.held[column.name])
        for column in columns[1:]
        if column.name in update.held
    ]
    return sql.SQL(" AND ").join([sql.SQL("({})").format(sql.SQL(" OR ").join(changed)), *held])
