"""Contents: what a database holds, whose it is, and whether anything was written at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeAlias

from psycopg import sql

from seedbed.context.datasets import dataset, sources
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.errors import SeedbedError
from seedbed.postgres.connection.address import Address
from seedbed.postgres.ownership import any_of, by_table
from seedbed.testing.cluster import Connection

Contents: TypeAlias = dict[str, set[str]]
"""Every row of every table as text."""


@cache
def stamped() -> dict[str, frozenset[str]]:
    """Columns that the applications' triggers write at any time, by qualified table.

    A dataset that cannot be imported has none here: its own tests tell what is wrong.
    """
    found = {}
    for name in sources():
        with suppress(SeedbedError):
            chosen = dataset(name)
            found.update({qualified(one): chosen.stamped(one) for one in chosen.tables})
    return found


_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""


def tables(connection: Connection) -> list[tuple[str, str]]:
    """Schema and name of every table, schema `seedbed` included."""
    return connection.execute(_TABLES).fetchall()


def versions(connection: Connection) -> Contents:
    """Every row of every table with its place and version: equal only if nothing was written."""
    found = _rows(connection, "t.ctid::text || ' ' || t.xmin::text || ' ' || t::text")
    found["(sequences)"] = sequences(connection)
    return found


def contents(connection: Connection) -> Contents:
    """Every row of every table of the application, without what its triggers stamp."""
    return {
        f"{schema}.{name}": _texts(connection, f"{schema}.{name}")
        for schema, name in tables(connection)
        if schema != "seedbed"
    }


def _rows(connection: Connection, what: str) -> Contents:
    query = "SELECT {what} FROM {table} AS t"
    return {
        f"{schema}.{name}": {
            row[0]
            for row in connection.execute(
                sql.SQL(query).format(what=sql.SQL(what), table=sql.Identifier(schema, name))
            )
        }
        for schema, name in tables(connection)
    }


def _texts(connection: Connection, table: str, mine: sql.Composable | None = None) -> set[str]:
    """The rows of a table as text; stamped columns are written as "-"."""
    names = connection.execute(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped ORDER BY attnum",
        (identifier(table).as_string(connection),),
    ).fetchall()
    left_out = stamped().get(qualified(table), frozenset())
    query = sql.SQL("SELECT ({})::text FROM {} AS own WHERE {}").format(
        sql.SQL("ROW({})").format(
            sql.SQL(", ").join(
                sql.SQL("'-'") if name in left_out else sql.Identifier("own", name)
                for (name,) in names
            )
        ),
        identifier(table),
        mine or sql.SQL("true"),
    )
    return {row[0] for row in connection.execute(query)}


def sequences(connection: Connection) -> set[str]:
    """Every sequence with the value it stands at."""
    return {row[0] for row in connection.execute("SELECT s::text FROM pg_sequences AS s")}


def ours(connection: Connection, dataset: Dataset) -> Contents:
    """The rows that the dataset owns, by table."""
    return {
        table: _owned(connection, table, entities) for table, entities in by_table(dataset).items()
    }


def _owned(connection: Connection, table: str, entities: Iterable[Entity]) -> set[str]:
    return _texts(connection, table, any_of(entities, "own"))


def others(connection: Connection, dataset: Dataset) -> Contents:
    """The rows that the dataset does not own, by table."""
    found = contents(connection)
    for table, rows in ours(connection, dataset).items():
        found[qualified(table)] -= rows
    return found


def qualified(table: str) -> str:
    """The table's name with its schema: "orders" is "public.orders"."""
    return table if "." in table else f"public.{table}"


def identifier(table: str) -> sql.Identifier:
    """A table's quoted name."""
    return sql.Identifier(*qualified(table).split("."))


def services(address: Address) -> Path:
    """Where the local services keep what belongs to a database."""
    place = f"{address.host}-{address.port}"
    return Path(os.environ["SEEDBED_HOME"]) / "services" / place / address.database


def files(address: Address) -> dict[Path, tuple[int, int]]:
    """Everything that the local services hold: equal only if nothing was touched."""
    found = (path for path in services(address).rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in found}
