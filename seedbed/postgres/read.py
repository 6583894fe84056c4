"""Read: the keys that are present, and the gap to the target."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from psycopg import sql

from seedbed.declare.counts import Requirement
from seedbed.declare.entity import Entity
from seedbed.declare.keys import UuidKey
from seedbed.declare.values import Integers
from seedbed.engine.plan import missing
from seedbed.engine.requirement import Lack, need, own_table
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.ownership import identifier, owned


def count(connection: Connection, entity: Entity) -> int:
    """How many rows of the entity the database holds."""
    query = sql.SQL("SELECT count(*) FROM {table} AS own WHERE {mine}").format(
        table=identifier(entity.table), mine=owned(entity, "own")
    )
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def some(connection: Connection, entity: Entity) -> bool:
    """Whether the database holds any row of the entity."""
    query = sql.SQL("SELECT EXISTS (SELECT FROM {table} AS own WHERE {mine})").format(
        table=identifier(entity.table), mine=owned(entity, "own")
    )
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def numbers(connection: Connection, entity: Entity, low: int, high: int) -> Integers:
    """The numbers of the entity's present rows from `low` to `high`, in no order.

    One value with all keys in it: 0.4 s for a million, twenty times as fast as rows.
    """
    key, column = entity.key, sql.Identifier(entity.key.column)
    if isinstance(key, UuidKey):
        first, last = key.values(np.array([low, high]))
        query = sql.SQL(
            "SELECT string_agg(uuid_send({c}), '') FROM {table} WHERE {c} BETWEEN {low} AND {high}"
        ).format(c=column, table=identifier(entity.table), low=first, high=last)
        dtype = "V16"
    else:
        query = sql.SQL(
            "SELECT string_agg({c}, '')::bytea FROM {table} AS own WHERE {mine}"
        ).format(c=column, table=identifier(entity.table), mine=owned(entity, "own"))
        dtype = key.encode(np.zeros(1, np.int64)).dtype.str
    row = connection.execute(query, binary=True).fetchone()
    found, ours = key.decode(np.frombuffer(row[0] if row and row[0] else b"", dtype=dtype))
    return found[ours]


class Gap:
    """The rows of the target that are not in the database, chunk by chunk.

    `owned` is how many rows the entity has in the database, for a part only whether it has any:
    counting a billion rows once a part would take longer than loading them. After the iteration
    `target` and `missing` tell how many rows the target holds and how many of them were missing.
    Where `reads` is false nothing is read, so the chunks may be made in another thread. Of several
    `parts` each takes every `parts`-th chunk, beginning with its own number.
    """

    def __init__(
        self,
        connection: Connection,
        entity: Entity,
        run: Run,
        size: int,
        *,
        part: int = 0,
        parts: int = 1,
    ) -> None:
        self._part, self._parts = part, parts
        self.owned = count(connection, entity) if parts == 1 else int(some(connection, entity))
        self.reads = self.owned > 0 or entity.grounded
        self.target = 0
        self.missing = 0
        self.lacking: tuple[Lack, ...] = ()
        self._connection, self._entity, self._run, self._size = connection, entity, run, size

    def __iter__(self) -> Iterator[Rows]:
        if not self.reads:
            for table in self._entity.reads:
                self._run.read(table)  # now: the rows are made in another thread than this
        if isinstance(self._entity.count, Requirement):
            yield from self._required()
            return
        target = chunks(self._entity, self._run, self._size)
        for rows in islice(target, self._part, None, self._parts):
            absent = rows
            if self.owned:
                low, high = int(rows.number.min()), int(rows.number.max())
                absent = missing(rows, numbers(self._connection, self._entity, low, high))
            self.target += len(rows)
            self.missing += len(absent)
            if len(absent):
                yield absent

    def _required(self) -> Iterator[Rows]:
        found = need(self._entity, self._run, self._run.read(own_table(self._entity)))
        self.lacking = found.lacking
        self.missing = len(found.rows)
        self.target = self.owned + self.missing
        for start in range(0, self.missing, self._size):
            yield found.rows.take(np.arange(start, min(start + self._size, self.missing)))


def every(connection: Connection, entity: Entity) -> Integers:
    """The numbers of all of the entity's present rows, in no order."""
    highest = np.iinfo(np.int64).max if not isinstance(entity.key, UuidKey) else 10**12 - 1
    return numbers(connection, entity, 0, highest)


def beyond(connection: Connection, entity: Entity, run: Run, size: int) -> Integers:
    """The numbers of owned rows that the target does not hold: days outside a window."""
    present = every(connection, entity)
    for rows in chunks(entity, run, size):
        present = present[~np.isin(present, rows.number)]
    return present
