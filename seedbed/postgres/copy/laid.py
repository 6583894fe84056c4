"""Laid: rows on their way into a table whose row security keeps COPY out.

PostgreSQL refuses COPY FROM into a table whose policies are for the role, also where they let
every row pass (seedbed/postgres/guard/reach.py): such rows are laid into a temporary table first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psycopg
from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.declare.values import Columns
from seedbed.engine.rows import Rows
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy import load
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.ownership import identifier

_LAID = "seedbed_laid"


def add(
    connection: Connection,
    entity: Entity,
    columns: tuple[ColumnType, ...],
    gap: Iterable[Rows],
    progress: Callable[[int], None] = lambda rows: None,
    *,
    ahead: bool,
    values: Callable[[Rows], Columns] = Rows.inserted,
) -> int:
    """Add every chunk of the gap, by COPY where that is possible; otherwise as `load.copy`.

    Raises:
        RowRefused: a constraint, a trigger, a type or a policy objects.
    """
    goal = identifier(entity.table)
    bound = connection.execute(
        "SELECT row_security_active(%s::regclass)", (goal.as_string(connection),)
    ).fetchone()
    if bound is None or not bound[0]:
        return load.copy(connection, entity, columns, gap, progress, ahead=ahead, values=values)
    parts = {
        "laid": sql.Identifier(_LAID),
        "goal": goal,
        "columns": sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    }
    made = "CREATE TEMP TABLE {laid} ON COMMIT DROP AS SELECT {columns} FROM {goal} WITH NO DATA"
    move = sql.SQL(
        "INSERT INTO {goal} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {laid}"
    ).format(**parts)
    connection.execute(sql.SQL(made).format(**parts))
    stored = 0
    for rows in gap:
        load.copy(connection, entity, columns, [rows], ahead=False, into=_LAID, values=values)
        try:
            stored += connection.execute(move).rowcount
        except psycopg.errors.OperationalError:
            raise
        except psycopg.Error as error:
            raise RowRefused(entity, rows, error) from None
        connection.execute(sql.SQL("TRUNCATE {laid}").format(**parts))
        progress(len(rows))
    connection.execute(sql.SQL("DROP TABLE {laid}").format(**parts))
    return stored
