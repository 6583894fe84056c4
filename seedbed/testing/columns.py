"""Columns: those of a table, as the application's own statements see them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from uuid import UUID

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


def columns(connection: Connection, table: str) -> list[Column]:
    name = identifier(table).as_string(connection)
    return [Column(*row) for row in connection.execute(_COLUMNS, (name,))]


def something(column: Column, draw: random.Random) -> str:
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
