"""Load: rows into their table by binary COPY, generated one chunk ahead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg
from psycopg import sql

from tasks.engine.entity import Entity
from tasks.engine.errors import SeedbedError
from tasks.engine.rows import Rows
from tasks.engine.values import Columns
from tasks.postgres.database import Connection
from tasks.postgres.encode import ColumnType, Encoder
from tasks.postgres.failures import sentence
from tasks.postgres.ownership import identifier

Item = TypeVar("Item")
Payload = tuple[Rows, bytes | memoryview]

_LINE = re.compile(r"line (\d+)")

_CONSTRAINT_COLUMNS = """
    SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
    WHERE c.conname = %s AND c.conrelid = to_regclass(%s)
"""


class RowRefused(SeedbedError):
    """The database refused a row; nothing of its step was kept."""

    def __init__(self, entity: Entity, error: psycopg.Error, key: object) -> None:
        where = f", at key {key}" if key else ""
        super().__init__(f"{entity.table}: {sentence(error)}{where}; nothing of this step was kept")
        self.constraint = error.diag.constraint_name
        self.entity = entity

    def with_columns(self, columns: str) -> str:
        """The sentence with the columns of the constraint, which a CHECK does not report, first:
        lists cut long sentences."""
        return f"constraint {self.constraint} on {columns} refuses a row; {self}"


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
        RowRefused: a constraint, a trigger or a type objects; with entity, key and column.
    """
    encoder = Encoder(columns)
    statement = sql.SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary)").format(
        table=identifier(into or entity.table),
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    )
    payloads = ((rows, encoder.encode(values(rows), len(rows))) for rows in gap)
    stored = 0
    for rows, payload in _ahead(payloads) if ahead else payloads:
        cursor = connection.cursor()
        try:
            with cursor.copy(statement) as stream:
                stream.write(encoder.header)
                stream.write(payload)
                stream.write(encoder.trailer)
        except psycopg.errors.OperationalError:
            raise
        except psycopg.Error as error:
            raise RowRefused(entity, error, _key(rows, error)) from None
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


def _key(rows: Rows, error: psycopg.Error) -> object:
    """The key of the row that COPY stopped at, from the line that the server names."""
    found = _LINE.search(error.diag.context or "")
    if found is None or rows.entity is None or int(found[1]) > len(rows):
        return None
    line = int(found[1]) - 1
    return rows.entity.key.values(rows.number[line : line + 1])[0]


def constraint_columns(connection: Connection, refused: RowRefused) -> str | None:
    """The columns of the constraint that refused a row, from the catalogue."""
    row = connection.execute(
        _CONSTRAINT_COLUMNS, (refused.constraint, refused.entity.table)
    ).fetchone()
    return row[0] if row else None
