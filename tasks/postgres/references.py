"""References: what points at our rows, and which of ours therefore have to stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from tasks.engine.entity import Dataset, Entity
from tasks.engine.errors import Refused
from tasks.engine.plan import Pin
from tasks.engine.values import Integers
from tasks.postgres.database import Connection
from tasks.postgres.ownership import any_of, by_table, identifier
from tasks.postgres.reflect import table_columns

EXAMPLES = 3

_EDGES = """
    WITH RECURSIVE managed(relid) AS (SELECT unnest(%s::regclass[])),
    tree(root, relid) AS (
        SELECT relid::oid, relid::oid FROM managed
        UNION SELECT m.relid::oid, t.relid::oid FROM managed m, LATERAL pg_partition_tree(m.relid) t
        UNION SELECT m.relid::oid, a::oid FROM managed m, LATERAL pg_partition_ancestors(m.relid) a)
    SELECT coalesce(own.root, c.conrelid)::int8, format('%%s.%%s', cn.nspname, cr.relname),
           child.names, t.root::int8, parent.names,
           has_table_privilege(c.conrelid, 'SELECT') AND NOT row_security_active(c.conrelid),
           EXISTS (
               SELECT FROM pg_index i
               WHERE i.indrelid = c.conrelid AND i.indisvalid AND i.indpred IS NULL
                 AND (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(c.conkey)]
                     @> c.conkey)
    FROM pg_constraint c
    JOIN tree t ON t.relid = c.confrelid
    LEFT JOIN tree own ON own.relid = c.conrelid
    JOIN pg_class cr ON cr.oid = c.conrelid JOIN pg_namespace cn ON cn.oid = cr.relnamespace
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY k.place) AS names
        FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) child
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY k.place) AS names
        FROM unnest(c.confkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) parent
    WHERE c.contype = 'f' AND c.conparentid = 0
    ORDER BY 2, c.conname
"""


class CannotLook(Refused):
    """Rows that point at ours may be hidden, so nobody can tell what depends on what."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"table {table} references seeded tables and this role cannot read all of it; nothing "
            "was removed. Grant it SELECT there (`seedbed grants` prints how), and BYPASSRLS if "
            "the table has row security"
        )


@dataclass(frozen=True)
class Candidates:
    """Rows of one table that are to go: all that its entities own, or those with `keys`."""

    table: str
    entities: tuple[Entity, ...]
    keys: tuple[Any, ...] | None = None

    @property
    def key(self) -> str:
        """The key column."""
        return self.entities[0].key.column

    def on(self, alias: str) -> sql.Composed:
        """The condition on rows of `alias`."""
        if self.keys is None:
            return any_of(self.entities, alias)
        return among(alias, self.key, self.keys)


def among(alias: str, key: str, keys: Iterable[Any]) -> sql.Composed:
    """True for the rows of `alias` with one of the keys."""
    return sql.SQL("{key} = ANY({keys})").format(
        key=sql.Identifier(alias, key), keys=sql.Literal(list(keys))
    )


def everything(dataset: Dataset) -> tuple[Candidates, ...]:
    """All rows that the dataset owns, table by table, upstream first."""
    return tuple(Candidates(table, entities) for table, entities in by_table(dataset).items())


def numbered(entity: Entity, numbers: Integers) -> tuple[Candidates, ...]:
    """Some rows of one entity."""
    return (Candidates(entity.table, (entity,), tuple(entity.key.values(numbers))),)


@dataclass(frozen=True)
class Edge:
    """Rows of the child's columns point at the parent's; tables by oid, the child by name too.

    A foreign key can hang on one partition: `name` is the partition, the oids are those of the
    dataset's table that it belongs to.
    """

    child: int
    name: str
    columns: tuple[str, ...]
    parent: int
    targets: tuple[str, ...]
    indexed: bool = True
    """Whether the server finds a parent's children by an index; a declared reference needs none."""
    array: bool = False
    """Whether the column is an array, each element of which points at a row."""


def oids(connection: Connection, tables: Sequence[str]) -> dict[str, int]:
    """The object ids of tables."""
    query = "SELECT %s::regclass::oid::int8"
    return {
        table: connection.execute(query, (identifier(table).as_string(connection),)).fetchone()[0]  # type: ignore[index]  # one row always
        for table in tables
    }


def edges(connection: Connection, dataset: Dataset) -> tuple[Edge, ...]:
    """Every foreign key that points at the dataset's tables, and every declared reference.

    Raises:
        CannotLook: this role may not read a table that points at ours, or some of its rows.
    """
    ids = oids(connection, dataset.tables)
    found = connection.execute(_EDGES, (list(ids.values()),)).fetchall()
    for _, name, _, _, _, readable, _ in found:
        if not readable:
            raise CannotLook(name)
    foreign_keys = [
        Edge(child, name, tuple(columns), parent, tuple(targets), indexed)
        for child, name, columns, parent, targets, _, indexed in found
    ]
    declared = [
        Edge(
            ids[one.table],
            one.table,
            (column,),
            ids[up.table],
            (up.key.column,),
            array=table_columns(connection, one.table)[column].type.is_array,
        )
        for one in dataset.entities
        for column, up in one.references.items()
    ]
    return tuple(dict.fromkeys(foreign_keys + declared))


Kept = dict[str, set[Any]]
"""Keys that stay, by table."""


def pins(
    connection: Connection, dataset: Dataset, candidates: Sequence[Candidates]
) -> tuple[tuple[Pin, ...], Kept]:
    """The candidates that must stay: rows that stay point at them, directly or in steps."""
    ids = oids(connection, dataset.tables)
    to_go = {ids[one.table]: one for one in candidates}
    inward = [edge for edge in edges(connection, dataset) if edge.parent in to_go]
    kept: Kept = {one.table: set() for one in candidates}
    found: list[Pin] = []
    # First what strangers point at; then what the rows kept by the round before point at.
    staying: Mapping[int, sql.Composable] = {
        edge.child: (
            sql.SQL("NOT {}").format(to_go[edge.child].on("c"))
            if edge.child in to_go
            else sql.SQL("true")
        )
        for edge in inward
    }
    while staying:
        fresh: dict[int, set[Any]] = {}
        for edge in inward:
            if edge.child not in staying:
                continue
            parent = to_go[edge.parent]
            keys = _pointed_at(connection, edge, parent, staying[edge.child]) - kept[parent.table]
            if keys:
                kept[parent.table] |= keys
                fresh.setdefault(edge.parent, set()).update(keys)
                found.append(_pin(edge, parent, keys))
        staying = {table: among("c", to_go[table].key, keys) for table, keys in fresh.items()}
    return tuple(found), kept


def _pin(edge: Edge, parent: Candidates, keys: set[Any]) -> Pin:
    examples = tuple(sorted(map(str, keys))[:EXAMPLES])
    return Pin(parent.table, len(keys), edge.name, ", ".join(edge.columns), examples)


def _pointed_at(
    connection: Connection, edge: Edge, parent: Candidates, staying: sql.Composable
) -> set[Any]:
    pointers = [sql.Identifier("c", column) for column in edge.columns]
    child = sql.SQL("{} AS c").format(identifier(edge.name))
    if edge.array:
        # Unnested, so that the server can join by hash: it has no join by elements.
        child += sql.SQL(" CROSS JOIN LATERAL unnest({}) AS e(pointer)").format(*pointers)
        pointers = [sql.Identifier("e", "pointer")]
    same = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier("p", target), pointer)
        for target, pointer in zip(edge.targets, pointers, strict=True)
    )
    query = sql.SQL(
        "SELECT DISTINCT {key} FROM {child} JOIN {parent} AS p ON {same} "
        "WHERE {going} AND {staying}"
    ).format(
        key=sql.Identifier("p", parent.key),
        parent=identifier(parent.table),
        child=child,
        same=same,
        going=parent.on("p"),
        staying=staying,
    )
    return {row[0] for row in connection.execute(query)}
