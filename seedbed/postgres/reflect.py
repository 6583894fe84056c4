"""Reflect: what the application's tables look like, and whether the declarations fit them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.update import Update
from seedbed.engine.plan import Mismatch, told
from seedbed.engine.run import Run
from seedbed.engine.target import nothing
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.ownership import identifier

_COLUMNS = """
    SELECT a.attname, t.typname, t.typtype, greatest(a.atttypmod, d.typtypmod, e.typtypmod),
           t.typelem::int8,
           ARRAY(SELECT l.enumlabel::text FROM pg_enum l
                 WHERE l.enumtypid IN (t.oid, t.typelem) ORDER BY l.enumsortorder),
           a.attnotnull OR coalesce(d.typnotnull OR e.typnotnull, false),
           EXISTS (SELECT FROM pg_trigger g
                   WHERE g.tgrelid = a.attrelid AND g.tgenabled IN ('O', 'A') AND g.tgtype & 7 = 7),
           a.attgenerated <> '', pg_get_expr(f.adbin, f.adrelid), a.attidentity <> ''
    FROM pg_attribute a
    LEFT JOIN pg_type d ON d.oid = a.atttypid AND d.typtype = 'd'
    LEFT JOIN pg_type e ON e.oid = d.typbasetype AND e.typtype = 'd'
    JOIN pg_type t ON t.oid = coalesce(e.typbasetype, d.typbasetype, a.atttypid)
    LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
"""A domain, or one over another, is written as the type below it. A trigger before an insert may
fill in what must not be NULL."""

_CAST = re.compile(r"::[a-z ]+(\([\d,]+\))?")
_CALL = re.compile(r"\w\(|CURRENT_|LOCALTIME")


class SchemaMismatch(SeedbedError):
    """The application's schema is not what entities were declared for."""

    def __init__(self, found: Iterable[Mismatch]) -> None:
        super().__init__(f"{'; '.join(told(found))}; nothing was written")


@dataclass(frozen=True)
class Fit:
    """The columns that a step writes, with their types in the database, in declared order.

    None where it cannot be worked with at all: its table or its key is not there.
    """

    columns: tuple[ColumnType, ...] = ()
    found: tuple[Mismatch, ...] = ()


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
    quoted = identifier(table).as_string(connection)
    found = {}
    for row in connection.execute(_COLUMNS, (quoted,)).fetchall():
        name, kind, category, modifier, element, labels, not_null, filled, *rest = row
        generated, default, identity = rest
        null = not not_null or filled
        found[name] = TableColumn(
            ColumnType(name, kind, category, modifier, element, tuple(labels), null),
            required=not_null and default is None and not identity and not generated,
            generated=generated,
            changing=identity or bool(default and _CALL.search(_CAST.sub("", default))),
        )
    return found


def fit(connection: Connection, step: Entity | Update, run: Run) -> Fit:
    """What a step writes, and everything in which its table is not what it was declared for.

    A table or column is missing or of another kind, or an entity leaves out one that must be
    given.
    """
    of = step.of if isinstance(step, Update) else step
    columns = table_columns(connection, step.table)
    if not columns:
        return _unfit(step, "does not exist or cannot be seen")
    if not _is_table(connection, step.table):
        return _unfit(step, "is not a table but a view or the like")
    if isinstance(step, Update):
        filled = list(step.columns(nothing(of, run)))
        problems = _wrong(columns, filled)
    else:
        made = nothing(step, run).columns
        filled = [name for name in made if name in columns or name not in step.optional]
        problems = {**_wrong(columns, filled), **_left_out(columns, filled, step.stamped)}
    found = tuple(Mismatch(step.name, step.table, said, name) for name, said in problems.items())
    if of.key.column not in columns:
        return Fit((), found)
    fits = [columns[n].type for n in filled if n in columns and not columns[n].generated]
    if isinstance(step, Update):  # what follows from rows that are not there yet may be NULL
        fits = [replace(column, null=True) for column in fits]
    return Fit(tuple(fits), found)


def unremovable(connection: Connection, dataset: Dataset) -> tuple[Mismatch, ...]:
    """What keeps a reset from its work: an entity's table, key or reference that is not there.

    No other column matters to it.
    """
    found: list[Mismatch] = []
    for one in dataset.entities:
        columns = table_columns(connection, one.table)
        if not columns:
            found += _unfit(one, "does not exist or cannot be seen").found
        elif not _is_table(connection, one.table):
            found += _unfit(one, "is not a table but a view or the like").found
        else:
            needed = (one.key.column, *one.references)
            found += [
                Mismatch(one.name, one.table, f"has no column {name!r}", name)
                for name in needed
                if name not in columns
            ]
    return tuple(found)


def _unfit(step: Entity | Update, problem: str) -> Fit:
    return Fit((), (Mismatch(step.name, step.table, problem),))


def _wrong(columns: Mapping[str, TableColumn], filled: Iterable[str]) -> dict[str, str]:
    return {
        name: f"generates {name!r} itself; leave it out of the declaration"
        if name in columns
        else f"has no column {name!r}"
        for name in filled
        if name not in columns or columns[name].generated
    }


def _left_out(
    columns: Mapping[str, TableColumn], filled: Iterable[str], stamped: Container[str]
) -> dict[str, str]:
    rest = {name: column for name, column in columns.items() if name not in set(filled)}
    changing = {
        name: f"fills {name!r} by a default that differs on every run; declare it"
        for name, column in rest.items()
        if column.changing and not column.generated and name not in stamped
    }
    required = {
        name: f"requires {name!r}, which the declaration does not fill"
        for name, column in rest.items()
        if column.required
    }
    return required | changing


def _is_table(connection: Connection, table: str) -> bool:
    quoted = identifier(table).as_string(connection)
    row = connection.execute(
        "SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", (quoted,)
    ).fetchone()
    return row is not None and row[0] in ("r", "p")
