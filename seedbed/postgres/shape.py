"""Shape: what of a table decides how its rows are written, and that it stays so meanwhile.

A lock keeps the table's columns and constraints as they are; it does not keep an enum's labels or a
domain's checks. So a writing transaction locks first, then compares with what the run was prepared
for, and compares again before its COMMIT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from psycopg import sql

from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import SchemaChanged
from seedbed.postgres.ownership import identifier


class Fact(NamedTuple):
    """What is so, in words, and what of it rows are encoded for: all of it has to stay."""

    said: str
    encoded: tuple[str, ...]


Shape: TypeAlias = Mapping[str, Fact]
"""Facts by what they are about, such as "column quantity": "integer, required"."""

_FACTS = """
    WITH RECURSIVE tables(name, relid) AS (
        SELECT name, quoted::regclass FROM unnest(%s::text[], %s::text[]) AS t(name, quoted)),
    columns AS (
        SELECT t.name, a.attname, a.atttypid, format('%%s (type %%s)%%s%%s%%s',
                   format_type(a.atttypid, a.atttypmod), a.atttypid,
                   CASE WHEN a.attnotnull THEN ', required' ELSE '' END,
                   CASE WHEN a.attgenerated <> '' THEN ', generated' ELSE '' END,
                   CASE WHEN a.attidentity <> '' THEN ', identity' ELSE '' END) AS fact
        FROM tables t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.relid
        WHERE a.attnum > 0 AND NOT a.attisdropped),
    types(name, oid) AS (
        SELECT name, atttypid FROM columns
        UNION
        SELECT types.name, below.oid FROM types
        JOIN pg_catalog.pg_type t ON t.oid = types.oid
        CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) AS below(oid)
        WHERE below.oid <> 0)
    SELECT name, 'column ' || attname, fact, ARRAY[atttypid::text] FROM columns
    UNION ALL
    SELECT types.name, 'type ' || e.enumtypid::regtype,
           string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder), array_agg(e.enumlabel::text)
    FROM pg_catalog.pg_enum e JOIN types ON types.oid = e.enumtypid
    GROUP BY types.name, e.enumtypid
    UNION ALL
    SELECT t.name, 'constraint ' || c.conname, pg_get_constraintdef(c.oid), '{}'
    FROM pg_catalog.pg_constraint c JOIN tables t ON t.relid = c.conrelid
    UNION ALL
    SELECT types.name, 'constraint ' || c.conname, pg_get_constraintdef(c.oid), '{}'
    FROM pg_catalog.pg_constraint c JOIN types ON types.oid = c.contypid
    WHERE c.contypid <> 0
"""


def shapes(connection: Connection, tables: Sequence[str]) -> dict[str, Shape]:
    """Columns, enum labels, and constraints of tables and of their columns' domains."""
    quoted = [identifier(table).as_string(connection) for table in tables]
    found: dict[str, dict[str, Fact]] = {table: {} for table in tables}
    if tables:
        for table, about, said, encoded in connection.execute(_FACTS, (list(tables), quoted)):
            found[table][about] = Fact(said, tuple(encoded))
    return dict(found)


def hold(connection: Connection, tables: Sequence[str]) -> None:
    """Lock tables against migrations until the transaction ends; others go on reading and writing.

    It is the lock that their rows are written under anyway, taken before anything is looked at.
    """
    if tables:
        connection.execute(
            sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(
                sql.SQL(", ").join(identifier(table) for table in tables)
            )
        )


def require(
    connection: Connection, tables: Sequence[str], prepared: Mapping[str, Shape]
) -> dict[str, Shape]:
    """The shapes of tables, which still are what rows were prepared for.

    A migration that leaves the types of columns and the labels of enums in place may have passed:
    another column, a wider one, one more label. The server itself looks after constraints.

    Raises:
        SchemaChanged: a column's type is another one now, or a label is gone.
    """
    there = shapes(connection, tables)
    for table, now in there.items():
        for about, then in prepared.get(table, {}).items():
            found = now.get(about)
            if then.encoded and not (found and set(then.encoded) <= set(found.encoded)):
                raise SchemaChanged(table, about, then, found)
    return there


def require_same(connection: Connection, then: Mapping[str, Shape]) -> None:
    """See that tables have still the shapes that they had.

    Raises:
        SchemaChanged: one of them is something else now.
    """
    there = shapes(connection, list(then))
    for table, shaped in then.items():
        now = there[table]
        for about in dict.fromkeys([*shaped, *now]):
            if shaped.get(about) != now.get(about):
                raise SchemaChanged(table, about, shaped.get(about), now.get(about))
