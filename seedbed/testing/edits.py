"""Edits: what a person changes in our rows, for any schema."""

from __future__ import annotations

import random

from psycopg import sql

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.engine.report import Drift
from seedbed.postgres.ownership import owned
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import identifier

_EDITED = {
    "S": "'!' || substr(coalesce({c}, ''), 2)",
    "N": "coalesce({c}, 0) + 1",
    "B": "NOT coalesce({c}, false)",
    "D": "coalesce({c}, '2001-01-01') + interval '1 day'",
}

_EDITABLE = """
    SELECT a.attname::text, t.typcategory::text
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND t.typcategory = ANY(%(categories)s) AND a.attname = ANY(%(filled)s)
      AND t.typname <> 'time'
      AND NOT EXISTS (SELECT FROM pg_constraint c
                      WHERE c.conrelid = a.attrelid AND a.attnum = ANY(c.conkey)
                        AND c.contype <> 'n')
      AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_index i ON i.indexrelid = d.objid
                      WHERE i.indrelid = a.attrelid AND d.refobjid = a.attrelid
                        AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass)
    ORDER BY a.attnum
"""
"""Columns that nothing constrains, so that a person may write anything into them."""


def _may_be_edited(context: RunContext, entity: Entity) -> list[str]:
    """The columns that are compared, and that no other of our columns is kept up to date with.

    An update that follows from a column has to write again when a person changes it.
    """
    left_out = set(entity.stamped)
    for step in context.dataset.later:
        left_out.update(*(one.columns for one in step.tables if one.table == entity.table))
    return [one.name for one in context.columns[entity.name] if one.name not in left_out]


def edit(
    person: Connection, context: RunContext, entity: Entity, draw: random.Random
) -> Drift | None:
    """Change up to two columns of up to three rows; what drift has to say about it."""
    columns = person.execute(
        _EDITABLE,
        {
            "table": identifier(entity.table).as_string(person),
            "categories": list(_EDITED),
            "filled": _may_be_edited(context, entity),
        },
    ).fetchall()
    if not columns:
        return None
    changed = dict(draw.sample(columns, min(2, len(columns))))
    names = [c.name for c in context.columns[entity.name] if c.name in changed]
    key = sql.Identifier(entity.key.column)
    statement = sql.SQL(
        "UPDATE {table} SET {set} WHERE {key} IN "
        "(SELECT {key} FROM {table} AS own WHERE {mine} ORDER BY {key} LIMIT 3)"
    ).format(
        table=identifier(entity.table),
        set=sql.SQL(", ").join(
            sql.SQL("{c} = " + _EDITED[changed[name]]).format(c=sql.Identifier(name))
            for name in names
        ),
        key=key,
        mine=owned(entity, "own"),
    )
    with person.transaction():
        person.execute("SET LOCAL session_replication_role = replica")
        rows = person.execute(statement).rowcount
    certain = not entity.grounded
    return Drift(entity.name, entity.table, rows, tuple(names), certain) if rows else None
