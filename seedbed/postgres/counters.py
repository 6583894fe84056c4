"""Counters: what the server itself knows of what a transaction has done to every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import CountersOff
from seedbed.postgres.ownership import identifier

_COUNTERS = """
    WITH RECURSIVE named(name, relid) AS (
        SELECT name, to_regclass(quoted)::oid
        FROM unnest(%s::text[], %s::text[]) AS t(name, quoted)),
    managed(name, relid) AS (
        SELECT name, relid FROM named
        UNION
        SELECT m.name, i.inhrelid FROM managed m JOIN pg_catalog.pg_inherits i
            ON i.inhparent = m.relid AND i.inhrelid NOT IN (SELECT relid FROM named))
    SELECT coalesce(min(m.name), min(s.schemaname || '.' || s.relname)), m.relid IS NOT NULL,
           min(format('%%I.%%I', s.schemaname, s.relname)),
           sum(s.n_tup_ins)::int8, sum(s.n_tup_upd)::int8, sum(s.n_tup_del)::int8
    FROM pg_catalog.pg_stat_xact_all_tables s LEFT JOIN managed m USING (relid)
    WHERE s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
      AND (s.schemaname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
           OR s.relname LIKE 'pg\\_largeobject%%')
    GROUP BY coalesce(m.name, s.relid::text), 2
"""
"""By the dataset's name of a table, or by schema and name; partitions count for their table. Large
objects are rows of the application, too."""

_LOCKED = """
    SELECT l.relation::int8, coalesce(n.nspname || '.' || c.relname, 'a table that is gone'),
           l.mode = 'AccessExclusiveLock', c.relkind::text, c.relfilenode::int8
    FROM pg_catalog.pg_locks l
    LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      AND (l.mode = 'AccessExclusiveLock' AND n.nspname !~ '^pg_(toast_)?temp'
           OR l.mode = 'AccessExclusiveLock' AND c.oid IS NULL
           OR l.mode = 'RowExclusiveLock' AND c.relkind = 'f')
"""

_TEMPORARY = """
    SELECT c.relname::text
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND t.tgdeferrable
    ORDER BY 1 LIMIT 1
"""
"""TRUNCATE takes counters of a temporary table back, so that what is deferred there goes unseen."""

_SILENCING = """
    SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND (p.proconfig::text ILIKE '%track_counts%' OR p.prosrc ILIKE '%track_counts%')
    ORDER BY 1 LIMIT 1
"""

_AWAY = """
    SELECT DISTINCT t.tgrelid::regclass::text, p.oid::regprocedure::text,
           coalesce((SELECT min(c.oid::regclass::text) FROM pg_catalog.pg_class c
                     WHERE c.relkind = 'f' AND position(c.relname IN p.prosrc) > 0), 'dblink')
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgrelid = ANY(%s::oid[]) AND (
        p.prosrc ILIKE '%%dblink%%' OR EXISTS (
            SELECT FROM pg_catalog.pg_class c
            WHERE c.relkind = 'f' AND position(c.relname IN p.prosrc) > 0))
    ORDER BY 1, 2
"""


@dataclass(frozen=True, order=True)
class Touched:
    """A table: the dataset's name of it, or schema and name; and how a statement writes it."""

    name: str
    managed: bool
    quoted: str = field(compare=False)


Counts = Counter[tuple[Touched, str]]
"""Rows by table and what was done to them: inserted, updated, deleted."""


class Locked(NamedTuple):
    """A lock of ours that excludes everybody, or one for writing to a foreign table."""

    oid: int
    name: str
    exclusive: bool
    kind: str | None
    file: int | None
    """The number of the file with its rows, another one after TRUNCATE; None: it is gone."""


def counts(connection: Connection, tables: Sequence[str]) -> Counts:
    """Rows that the transaction has inserted, updated and deleted so far, by table.

    `tables` are called by the names given; what happens in their partitions and in tables that
    inherit from them counts for them.
    """
    quoted = [identifier(table).as_string(connection) for table in tables]
    found: Counts = Counter()
    for name, managed, written, *rows in connection.execute(_COUNTERS, (list(tables), quoted)):
        for did, number in zip(("inserted", "updated", "deleted"), rows, strict=True):
            found[Touched(name, managed, written), did] = number
    return found


def locked(connection: Connection) -> list[Locked]:
    """What no counter counts, by its lock: tables emptied or dropped, foreign tables written to."""
    return [Locked(*row) for row in connection.execute(_LOCKED)]


def deferring(connection: Connection) -> str | None:
    """A temporary table of this session with deferrable triggers, if there is one."""
    row = connection.execute(_TEMPORARY).fetchone()
    return row[0] if row else None


def require_counting(connection: Connection) -> None:
    """See that the server counts.

    Raises:
        CountersOff: something has switched it off.
    """
    counting = connection.execute("SELECT current_setting('track_counts')").fetchone()
    if counting is None or counting[0] != "on":
        raise CountersOff("a function that this transaction called")


def require_counters(connection: Connection) -> None:
    """Refuse a database in which a function switches the counting of rows off.

    Raises:
        CountersOff: there is one.
    """
    found = connection.execute(_SILENCING).fetchone()
    if found is not None:
        raise CountersOff(f"function {found[0]}")


def away(connection: Connection, tables: Sequence[int]) -> tuple[str, ...]:
    """Triggers of tables (by oid) that speak of other databases, a sentence each."""
    return tuple(
        f"a trigger of {table} calls {function}, which names {what}: what it does in another "
        "database is not seen, and not taken back"
        if what == "dblink"
        else f"a trigger of {table} calls {function}, which names the foreign table {what}: if it "
        "writes there, the step is undone"
        for table, function, what in connection.execute(_AWAY, (list(tables),))
    )
