"""Catalogue: the columns of tables as the application made them, all read at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seedbed.declare.entity import Dataset
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.ownership import identifier

_COLUMNS = """
    SELECT asked.name, c.relkind, a.attname, t.typname, t.typtype,
           greatest(a.atttypmod, d.typtypmod, e.typtypmod), t.typelem::int8,
           ARRAY(SELECT l.enumlabel::text FROM pg_enum l
                 WHERE l.enumtypid IN (t.oid, t.typelem) ORDER BY l.enumsortorder),
           a.attnotnull OR coalesce(d.typnotnull OR e.typnotnull, false),
           EXISTS (SELECT FROM pg_trigger g
                   WHERE g.tgrelid = a.attrelid AND g.tgenabled IN ('O', 'A') AND g.tgtype & 7 = 7),
           a.attgenerated <> '', pg_get_expr(f.adbin, f.adrelid), a.attidentity <> ''
    FROM unnest(%s::text[], %s::text[]) AS asked(name, quoted)
    JOIN pg_class c ON c.oid = to_regclass(asked.quoted)
    JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_type d ON d.oid = a.atttypid AND d.typtype = 'd'
    LEFT JOIN pg_type e ON e.oid = d.typbasetype AND e.typtype = 'd'
    JOIN pg_type t ON t.oid = coalesce(e.typbasetype, d.typbasetype, a.atttypid)
    LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    ORDER BY asked.name, a.attnum
"""
"""A domain, or one over another, is written as the type below it. A trigger before an insert may
fill in what must not be NULL."""

ABSENT = "does not exist or cannot be seen"
"""Of a table; whoever knows what to do about it says more."""

_CAST = re.compile(r"::[a-z ]+(\([\d,]+\))?")
_CALL = re.compile(r"\w\(|CURRENT_|LOCALTIME")


@dataclass(frozen=True)
class TableColumn:
    """One column as the application made it."""

    type: ColumnType
    required: bool
    """NOT NULL, without a default."""
    generated: bool
    changing: bool
    """Its default differs from run to run (now(), a sequence, a random uuid)."""


@dataclass(frozen=True)
class Catalogue:
    """What a transaction saw of some tables. A run reads it once: who writes holds the tables
    against migrations and compares them again (`shape`)."""

    _columns: Mapping[str, Mapping[str, TableColumn]]
    _kinds: Mapping[str, str] = field(default_factory=dict)
    absent: str = ABSENT
    """What is said of a table that is not there."""

    def columns(self, table: str) -> Mapping[str, TableColumn]:
        """The columns by name, in table order; none where the table is not there."""
        return self._columns[table]

    def is_table(self, table: str) -> bool:
        """Whether it is a table, and no view or the like."""
        return self._kinds.get(table) in ("r", "p")


def catalogue(connection: Connection, tables: Iterable[str], absent: str = ABSENT) -> Catalogue:
    """What is there of the tables."""
    columns: dict[str, dict[str, TableColumn]] = {table: {} for table in tables}
    kinds: dict[str, str] = {}
    quoted = [identifier(table).as_string(connection) for table in columns]
    for row in connection.execute(_COLUMNS, (list(columns), quoted)).fetchall():
        table, relkind, name, kind, category, modifier, element, labels, not_null, *rest = row
        filled, generated, default, identity = rest
        null = not not_null or filled
        kinds[table] = relkind
        columns[table][name] = TableColumn(
            ColumnType(name, kind, category, modifier, element, tuple(labels), null),
            required=not_null and default is None and not identity and not generated,
            generated=generated,
            changing=identity or bool(default and _CALL.search(_CAST.sub("", default))),
        )
    return Catalogue(columns, kinds, absent)


def catalogue_of(connection: Connection, dataset: Dataset, absent: str = ABSENT) -> Catalogue:
    """What is there of all tables that a dataset writes and reads."""
    return catalogue(connection, [*dataset.tables, *dataset.reads], absent)
