"""The size of the managed tables: how the guard notices that other data has moved in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

AnyConnection = psycopg.Connection[Any]

GROWN_TIMES = 10
GROWN_ROWS = 10_000
"""A table is suspicious when it is over 10 times larger *and* over 10,000 rows more."""

_ESTIMATES = """
    SELECT t.name, c.reltuples::bigint AS rows,
           c.reltuples < 0 OR c.relpages = 0
             AND (c.relkind = 'p' OR pg_catalog.pg_relation_size(c.oid) > 0) AS unknown
    FROM unnest(%s::text[], %s::text[]) AS t(name, quoted)
    JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(t.quoted)
"""


def identifier(table: str) -> sql.Identifier:
    """The quoted form of "orders" or "schema.orders"."""
    return sql.Identifier(*table.split("."))


def count_rows(
    connection: AnyConnection, tables: Sequence[str], limits: Mapping[str, int] | None = None
) -> dict[str, int]:
    """About how many rows each table has; a table that does not exist is left out.

    The planner's estimate; where a table was never analysed its rows are counted, at most up
    to one more than the table's entry in `limits`.
    """
    quoted = [identifier(table).as_string(connection) for table in tables]
    found: dict[str, int] = {}
    for name, rows, unknown in connection.execute(_ESTIMATES, (list(tables), quoted)).fetchall():
        found[name] = rows
        if unknown:
            count = sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT %s) AS some_rows")
            limit = limits[name] + 1 if limits else None
            row = connection.execute(count.format(identifier(name)), (limit,)).fetchone()
            assert row is not None  # an aggregate without GROUP BY
            found[name] = row[0]
    return found


def grown(
    connection: AnyConnection, tables: Sequence[str], marked: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """The tables that are suspiciously larger than when marked: rows then and now."""
    limits = {name: _limit(marked.get(name, 0)) for name in tables}
    now = count_rows(connection, tables, limits)
    return {name: (marked.get(name, 0), rows) for name, rows in now.items() if rows > limits[name]}


def _limit(rows: int) -> int:
    """The most rows that are not suspicious."""
    return max(rows * GROWN_TIMES, rows + GROWN_ROWS)
