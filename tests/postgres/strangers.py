"""Strangers: rows that are not ours, made for any schema from its catalogue alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

from psycopg import sql

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.keys import TextKey, UuidKey
from seedbed.postgres.ownership import any_of, by_table
from tests.postgres.worlds import Connection, identifier, qualified

VARIED = {"S", "N", "D", "uuid"}
"""Categories of types that have as many values as it takes to be unlike the others."""

Row = dict[str, str | None]
"""A row's columns as text, which every type can be written and read as."""


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
            column in {c.name for c in _columns(connection, one.table) if c.category == "A"},
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


# -- putting rows in ----------------------------------------------------------------------------


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
    row = _copied(connection, dataset, tie.child, draw) or _invented(connection, tie.child, draw)
    if entities:
        row[entities[0].key.column] = near_key(entities[0], draw)
        _stand(connection, dataset, tie.child, row, draw)
    row.update(_targets(connection, dataset, tie, needs))
    _make_room(connection, tie.child, row, tie.columns, draw)
    return Stranger(tie.child, _insert(connection, tie.child, row), str(needs))


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
    row = _copied(connection, dataset, table, draw)
    if row is None:
        return
    key = entities_of(dataset, table)[0].key.column
    column = {one.name: one for one in _columns(connection, table)}[key]
    if column.given:
        del row[key]
    else:
        row[key] = _something(column, draw)
        _stand(connection, dataset, table, row, draw)
    _make_room(connection, table, row, (), draw)
    _insert(connection, table, row)


def _stand(
    connection: Connection, dataset: Dataset, table: str, row: Row, draw: random.Random
) -> None:
    """Where the key itself points at a parent, put one in that has it: a user for a client."""
    key = entities_of(dataset, table)[0].key.column
    for tie in foreign_keys(connection):
        if tie.child == table and tie.columns == (key,):
            parent = _copied(connection, dataset, tie.parent, draw)
            parent = parent or _invented(connection, tie.parent, draw)
            parent[tie.targets[0]] = row[key]
            _make_room(connection, tie.parent, parent, tie.targets, draw)
            _insert(connection, tie.parent, parent)


def near_key(entity: Entity, draw: random.Random) -> str:
    """A key that looks like ours and is not."""
    if isinstance(entity.key, UuidKey):
        return str(UUID(bytes=entity.key.head + bytes([0x0A]) + draw.randbytes(5)))
    if isinstance(entity.key, TextKey):
        return f"{entity.key.prefix}{draw.randrange(10**11):012d}"
    return str(draw.randrange(10**6, 10**9))


@dataclass(frozen=True)
class _Column:
    name: str
    category: str
    length: int
    required: bool
    given: bool
    """Has a default, or is an identity."""
    label: str | None
    """An enum's first label."""


_COLUMNS = """
    SELECT a.attname, CASE WHEN t.typname = 'uuid' THEN 'uuid' WHEN t.typname ~ '^json'
               THEN 'json' ELSE t.typcategory::text END,
           greatest(a.atttypmod - 4, 0), a.attnotnull, d.adbin IS NOT NULL OR a.attidentity <> '',
           (SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid
            ORDER BY e.enumsortorder LIMIT 1)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attgenerated = '' ORDER BY a.attnum
"""

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


def _columns(connection: Connection, table: str) -> list[_Column]:
    name = identifier(table).as_string(connection)
    return [_Column(*row) for row in connection.execute(_COLUMNS, (name,))]


def _something(column: _Column, draw: random.Random) -> str:
    """A value of the column's type, unlike any that is there."""
    number = draw.randrange(10**6, 10**7)
    text = f"stranger-{number}"
    made = {
        "S": text[-column.length :] if column.length else text,
        "N": str(number % 9 + 1 if column.length else number),
        "B": "false",
        "D": f"{2001 + number % 20}-{number % 12 + 1:02d}-{number % 28 + 1:02d} 00:00Z",
        "T": "1 day",
        "A": "{}",
        "I": "127.0.0.1",
        "uuid": str(UUID(int=draw.getrandbits(128), version=4)),
        "json": "{}",
    }
    return column.label or made[column.category]


def _copied(
    connection: Connection, dataset: Dataset, table: str, draw: random.Random
) -> Row | None:
    entities = entities_of(dataset, table)
    found = keys(connection, dataset, table) if entities else []
    if not found:
        return None
    names = [column.name for column in _columns(connection, table)]
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
        column.name: _something(column, draw)
        for column in _columns(connection, table)
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
        _insert(connection, tie.parent, _invented(connection, tie.parent, draw))
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
    columns = {one.name: one for one in _columns(connection, table)}
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
                if column not in {*ties, *fixed} and columns[column].category in VARIED
            ]
            if free:
                _drop_checks(connection, table)  # it may be one of a few words that it may be
                row[free[0]] = _something(columns[free[0]], draw)
            else:
                with connection.transaction():
                    connection.execute("SET LOCAL session_replication_role = replica")
                    connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(name, clash))


def _insert(connection: Connection, table: str, row: Row) -> str:
    statement = sql.SQL(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) RETURNING ctid::text"
    ).format(
        identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() for _ in row),
    )
    place: str = connection.execute(statement, list(row.values())).fetchall()[0][0]
    return place
