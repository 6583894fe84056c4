"""Errors of postgres/copy: what went wrong, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from seedbed.declare.entity import Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.values import Columns
from seedbed.engine.rows import Rows
from seedbed.postgres.connection.failures import copied, remedy, said

if TYPE_CHECKING:
    from seedbed.postgres.copy.fields import ColumnType


class WrongColumn(SeedbedError):
    """A column that is missing, or whose length is not the number of rows."""

    def __init__(self, column: ColumnType, problem: str) -> None:
        super().__init__(f"column {column.name!r} ({column.sql}) {problem}")


class CannotEncode(SeedbedError):
    """A value that does not fit its column; `row` counts from 0 in the chunk, None = no row."""

    def __init__(self, column: ColumnType, row: int | None, problem: str) -> None:
        self.column, self.row, self.problem = column, row, problem
        place = "a category that no row uses" if row is None else f"row {row}"
        super().__init__(f"column {column.name!r} ({column.sql}), {place}: {problem}")


_REMEDIES = {
    "22": "declare another value, or let a migration change the column",
    "23": "declare something else, or let a migration change that rule",
    "23503": "what it points at is not there",
    "23505": "another row holds the same; remove that one, or declare something else",
    "23P01": "another row excludes it; remove that one, or declare something else",
}
"""What to do about a row, by SQLSTATE or its class."""


class RowRefused(SeedbedError):
    """The database refused a row; nothing of its step was kept."""

    def __init__(self, entity: Entity, rows: Rows, error: psycopg.Error) -> None:
        line, self.column = copied(error)
        self.row = None if line is None or line > len(rows) else line - 1
        self.problem = said(error)
        self.entity, self.rows = entity, rows
        self.constraint = error.diag.constraint_name
        self.relation = (error.diag.schema_name, error.diag.table_name)
        self.missing_partition = error.diag.source_function == "ExecFindPartition"
        code = error.sqlstate or ""
        known = remedy(error) or _REMEDIES.get(code) or _REMEDIES.get(code[:2], "")
        super().__init__(
            f"{entity.table}: {self.problem}{_at(rows, self.row)}; "
            f"{known and f'{known}; '}nothing of this step was kept"
        )


class RowUnfit(SeedbedError):
    """A value that its column does not take; nothing of its step was kept."""

    def __init__(self, entity: Entity, rows: Rows, made: Columns, error: CannotEncode) -> None:
        self.made, self.error = made, error
        super().__init__(
            f"{entity.table}: {error}{_at(rows, error.row)}; nothing of this step was kept"
        )


def _at(rows: Rows, row: int | None) -> str:
    """Which row it is, by its key."""
    if row is None or rows.entity is None:
        return ""
    return f", at key {rows.entity.key.values(rows.number[row : row + 1])[0]}"
