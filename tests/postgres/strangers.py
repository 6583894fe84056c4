"""Strangers: rows that are not ours, made for any schema from its catalogue alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from tasks.engine.entity import Dataset, Entity
from tasks.engine.keys import TextKey, UuidKey
from tasks.postgres.ownership import any_of, by_table
from tests.postgres.worlds import Connection

Row = dict[str, str | None]
"""A row's columns as text, which every type can be written and read as."""


@dataclass(frozen=True)
class Arrow:
    """A foreign key or a declared reference: the child's columns point at the parent's."""

    child: str
    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.child}.{', '.join(self.columns)} -> {self.parent}"


@dataclass(frozen=True)
class Stranger:
    """A row that was put in, and the owned row that it points at."""

    table: str
    place: str
    """Its ctid."""
    needs: str
    """The key of the owned row."""


_ARROWS = """
    SELECT cn.nspname || '.' || cr.relname, child.names, pn.nspname || '.' || pr.relname,
           parent.names
    FROM pg_constraint c
    JOIN pg_class cr ON cr.oid = c.conrelid JOIN pg_namespace cn ON cn.oid = cr.relnamespace
    JOIN pg_class pr ON pr.oid = c.confrelid JOIN pg_namespace pn ON pn.oid = pr.relnamespace
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY k.place) AS names
        FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) child
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY k.place) AS names
        FROM unnest(c.confkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) parent
    WHERE c.contype = 'f' AND c.conparentid = 0
    ORDER BY 1, c.conname
"""


def qualified(table: str) -> str:
    """ "orders" as "public.orders"."""
    return table if "." in table else f"public.{table}"


def identifier(table: str) -> sql.Identifier:
    """A table's quoted name."""
    return sql.Identifier(*qualified(table).split("."))


def foreign_keys(connection: Connection) -> list[Arrow]:
    """Every foreign key of the database."""
    return [
        Arrow(child, tuple(columns), parent, tuple(targets))
        for child, columns, parent, targets in connection.execute(_ARROWS)
    ]


def arrows(connection: Connection, dataset: Dataset) -> list[Arrow]:
    """Everything that can point at the dataset's rows."""
    managed = {qualified(table) for table in dataset.tables}
    declared = [
        Arrow(qualified(one.table), (column,), qualified(up.table), (up.key.column,))
        for one in dataset.entities
        for column, up in one.references.items()
    ]
    found = [one for one in foreign_keys(connection) if one.parent in managed]
    return list(dict.fromkeys(found + declared))


def entities_of(dataset: Dataset, table: str) -> tuple[Entity, ...]:
    """The entities of a table, none when the dataset does not write it."""
    found = {qualified(name): entities for name, entities in by_table(dataset).items()}
    return found.get(qualified(table), ())


def keys(connection: Connection, dataset: Dataset, table: str) -> list[Any]:
    """The keys of our rows in a table, in order."""
    entities = entities_of(dataset, table)
    query = sql.SQL("SELECT {key} FROM {table} AS own WHERE {mine} ORDER BY 1").format(
        key=sql.Identifier(entities[0].key.column),
        table=identifier(table),
        mine=any_of(entities, "own"),
    )
    return [row[0] for row in connection.execute(query)]


def delete_just(connection: Connection, dataset: Dataset, doomed: dict[str, set[Any]]) -> None:
    """Delete rows by key and nothing else: no cascade, no trigger."""
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, gone in doomed.items():
            statement = sql.SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(
                identifier(table),
                sql.Identifier(entities_of(dataset, table)[0].key.column),
            )
            connection.execute(statement, (list(gone),))


def dependents(
    connection: Connection, dataset: Dataset, doomed: dict[str, set[Any]]
) -> dict[str, set[Any]]:
    """The rows with every owned row that depends on them, in any number of steps."""
    return _followed(connection, dataset, doomed, downwards=True)


def ancestors(
    connection: Connection, dataset: Dataset, kept: dict[str, set[Any]]
) -> dict[str, set[Any]]:
    """The rows with every owned row that they depend on, in any number of steps."""
    return _followed(connection, dataset, kept, downwards=False)


def _followed(
    connection: Connection, dataset: Dataset, start: dict[str, set[Any]], *, downwards: bool
) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = {qualified(table): set(rows) for table, rows in start.items()}
    fresh = dict(found)
    ties = [
        one for one in arrows(connection, dataset) if entities_of(dataset, one.child)
    ]
    while fresh:
        coming: dict[str, set[Any]] = {}
        for tie in ties:
            here, there = (tie.parent, tie.child) if downwards else (tie.child, tie.parent)
            if here in fresh:
                tied = _tied(connection, dataset, tie, here, fresh[here])
                coming.setdefault(there, set()).update(tied - found.get(there, set()))
        fresh = {table: rows for table, rows in coming.items() if rows}
        for table, rows in fresh.items():
            found.setdefault(table, set()).update(rows)
    return found


def _tied(
    connection: Connection, dataset: Dataset, tie: Arrow, here: str, rows: set[Any]
) -> set[Any]:
    """The owned keys at the other end of an arrow."""
    there = tie.child if here == tie.parent else tie.parent
    if tie.child == tie.parent:  # a table that points at itself: both ways, to be safe
        return set()
    alias = {tie.child: "c", tie.parent: "p"}
    column = {
        table: sql.Identifier(alias[table], entities_of(dataset, table)[0].key.column)
        for table in (here, there)
    }
    query = sql.SQL(
        "SELECT DISTINCT {there} FROM {child} AS c JOIN {parent} AS p ON {same} "
        "WHERE {here} = ANY(%s) AND {mine}"
    ).format(
        there=column[there],
        here=column[here],
        child=identifier(tie.child),
        parent=identifier(tie.parent),
        same=_same(tie),
        mine=any_of(entities_of(dataset, there), alias[there]),
    )
    return {row[0] for row in connection.execute(query, (list(rows),))}


def _same(tie: Arrow) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier("c", column), sql.Identifier("p", target))
        for column, target in zip(tie.columns, tie.targets, strict=True)
    )
