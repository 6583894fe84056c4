"""Columns: those of a table, as the application's own statements see them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from uuid import UUID

from seedbed.declare.errors import UsageError
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import identifier

VARIED = {"S", "N", "D", "uuid"}
"""Categories of types that have as many values as it takes to be unlike the others."""


@dataclass(frozen=True)
class Column:
    """One column, as far as a value for it depends on it."""

    name: str
    category: str
    length: int
    required: bool
    given: bool
    """Has a default, or is an identity."""
    label: str | None
    """An enum's first label."""
    type: str


class NoValue(UsageError):
    """A row cannot be made up."""

    def __init__(self, column: Column) -> None:
        super().__init__(
            f"the laws put in a row as the application would, and know no value of the type "
            f"{column.type} for its column {column.name!r}; give the column a default in schema.sql"
        )


_COLUMNS = """
    SELECT a.attname, CASE WHEN t.typname = 'uuid' THEN 'uuid' WHEN t.typname ~ '^json'
               THEN 'json' WHEN t.typname = 'bytea' THEN 'bytea' ELSE t.typcategory::text END,
           greatest(a.atttypmod - 4, 0), a.attnotnull, d.adbin IS NOT NULL OR a.attidentity <> '',
           (SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid
            ORDER BY e.enumsortorder LIMIT 1),
           format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a JOIN pg_type declared ON declared.oid = a.atttypid
    JOIN pg_type t ON t.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attgenerated = '' ORDER BY a.attnum
"""


def columns(connection: Connection, table: str) -> list[Column]:
    """The columns that a statement can write, in the table's order."""
    name = identifier(table).as_string(connection)
    return [Column(*row) for row in connection.execute(_COLUMNS, (name,))]


def something(column: Column, draw: random.Random) -> str:
    """A value of the column's type, unlike any that is there.

    Raises:
        NoValue: of a type like this none is known.
    """
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
        "bytea": f"\\x{number:08x}",
        "R": "empty",
    }
    if column.label is None and column.category not in made:
        raise NoValue(column)
    return column.label or made[column.category]
