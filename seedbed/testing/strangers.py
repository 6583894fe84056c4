"""Strangers: rows that are not ours, made for any schema from its catalogue alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.keys import TextKey, UuidKey
from seedbed.testing.arrows import Arrow, entities_of, foreign_keys, keys
from seedbed.testing.cluster import Connection
from seedbed.testing.columns import VARIED, columns, something
from seedbed.testing.contents import identifier, qualified

Row = dict[str, str | None]
"""A row's columns as text, which every type can be written and read as."""


@dataclass(frozen=True)
class Stranger:
    """A row that was put in, and the owned row that it points at."""

    table: str
    place: str
    """Its ctid."""
    needs: str
    """The key of the owned row."""


def attach(
    connection: Connection, dataset: Dataset, tie: Arrow, draw: random.Random
) -> Stranger | None:
    """Insert a row that is not ours and points at one of ours along the arrow.

    A copy of one of our rows under a key that only looks like ours, or, in a table that we do
    not write, a row with something in every column that needs something. None where nothing
    of ours can be pointed at, or the pointing column is our key itself.
    """
    entities = entities_of(dataset, tie.child)
    if entities and entities[0].key.column in tie.columns:
        return None
    aims = keys(connection, dataset, tie.parent)
    if not aims:
        return None
    needs = draw.choice(aims)
    row = copied(connection, dataset, tie.child, draw) or _invented(connection, tie.child, draw)
    if entities:
        row[entities[0].key.column] = near_key(entities[0], draw)
        _stand(connection, dataset, tie.child, row, draw)
    row.update(_targets(connection, dataset, tie, needs))
    _make_room(connection, tie.child, row, tie.columns, draw)
    return Stranger(tie.child, insert(connection, tie.child, row), str(needs))


def detach(connection: Connection, stranger: Stranger) -> None:
    """Take the row out again, and nothing else."""
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE ctid = %s::tid").format(identifier(stranger.table)),
            (stranger.place,),
        )


def insert_as_the_application(
    connection: Connection, dataset: Dataset, table: str, draw: random.Random
) -> None:
    """Insert one more row like ours; the key comes from the column's default if it has one."""
    table = qualified(table)
    row = copied(connection, dataset, table, draw)
    if row is None:
        return
    key = entities_of(dataset, table)[0].key.column
    column = {one.name: one for one in columns(connection, table)}[key]
    if column.given:
        del row[key]
    else:
        row[key] = something(column, draw)
        _stand(connection, dataset, table, row, draw)
    _make_room(connection, table, row, (), draw)
    insert(connection, table, row)


def _stand(
    connection: Connection, dataset: Dataset, table: str, row: Row, draw: random.Random
) -> None:
    """Where the key itself points at a parent, put one in that has it: a user for a client."""
    key = entities_of(dataset, table)[0].key.column
    for tie in foreign_keys(connection):
        if tie.child == table and tie.columns == (key,):
            parent = copied(connection, dataset, tie.parent, draw)
            parent = parent or _invented(connection, tie.parent, draw)
            parent[tie.targets[0]] = row[key]
            _make_room(connection, tie.parent, parent, tie.targets, draw)
            insert(connection, tie.parent, parent)


def near_key(entity: Entity, draw: random.Random) -> str:
    """A key that looks like ours and is not."""
    if isinstance(entity.key, UuidKey):
        return str(UUID(bytes=entity.key.head + bytes([0x0A]) + draw.randbytes(5)))
    if isinstance(entity.key, TextKey):
        return f"{entity.key.prefix}{draw.randrange(10**11):012d}"
    return str(draw.randrange(10**6, 10**9))


_UNIQUE = """
    SELECT array_agg(DISTINCT a.attname::text)
    FROM pg_index i
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
    WHERE i.indrelid = %(table)s::regclass AND d.refobjid = i.indrelid
      AND (i.indisunique OR i.indisexclusion)
    GROUP BY i.indexrelid
    UNION
    SELECT array_agg(a.attname::text)
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
    WHERE c.conrelid = %(table)s::regclass AND c.contype IN ('p', 'u', 'x')
    GROUP BY c.oid
"""


def copied(connection: Connection, dataset: Dataset, table: str, draw: random.Random) -> Row | None:
    entities = entities_of(dataset, table)
    found = keys(connection, dataset, table) if entities else []
    if not found:
        return None
    names = [column.name for column in columns(connection, table)]
    query = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(
        _as_text(names), identifier(table), sql.Identifier(entities[0].key.column)
    )
    row = connection.execute(query, (draw.choice(found),)).fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


def _as_text(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)


def _invented(connection: Connection, table: str, draw: random.Random) -> Row:
    """Something in every column that needs something; it has to point, not to make sense."""
    _drop_checks(connection, table)
    row: Row = {
        column.name: something(column, draw)
        for column in columns(connection, table)
        if column.required and not column.given
    }
    for tie in foreign_keys(connection):
        if tie.child == table and any(column in row for column in tie.columns):
            row.update(zip(tie.columns, _somebody(connection, tie, draw), strict=True))
    return row


def _somebody(connection: Connection, tie: Arrow, draw: random.Random) -> Sequence[str]:
    """What to write to point at any row of the arrow's parent."""
    query = sql.SQL("SELECT {} FROM {} LIMIT 1").format(
        _as_text(tie.targets), identifier(tie.parent)
    )
    if connection.execute(query).rowcount == 0:
        insert(connection, tie.parent, _invented(connection, tie.parent, draw))
    found: Sequence[str] = connection.execute(query).fetchall()[0]
    return found


def _drop_checks(connection: Connection, table: str) -> None:
    name = identifier(table)
    query = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
    for (constraint,) in connection.execute(query, (name.as_string(connection),)).fetchall():
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(drop.format(name, sql.Identifier(constraint)))


def _targets(connection: Connection, dataset: Dataset, tie: Arrow, needs: Any) -> Row:
    """The values with which the arrow's columns point at the owned row `needs`."""
    query = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(
        _as_text(tie.targets),
        identifier(tie.parent),
        sql.Identifier(entities_of(dataset, tie.parent)[0].key.column),
    )
    row = connection.execute(query, (needs,)).fetchall()[0]
    if tie.array:
        return {tie.columns[0]: f"{{{row[0]}}}"}
    return dict(zip(tie.columns, row, strict=True))


def _make_room(
    connection: Connection, table: str, row: Row, fixed: Sequence[str], draw: random.Random
) -> None:
    """Let the row clash with nothing: change a column, or else remove the row in its way."""
    name = identifier(table)
    ties = {
        column for tie in foreign_keys(connection) if tie.child == table for column in tie.columns
    }
    known = {one.name: one for one in columns(connection, table)}
    found = connection.execute(_UNIQUE, {"table": name.as_string(connection)}).fetchall()
    for (together,) in found:
        if any(row.get(column) is None for column in together):
            continue
        clash = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(row[column]))
            for column in together
        )
        if connection.execute(sql.SQL("SELECT FROM {} WHERE {}").format(name, clash)).rowcount:
            free = [
                column
                for column in together
                if column not in {*ties, *fixed} and known[column].category in VARIED
            ]
            if free:
                _drop_checks(connection, table)  # it may be one of a few words that it may be
                row[free[0]] = something(known[free[0]], draw)
            else:
                with connection.transaction():
                    connection.execute("SET LOCAL session_replication_role = replica")
                    connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(name, clash))


def insert(connection: Connection, table: str, row: Row) -> str:
    statement = sql.SQL(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) RETURNING ctid::text"
    ).format(
        identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() for _ in row),
    )
    place: str = connection.execute(statement, list(row.values())).fetchall()[0][0]
    return place
