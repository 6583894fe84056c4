"""Drift: rows of ours that no longer hold what their declaration makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.declare.values import Columns
from seedbed.engine.report import Drift
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from seedbed.postgres.compare import edited
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.copy.load import copy
from seedbed.postgres.ownership import identifier
from seedbed.postgres.read import numbers

_MADE = "seedbed_made"


def drift(
    connection: Connection,
    entity: Entity,
    run: Run,
    columns: tuple[ColumnType, ...],
    size: int,
    *,
    values: Callable[[Rows], Columns] = Rows.declared,
) -> Drift | None:
    """Make the entity's present rows anew, in a temporary table, and compare.

    The server compares typed values, so that 1.0 equals 1.00 and the order of jsonb's keys
    does not count. No copy of the data is kept between runs. Columns that are not among
    `columns` are not compared; `values` says what the others hold.
    """
    left_out = {entity.key.column, *entity.stamped}
    compared = [column for column in columns if column.name not in left_out]
    rows, differing = 0, {column.name: 0 for column in compared}
    connection.execute(
        sql.SQL(
            "CREATE TEMP TABLE {made} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"
        ).format(
            made=sql.Identifier(_MADE),
            names=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
            table=identifier(entity.table),
        )
    )
    for target in chunks(entity, run, size):
        present = _present(connection, entity, target)
        if len(present):
            copy(
                connection,
                entity,
                columns,
                [present],
                ahead=False,
                into=_MADE,
                values=values,
            )
            found = connection.execute(_comparison(entity, compared)).fetchone() or (0,)
            rows += found[0]
            for column, count in zip(compared, found[1:], strict=True):
                differing[column.name] += count
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(_MADE)))
    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(_MADE)))
    if not rows:
        return None
    changed = tuple(name for name, count in differing.items() if count)
    return Drift(entity.name, entity.table, rows, changed, certain=not entity.grounded)


def _present(connection: Connection, entity: Entity, target: Rows) -> Rows:
    low, high = int(target.number.min()), int(target.number.max())
    held = np.isin(target.number, numbers(connection, entity, low, high))
    return target if held.all() else target.take(np.flatnonzero(held))


def _comparison(entity: Entity, columns: Sequence[ColumnType]) -> sql.Composed:
    """Counts differing rows, then differing values column by column."""
    tests = [edited(entity, column, "made") for column in columns]
    counts = [sql.SQL("count(*) FILTER (WHERE {})").format(test) for test in tests]
    return sql.SQL(
        "SELECT count(*) FILTER (WHERE {any}), {each} FROM {made} AS made "
        "JOIN {table} AS own USING ({key})"
    ).format(
        any=sql.SQL(" OR ").join(tests),
        each=sql.SQL(", ").join(counts),
        made=sql.Identifier(_MADE),
        table=identifier(entity.table),
        key=sql.Identifier(entity.key.column),
    )
