"""Dry: whether the database would take rows, found out beside their table.

A temporary table with the columns, types and checks of the real one takes them, so that an enum's
label that is gone, a value that is too long, a check or a partition that is missing is found before
anything is touched. What only rows beside each other can violate, it cannot find.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import tee

from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.engine.rows import Rows
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.copy.load import copy
from seedbed.postgres.errors import NoPartition
from seedbed.postgres.ownership import identifier

_TRIED = "seedbed_tried"

_REQUIRED = """
    SELECT attname::text FROM pg_catalog.pg_attribute
    WHERE attrelid = 'pg_temp.seedbed_tried'::regclass AND attnum > 0 AND attnotnull
"""

_PARTITIONS = """
    SELECT pg_catalog.pg_get_partition_constraintdef(t.relid)
    FROM pg_catalog.pg_partition_tree(%s::regclass) t WHERE t.isleaf AND t.level > 0
"""


def load(
    connection: Connection,
    entity: Entity,
    columns: Sequence[ColumnType],
    rows: Iterable[Rows],
) -> None:
    """Load rows into a table like the entity's, and drop it; call it in a scratch transaction.

    Raises:
        RowRefused: a type or a check objects.
        NoPartition: the table is partitioned, and some rows have no place.
    """
    tried, table = sql.Identifier(_TRIED), identifier(entity.table)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING CONSTRAINTS) ON COMMIT DROP").format(
            tried, table
        )
    )
    filled = {column.name for column in columns}
    for (name,) in connection.execute(_REQUIRED).fetchall():
        if name not in filled:  # the database fills it, by a default that would move sequences
            drop = sql.SQL("ALTER TABLE {} ALTER {} DROP NOT NULL")
            connection.execute(drop.format(tried, sql.Identifier(name)))
    first, second = tee(rows)
    ways = [(first, Rows.inserted)]
    if entity.staged:
        ways.append((second, Rows.declared))
    for some, values in ways:
        copy(connection, entity, tuple(columns), some, ahead=False, into=_TRIED, values=values)
    _require_partitions(connection, entity)
    connection.execute(sql.SQL("DROP TABLE {}").format(tried))


def _require_partitions(connection: Connection, entity: Entity) -> None:
    quoted = identifier(entity.table).as_string(connection)
    found = [row[0] for row in connection.execute(_PARTITIONS, (quoted,)).fetchall()]
    if not found or None in found:  # not partitioned, or a single partition that takes everything
        return
    fits = sql.SQL(" OR ").join(sql.SQL("({})").format(sql.SQL(one)) for one in found)
    row = connection.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE ({}) IS NOT TRUE").format(
            sql.Identifier(_TRIED), fits
        )
    ).fetchone()
    if row and row[0]:
        raise NoPartition(entity, int(row[0]))
