"""Arrows: what points at a dataset's rows, and which rows depend on which."""

from __future__ import annotations

import random
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from psycopg import sql

from seedbed.declare.entity import Dataset, Entity
from seedbed.postgres.ownership import any_of, by_table
from seedbed.testing.cluster import Connection
from seedbed.testing.columns import columns
from seedbed.testing.contents import identifier, qualified


@dataclass(frozen=True)
class Arrow:
    """A foreign key or a declared reference: the child's columns point at the parent's."""

    child: str
    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]
    array: bool = False
    """Whether every element of the child's column points."""

    def __str__(self) -> str:
        return f"{self.child}.{', '.join(self.columns)} -> {self.parent}"


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
        Arrow(
            qualified(one.table),
            (column,),
            qualified(up.table),
            (up.key.column,),
            column in {c.name for c in columns(connection, one.table) if c.category == "A"},
        )
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


def delete_closed(connection: Connection, dataset: Dataset, doomed: dict[str, set[Any]]) -> None:
    """Delete rows, and with them all that depends on them, as a person would: triggers fire."""
    tables = {table: doomed.get(qualified(table), set()) for table in dataset.tables}
    ties = [(tie.child, tie.parent) for tie in arrows(connection, dataset)]
    graph = {
        qualified(table): {c for c, p in ties if p == qualified(table) != c} for table in tables
    }
    names = {qualified(table): table for table in tables}
    with connection.transaction():
        for place in TopologicalSorter(graph).static_order():
            if place not in names or not tables[names[place]]:
                continue
            statement = sql.SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(
                identifier(place), sql.Identifier(entities_of(dataset, place)[0].key.column)
            )
            connection.execute(statement, (list(tables[names[place]]),))


def some_rows(
    connection: Connection, dataset: Dataset, share: float, draw: random.Random
) -> dict[str, set[Any]]:
    """A share of the rows that nothing depends on, fewer of those that others depend on, and
    all that depends on these."""
    ties = [(tie.child, tie.parent) for tie in arrows(connection, dataset)]

    def height(table: str) -> int:
        below = {child for child, parent in ties if parent == table != child}
        return 1 + max(map(height, below), default=-1)

    start = {
        table: {
            key
            for key in keys(connection, dataset, table)
            if draw.random() < share ** (1 + height(qualified(table)))
        }
        for table in dataset.tables
    }
    return dependents(connection, dataset, start)


def dependents(
    connection: Connection, dataset: Dataset, doomed: dict[str, set[Any]]
) -> dict[str, set[Any]]:
    """The rows with every owned row that depends on them, in any number of steps."""
    return _followed(connection, dataset, doomed, downwards=True)


def staying(
    connection: Connection, dataset: Dataset, kept: dict[str, set[Any]]
) -> dict[str, set[Any]]:
    """The rows with every owned row that they depend on, in any number of steps, and with those
    that are declared to stay with them."""
    while True:
        found = _followed(connection, dataset, kept, downwards=False)
        for tie in arrows(connection, dataset):
            made = entities_of(dataset, tie.child)
            above = {qualified(up.table) for one in made for up in one.stays_with}
            if tie.parent in above and found.get(tie.parent):
                rows = _other_end(connection, dataset, tie, found[tie.parent], downwards=True)
                found.setdefault(tie.child, set()).update(rows)
        if found == kept:
            return found
        kept = found


def needed_by_others(connection: Connection, dataset: Dataset) -> dict[str, set[Any]]:
    """Our rows that rows of others point at."""
    found: dict[str, set[Any]] = {}
    for tie in arrows(connection, dataset):
        parents, children = entities_of(dataset, tie.parent), entities_of(dataset, tie.child)
        query = sql.SQL(
            "SELECT DISTINCT {key} FROM {child} AS c JOIN {parent} AS p ON {same} "
            "WHERE {mine} AND NOT {also_mine}"
        ).format(
            key=sql.Identifier("p", parents[0].key.column),
            child=identifier(tie.child),
            parent=identifier(tie.parent),
            same=_points(tie),
            mine=any_of(parents, "p"),
            also_mine=any_of(children, "c") if children else sql.SQL("false"),
        )
        found.setdefault(tie.parent, set()).update(row[0] for row in connection.execute(query))
    return found


def _followed(
    connection: Connection, dataset: Dataset, start: dict[str, set[Any]], *, downwards: bool
) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = {qualified(table): set(rows) for table, rows in start.items()}
    ties = [one for one in arrows(connection, dataset) if entities_of(dataset, one.child)]
    fresh = dict(found)
    while fresh:
        coming: dict[str, set[Any]] = {}
        for tie in ties:
            here, there = (tie.parent, tie.child) if downwards else (tie.child, tie.parent)
            if here in fresh:
                rows = _other_end(connection, dataset, tie, fresh[here], downwards=downwards)
                coming.setdefault(there, set()).update(rows - found.get(there, set()))
        fresh = {table: rows for table, rows in coming.items() if rows}
        for table, rows in fresh.items():
            found.setdefault(table, set()).update(rows)
    return found


def _other_end(
    connection: Connection, dataset: Dataset, tie: Arrow, rows: set[Any], *, downwards: bool
) -> set[Any]:
    """The owned keys at the other end of an arrow."""
    sides = {"c": entities_of(dataset, tie.child), "p": entities_of(dataset, tie.parent)}
    here, there = ("p", "c") if downwards else ("c", "p")
    query = sql.SQL(
        "SELECT DISTINCT {there} FROM {child} AS c JOIN {parent} AS p ON {same} "
        "WHERE {here} = ANY(%s) AND {mine}"
    ).format(
        there=sql.Identifier(there, sides[there][0].key.column),
        here=sql.Identifier(here, sides[here][0].key.column),
        child=identifier(tie.child),
        parent=identifier(tie.parent),
        same=_points(tie),
        mine=any_of(sides[there], there),
    )
    return {row[0] for row in connection.execute(query, (list(rows),))}


def _points(tie: Arrow) -> sql.Composed:
    """True where the child `c` points at the parent `p`."""
    equal = sql.SQL("{} = ANY({})" if tie.array else "{} = {}")
    return sql.SQL(" AND ").join(
        equal.format(sql.Identifier("p", target), sql.Identifier("c", column))
        for column, target in zip(tie.columns, tie.targets, strict=True)
    )


def given(connection: Connection, dataset: Dataset, rows: dict[str, set[Any]]) -> int:
    """How many of the rows the application itself makes, with the row that has the same key: a
    bare profile with an account."""
    tables = {qualified(table): table for table in dataset.tables}
    return sum(
        len(rows[tables[tie.child]] & rows[tables[tie.parent]])
        for tie in _twins(connection, dataset)
    )


def made_by_the_application(connection: Connection, dataset: Dataset) -> set[str]:
    """The entities whose rows come with those of another."""
    return {
        one.name for tie in _twins(connection, dataset) for one in entities_of(dataset, tie.child)
    }


def _twins(connection: Connection, dataset: Dataset) -> list[Arrow]:
    return [
        tie
        for tie in arrows(connection, dataset)
        if (made := entities_of(dataset, tie.child))
        and tie.columns == (made[0].key.column,)
        and all(one.staged for one in made)
    ]
