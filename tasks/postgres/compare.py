"""Compare: the SQL that tells whether a column holds a value."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql

from tasks.postgres.encode import ColumnType


def differs(column: ColumnType, one: str, other: str) -> sql.Composed:
    """True where the column differs between the rows of two aliases; NULL equals NULL."""
    return sql.SQL("({a}{t} IS DISTINCT FROM {b}{t})").format(
        a=sql.Identifier(one, column.name), b=sql.Identifier(other, column.name), t=_as(column)
    )


def holds(column: ColumnType, alias: str, value: Any) -> sql.Composed:
    """True where the column holds the value; NULL equals NULL."""
    text = json.dumps(value) if isinstance(value, dict | list) else value
    return sql.SQL("({c}{t} IS NOT DISTINCT FROM {value})").format(
        # A literal without a type takes the column's: an enum's label, a date, json.
        c=sql.Identifier(alias, column.name),
        t=_as(column),
        value=sql.Literal(text),
    )


def _as(column: ColumnType) -> sql.SQL:
    # json has no equality; its text is what a person would compare.
    return sql.SQL("::text" if column.type == "json" else "")
