"""Counters: what the server itself knows of what a transaction has done to every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import CountersOff
from seedbed.postgres.ownership import identifier

_SEEN = """
    SELECT pg_catalog.current_setting('track_counts'), pg_catalog.current_setting('search_path'),
           c.oid::int8, x.inserted, x.updated, x.deleted
    FROM (SELECT) AS always LEFT JOIN (
        pg_catalog.pg_class c CROSS JOIN LATERAL (
            SELECT pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) AS inserted,
                   pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS updated,
                   pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS deleted) x)
    ON x.inserted + x.updated + x.deleted > 0 AND c.relkind IN ('r', 'm', 'p')
       AND (c.relnamespace NOT IN (
                'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
            OR c.relname LIKE 'pg\\_largeobject%')
"""
"""Of tables by oid: names cost several times as much, and are asked for once, at the end. Large
objects are rows of the application, too."""

_TOUCHED = """
    WITH RECURSIVE named(name, relid) AS (
        SELECT name, to_regclass(quoted)::oid
        FROM unnest(%s::text[], %s::text[]) AS t(name, quoted)),
    managed(name, relid) AS (
        SELECT name, relid FROM named
        UNION
        SELECT m.name, i.inhrelid FROM managed m JOIN pg_catalog.pg_inherits i
            ON i.inhparent = m.relid AND i.inhrelid NOT IN (SELECT relid FROM named))
    SELECT c.oid::int8, coalesce(m.name, n.nspname || '.' || c.relname), m.relid IS NOT NULL,
           format('%%I.%%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN managed m ON m.relid = c.oid
    WHERE c.oid = ANY(%s::oid[])
"""
"""The dataset's name of a table, or schema and name; partitions and heirs have their table's."""

_UNSEEN = """
    SELECT (SELECT min(c.relname::text)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
            WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND t.tgdeferrable),
           l.relation::int8, coalesce(n.nspname || '.' || c.relname, 'a table that is gone'),
           l.mode = 'AccessExclusiveLock', c.relkind::text, c.relfilenode::int8
    FROM (SELECT) AS always LEFT JOIN (
        pg_catalog.pg_locks l
        LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
    ON l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.database = (
           SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
       AND (l.mode = 'AccessExclusiveLock' AND n.nspname !~ '^pg_(toast_)?temp'
            OR l.mode = 'AccessExclusiveLock' AND c.oid IS NULL
            OR l.mode = 'RowExclusiveLock' AND c.relkind = 'f')
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


class Seen(NamedTuple):
    """What a transaction has done so far, and whether that can be told."""

    counting: bool
    """Whether the server counts."""
    path: str
    """Where names lead to: `search_path`."""
    rows: Mapping[int, tuple[int, int, int]]
    """Inserted, updated and deleted, by the table's oid."""


NONE = (0, 0, 0)


class Locked(NamedTuple):
    """A lock of ours that excludes everybody, or one for writing to a foreign table."""

    oid: int
    name: str
    exclusive: bool
    kind: str | None
    file: int | None
    """The number of the file with its rows, another one after TRUNCATE; None: it is gone."""


class Unseen(NamedTuple):
    """What no counter counts."""

    deferring: str | None
    """A temporary table of this session with deferrable triggers, if there is one."""
    locks: tuple[Locked, ...]
    """Tables emptied or dropped, and foreign tables written to, by their locks."""


def seen(connection: Connection) -> Seen:
    """What the transaction has done so far."""
    found = connection.execute(_SEEN).fetchall()
    counting, path = found[0][:2]
    rows = {oid: (ins, upd, gone) for _, _, oid, ins, upd, gone in found if oid is not None}
    return Seen(counting == "on", path, rows)


def counts(connection: Connection, tables: Sequence[str], before: Seen, now: Seen) -> Counts:
    """Rows that were inserted, updated and deleted between two looks, by table.

    `tables` are called by the names given; what happens in their partitions and in tables that
    inherit from them counts for them.
    """
    done: dict[int, list[int]] = {}
    for oid in now.rows.keys() | before.rows.keys():
        then, since = before.rows.get(oid, NONE), now.rows.get(oid, NONE)
        if since != then:
            done[oid] = [more - less for more, less in zip(since, then, strict=True)]
    found: Counts = Counter()
    if not done:
        return found
    quoted = [identifier(table).as_string(connection) for table in tables]
    named = connection.execute(_TOUCHED, (list(tables), quoted, list(done)))
    for oid, name, managed, written in named:
        for did, number in zip(("inserted", "updated", "deleted"), done[oid], strict=True):
            found[Touched(name, managed, written), did] += number
    return found


def unseen(connection: Connection) -> Unseen:
    """What no counter counts."""
    found = connection.execute(_UNSEEN).fetchall()
    locks = tuple(Locked(*row) for _, *row in found if row[0] is not None)
    return Unseen(found[0][0], locks)


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
