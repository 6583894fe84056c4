"""References: everything that can point at our rows, as foreign keys and declarations say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.postgres.catalogue import catalogue
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import CannotLook
from seedbed.postgres.guard.reach import sees
from seedbed.postgres.ownership import identifier

_EDGES = sql.SQL("""
    WITH RECURSIVE managed(relid) AS (SELECT unnest(%s::regclass[])),
    tree(root, relid) AS (
        SELECT relid::oid, relid::oid FROM managed
        UNION SELECT m.relid::oid, t.relid::oid FROM managed m, LATERAL pg_partition_tree(m.relid) t
        UNION SELECT m.relid::oid, a::oid FROM managed m, LATERAL pg_partition_ancestors(m.relid) a)
    SELECT coalesce(own.root, c.conrelid)::int8, format('%%s.%%s', cn.nspname, cr.relname),
           child.names, t.root::int8, parent.names,
           has_table_privilege(c.conrelid, 'SELECT') AND {sees},
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
""").format(sees=sees(sql.SQL("c.conrelid")))


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
    copied: bool = False
    """Whether the column holds the parent's key in whatever type: a trigger copied it."""

    def same(self, child: str, parent: str) -> sql.Composed:
        """The condition that a row of alias `child` points at one of alias `parent`."""
        pointers: list[sql.Composable] = [sql.Identifier(child, one) for one in self.columns]
        if self.array:
            pointers = [sql.Identifier(f"{child}_element", "pointer")]
        cast = sql.SQL("::text" if self.copied else "")
        return sql.SQL(" AND ").join(
            sql.SQL("{}{} = {}{}").format(sql.Identifier(parent, target), cast, pointer, cast)
            for target, pointer in zip(self.targets, pointers, strict=True)
        )

    def rows(self, child: str) -> sql.Composed:
        """The child's rows as alias `child`, for a FROM clause.

        An array is unnested, so that the server can join by hash: it has no join by elements.
        """
        table = sql.SQL("{} AS {}").format(identifier(self.name), sql.Identifier(child))
        if not self.array:
            return table
        return sql.SQL("{} CROSS JOIN LATERAL unnest({}) AS {}(pointer)").format(
            table,
            sql.Identifier(child, *self.columns),
            sql.Identifier(f"{child}_element"),
        )


@dataclass(frozen=True)
class Ties:
    """The dataset's tables, by oid, and everything that points at them.

    In a transaction that holds the tables (`RunContext.writing`) nobody adds a foreign key.
    """

    ids: Mapping[str, int]
    edges: tuple[Edge, ...]


def oids(connection: Connection, tables: Sequence[str]) -> dict[str, int]:
    """The object ids of tables."""
    quoted = [identifier(table).as_string(connection) for table in tables]
    found = connection.execute("SELECT unnest(%s::regclass[])::oid::int8", (quoted,))
    return dict(zip(tables, (oid for (oid,) in found), strict=True))


def ties(connection: Connection, dataset: Dataset) -> Ties:
    """Every foreign key that points at the dataset's tables, and every declared reference.

    Raises:
        CannotLook: this role may not read a table that points at ours, or some of its rows.
    """
    ids = oids(connection, managed(dataset))
    found = connection.execute(_EDGES, (list(ids.values()),)).fetchall()
    for _, name, _, _, _, readable, _ in found:
        if not readable:
            raise CannotLook(name)
    foreign_keys = [
        Edge(child, name, tuple(columns), parent, tuple(targets), indexed)
        for child, name, columns, parent, targets, _, indexed in found
    ]
    pointing = catalogue(connection, {one.table for one in dataset.entities if one.references})
    declared = [
        Edge(
            ids[one.table],
            one.table,
            (column,),
            ids[up.table],
            (up.key.column,),
            array=pointing.columns(one.table)[column].type.is_array,
        )
        for one in dataset.entities
        for column, up in one.references.items()
    ]
    keys = {one.table: one.key.column for one in dataset.entities}
    copied = [
        Edge(ids[one.table], one.table, (one.column,), ids[one.of], (keys[one.of],), copied=True)
        for one in dataset.made_by_triggers
    ]
    return Ties(ids, tuple(dict.fromkeys(foreign_keys + declared + copied)))


def managed(dataset: Dataset) -> tuple[str, ...]:
    """The tables whose rows a run removes: those it writes, and those that triggers fill for it."""
    followed = (one.table for one in dataset.made_by_triggers)
    return tuple(dict.fromkeys([*dataset.tables, *followed]))
