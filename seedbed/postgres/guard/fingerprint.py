"""The size of the managed tables: how the guard notices that other data has moved in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg import sql

from seedbed.postgres.guard.reach import FOUND, AnyConnection, parted
from seedbed.postgres.ownership import identifier

GROWN_TIMES = 10
GROWN_ROWS = 10_000
"""A table is suspicious when it is over 10 times larger *and* over 10,000 rows more."""

_ESTIMATES = sql.SQL("""
    SELECT t.asked, greatest(c.reltuples::bigint, 0) AS rows,
           (c.reltuples < 0 OR c.relpages = 0
              AND (c.relkind = 'p' OR pg_catalog.pg_relation_size(c.oid) > 0))
           AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS unknown
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS t(asked, schema, name) {found}
""").format(found=FOUND)

_READABLE = """
    SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'seedbed' AND c.relname = 'runs'
      AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
"""


def count_rows(
    connection: AnyConnection, tables: Sequence[str], limits: Mapping[str, int] | None = None
) -> dict[str, int]:
    """About how many rows each table has; a table that does not exist is left out.

    The planner's estimate; where a table was never analysed its rows are counted, at most up
    to one more than the table's entry in `limits`, if the role may read them.
    """
    found: dict[str, int] = {}
    estimates = connection.execute(_ESTIMATES, (list(tables), *parted(tables)))
    for name, rows, unknown in estimates.fetchall():
        found[name] = rows
        if unknown:
            count = sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT %s) AS some_rows")
            limit = limits[name] + 1 if limits else None
            row = connection.execute(count.format(identifier(name)), (limit,)).fetchone()
            assert row is not None  # an aggregate without GROUP BY
            found[name] = row[0]
    return found


def recorded(connection: AnyConnection, since: datetime | None) -> int:
    """How many rows more our own runs have left in the database since then; never below 0.

    0 also where no run is recorded, or this role may not read of it.
    """
    if since is None or connection.execute(_READABLE).fetchone() is None:
        return 0
    row = connection.execute(
        "SELECT greatest(coalesce(sum(added - removed), 0), 0)::int8 FROM seedbed.runs"
        " WHERE finished > %s",
        (since,),
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY
    return int(row[0])


def grown(
    connection: AnyConnection, tables: Sequence[str], marked: Mapping[str, int], ours: int
) -> dict[str, tuple[int, int]]:
    """The tables that are suspiciously larger than when marked: rows then and now.

    `ours` rows were added by us since, nobody knows to which table: each may have them all.
    """
    limits = {name: _limit(marked.get(name, 0)) + ours for name in tables}
    now = count_rows(connection, tables, limits)
    return {name: (marked.get(name, 0), rows) for name, rows in now.items() if rows > limits[name]}


def _limit(rows: int) -> int:
    """The most rows that are not suspicious."""
    return max(rows * GROWN_TIMES, rows + GROWN_ROWS)
