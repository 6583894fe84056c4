"""Compare: the SQL that tells whether a column holds a value."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.postgres.copy.encode import ColumnType


def differs(column: ColumnType, one: str, other: str) -> sql.Composed:
    """True where the column differs between the rows of two aliases; NULL equals NULL."""
    return sql.SQL("({a}{t} IS DISTINCT FROM {b}{t})").format(
        a=sql.Identifier(one, column.name), b=sql.Identifier(other, column.name), t=_as(column)
    )


def holds(column: ColumnType, alias: str, value: Any) -> sql.Composed:
    """True where the column holds the value; NULL equals NULL."""
    return sql.SQL("({c}{t} IS NOT DISTINCT FROM {value})").format(
        c=sql.Identifier(alias, column.name), t=_as(column), value=literal(value)
    )


def literal(value: Any) -> sql.Literal:
    """A value without a type, which takes the column's: an enum's label, a date, json."""
    return sql.Literal(json.dumps(value) if isinstance(value, dict | list) else value)


def edited(entity: Entity, column: ColumnType, other: str) -> sql.Composed:
    """True where the entity's row `own` differs from `other`, what its declaration makes.

    A staged value that is not settled yet is no edit but a gap.
    """
    differing = differs(column, "own", other)
    if column.name not in entity.staged:
        return differing
    staged = holds(column, "own", entity.staged[column.name])
    return sql.SQL("({} AND NOT {})").format(differing, staged)


def _as(column: ColumnType) -> sql.SQL:
    # json has no equality; its text is what a person would compare.
    return sql.SQL("::text" if column.type == "json" else "")
