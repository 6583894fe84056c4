"""Load: rows into their table by binary COPY, generated one chunk ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg
from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.declare.values import Columns, shown
from seedbed.engine.rows import Rows
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.connection.failures import passing
from seedbed.postgres.copy.encode import CannotEncode, ColumnType, Encoder
from seedbed.postgres.copy.errors import RowRefused, RowUnfit
from seedbed.postgres.ownership import identifier

Item = TypeVar("Item")
Payload = tuple[Rows, bytes | memoryview]

_CONSTRAINT_COLUMNS = """
    SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k)
    FROM pg_index i, generate_series(1, i.indnkeyatts) AS k
    WHERE i.indexrelid = to_regclass(%(index)s) AND i.indrelid = to_regclass(%(table)s)
    HAVING count(*) > 0
    UNION ALL
    SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
    WHERE c.conname = %(name)s AND c.conrelid = to_regclass(%(table)s)
    LIMIT 1
"""
"""An index need not belong to a constraint, and can be over expressions."""

_PARTITIONED = """
    SELECT pg_get_partkeydef(p.partrelid), array(
        SELECT a.attname::text FROM unnest(p.partattrs::int2[]) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number ORDER BY k.place)
    FROM pg_partitioned_table p WHERE p.partrelid = to_regclass(%s)
"""


def copy(
    connection: Connection,
    entity: Entity,
    columns: tuple[ColumnType, ...],
    gap: Iterable[Rows],
    progress: Callable[[int], None] = lambda rows: None,
    *,
    ahead: bool,
    into: str | None = None,
    values: Callable[[Rows], Columns] = Rows.inserted,
) -> int:
    """COPY every chunk of the gap; returns how many rows the server says it stored.

    One COPY statement a chunk: foreign keys are then checked chunk by chunk, in bounded
    memory. With `ahead`, the next chunk is generated while the server works on this one;
    only for a gap that does not read from `connection`. `values` says what of the rows is
    copied: as they are added to their table, unless it is something else.

    Raises:
        RowRefused: a constraint, a trigger or a type objects; with table, key and column.
        RowUnfit: a column does not take a value that is made for it.
    """
    encoder = Encoder(columns)
    statement = sql.SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary)").format(
        table=identifier(into or entity.table),
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    )
    payloads = ((rows, _encoded(encoder, entity, rows, values)) for rows in gap)
    stored = 0
    for rows, payload in _ahead(payloads) if ahead else payloads:
        cursor = connection.cursor()
        try:
            with cursor.copy(statement) as stream:
                stream.write(encoder.header)
                stream.write(payload)
                stream.write(encoder.trailer)
        except psycopg.Error as error:
            if passing(error):
                raise
            raise RowRefused(entity, rows, error) from None
        stored += cursor.rowcount
        progress(len(rows))
    return stored


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each made in a thread while the one before it is used.

    numpy releases the interpreter's lock in its loops and libpq while it waits, so that the
    client's core generates while the server's core checks constraints.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="generate") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _encoded(
    encoder: Encoder, entity: Entity, rows: Rows, values: Callable[[Rows], Columns]
) -> bytes | memoryview:
    made = values(rows)
    try:
        return encoder.encode(made, len(rows))
    except CannotEncode as error:
        raise RowUnfit(entity, rows, made, error) from None


def explained(connection: Connection, refused: RowRefused) -> str:
    """The refusal, with what the catalogue knows of it first: lists cut long sentences."""
    schema, table = refused.relation
    if table is None:
        return str(refused)
    relation = sql.Identifier(schema or "public", table).as_string(connection)
    if refused.missing_partition:
        return f"{_without_partition(connection, refused, relation)}; {refused}"
    if refused.constraint is None:
        return str(refused)
    names = {
        "index": sql.Identifier(schema or "public", refused.constraint).as_string(connection),
        "name": refused.constraint,
        "table": relation,
    }
    row = connection.execute(_CONSTRAINT_COLUMNS, names).fetchone()
    # A CHECK does not report its columns.
    if row is None or row[0] is None:
        return str(refused)
    return f"constraint {refused.constraint} on {row[0]} refuses a row; {refused}"


def _without_partition(connection: Connection, refused: RowRefused, relation: str) -> str:
    """Which key has no partition: a value of a row of our own making."""
    key, names = connection.execute(_PARTITIONED, (relation,)).fetchone() or ("", [])
    made = refused.rows.inserted()
    held = [
        f"{name} = {shown(made[name], refused.row)}"
        for name in names
        if name in made and refused.row is not None
    ]
    return (
        f"table {refused.relation[1]}, partitioned by {key}, has no partition for "
        f"{', '.join(held) or 'a row'}: let a migration make one"
    )
