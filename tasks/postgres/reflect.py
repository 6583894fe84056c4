"""Reflect: what the application's tables look like, and whether the declarations fit them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

from tasks.engine.entity import Entity
from tasks.engine.errors import SeedbedError
from tasks.engine.run import Run
from tasks.engine.target import nothing
from tasks.engine.update import Update
from tasks.postgres.database import Connection
from tasks.postgres.encode import ColumnType

_COLUMNS = """
    SELECT a.attname, t.typname, t.typtype, a.atttypmod, t.typelem::int8, a.attnotnull,
           a.attgenerated <> '', pg_get_expr(d.adbin, d.adrelid), a.attidentity <> ''
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""

_CAST = re.compile(r"::[a-z ]+(\([\d,]+\))?")
_CALL = re.compile(r"\w\(|CURRENT_|LOCALTIME")


class SchemaMismatch(SeedbedError):
    """The application's schema is not what an entity was declared for."""

    def __init__(self, entity: str, table: str, problem: str) -> None:
        super().__init__(f"entity {entity!r}: table {table} {problem}; nothing was written")


@dataclass(frozen=True)
class TableColumn:
    """One column as the application made it."""

    type: ColumnType
    required: bool
    """NOT NULL, without a default."""
    generated: bool
    changing: bool
    """Its default differs from run to run (now(), a sequence, a random uuid)."""


def table_columns(connection: Connection, table: str) -> dict[str, TableColumn]:
    """The columns of a table by name, in table order; none when there is no such table."""
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in table.split(".", 1))
    found = connection.execute(_COLUMNS, (quoted,)).fetchall()
    return {
        name: TableColumn(
            ColumnType(name, kind, category, modifier, element),
            required=not_null and default is None and not identity and not generated,
            generated=generated,
            changing=identity or bool(default and _CALL.search(_CAST.sub("", default))),
        )
        for name, kind, category, modifier, element, not_null, generated, default, identity in found
    }


def fitted(connection: Connection, entity: Entity, run: Run) -> tuple[ColumnType, ...]:
    """The columns that an entity fills, with their types, in the order of its declaration.

    Raises:
        SchemaMismatch: a table or column is missing or of another kind, or the entity leaves
            out one that must be given.
    """
    columns = table_columns(connection, entity.table)
    if not columns:
        raise SchemaMismatch(entity.name, entity.table, "does not exist or cannot be seen")
    _must_be_table(connection, entity)
    made = nothing(entity, run).columns
    filled = [name for name in made if name in columns or name not in entity.optional]
    problems = [*_wrong(columns, filled), *_left_out(columns, filled, entity.stamped)]
    if problems:
        raise SchemaMismatch(entity.name, entity.table, " and ".join(problems))
    return tuple(columns[name].type for name in filled)


def changed(connection: Connection, update: Update, run: Run) -> tuple[ColumnType, ...]:
    """The key and the columns that an update changes, with their types.

    Raises:
        SchemaMismatch: a column is missing, or the database generates it.
    """
    columns = table_columns(connection, update.table)
    filled = list(update.columns(nothing(update.of, run)))
    problems = _wrong(columns, filled)
    if problems:
        raise SchemaMismatch(update.name, update.table, " and ".join(problems))
    return tuple(columns[name].type for name in filled)


def _wrong(columns: dict[str, TableColumn], filled: Iterable[str]) -> list[str]:
    return [
        f"generates {name!r} itself; leave it out of the declaration"
        if name in columns
        else f"has no column {name!r}"
        for name in filled
        if name not in columns or columns[name].generated
    ]


def _left_out(
    columns: dict[str, TableColumn], filled: Iterable[str], stamped: Container[str]
) -> list[str]:
    rest = {name: column for name, column in columns.items() if name not in set(filled)}
    return [
        *(
            f"requires {name!r}, which the declaration does not fill"
            for name, column in rest.items()
            if column.required
        ),
        *(
            f"fills {name!r} by a default that differs on every run; declare it"
            for name, column in rest.items()
            if column.changing and not column.generated and name not in stamped
        ),
    ]


def _must_be_table(connection: Connection, entity: Entity) -> None:
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in entity.table.split(".", 1))
    row = connection.execute(
        "SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", (quoted,)
    ).fetchone()
    if row is None or row[0] not in ("r", "p"):
        raise SchemaMismatch(entity.name, entity.table, "is not a table but a view or the like")
