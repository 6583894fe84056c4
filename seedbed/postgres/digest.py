"""Digest: one SHA-256 over all our rows of a table."""

from __future__ import annotations

import hashlib

from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.postgres.catalogue import Catalogue
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.ownership import any_of, by_table, identifier


def digest(connection: Connection, dataset: Dataset, table: str, catalogue: Catalogue) -> str:
    """The digest of the dataset's rows of `table`: every column, in key order.

    Columns that the application stamps with the time of writing are left out.

    SHA-256 over the rows in COPY's binary format, which is the same on every machine and
    version, except that arrays and composites carry their elements' object ids: those columns
    are taken as text. 2 µs a row, of which the server has half; hashing each row's text on the
    server takes 5 to 7.

    The statement may take longer than `limits.statement`, as ten million rows can: rows come all
    the while, a server that falls silent is given up, and nobody is made to wait (watch.py).
    """
    connection.execute("SET LOCAL statement_timeout = 0")
    entities = by_table(dataset)[table]
    columns = sql.SQL(", ").join(
        sql.SQL("own.{}{}").format(
            sql.Identifier(name), sql.SQL("::text" if _has_oids(column.type) else "")
        )
        for name, column in catalogue.columns(table).items()
        if name not in dataset.stamped(table)
    )
    statement = sql.SQL(
        "COPY (SELECT {columns} FROM {table} AS own WHERE {mine} "
        "ORDER BY {key}) TO STDOUT (FORMAT binary)"
    ).format(
        columns=columns,
        table=identifier(table),
        mine=any_of(entities, "own"),
        key=sql.Identifier("own", entities[0].key.column),
    )
    total = hashlib.sha256()
    with connection.cursor().copy(statement) as stream:
        for block in stream:
            total.update(block)
    return total.hexdigest()


def _has_oids(column: ColumnType) -> bool:
    return column.is_array or column.kind == "c"


def analyze(connection: Connection, table: str) -> None:
    """Renew the planner's statistics; without the right to, the server only warns."""
    connection.execute(sql.SQL("ANALYZE {}").format(identifier(table)))
