"""Digest: one SHA-256 over the exact text of all our rows of a table."""

from __future__ import annotations

import hashlib

from psycopg import sql

from tasks.engine.entity import Dataset
from tasks.postgres.database import Connection
from tasks.postgres.ownership import any_of, by_table, identifier


def digest(connection: Connection, dataset: Dataset, table: str) -> str:
    """The digest of the dataset's rows of `table`: every column, in key order.

    The server hashes each row's text, so that 32 bytes a row cross the wire; the result is the
    hash of these hashes. The transaction's pinned settings make the text the same everywhere.
    """
    entities = by_table(dataset)[table]
    statement = sql.SQL(
        "COPY (SELECT sha256(convert_to(own::text, 'UTF8')) FROM {table} AS own WHERE {mine} "
        "ORDER BY {key}) TO STDOUT (FORMAT binary)"
    ).format(
        table=identifier(table),
        mine=any_of(entities, "own"),
        key=sql.Identifier("own", entities[0].key.column),
    )
    total = hashlib.sha256()
    with connection.cursor().copy(statement) as stream:
        for block in stream:
            total.update(block)
    return total.hexdigest()


def analyze(connection: Connection, table: str) -> None:
    """Renew the planner's statistics; without the right to, the server only warns."""
    connection.execute(sql.SQL("ANALYZE {}").format(identifier(table)))
