"""Snapshot: the tables that declarations read, as one transaction sees them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from seedbed.declare.counts import Requirement
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.reads import SEEDED, Table, alike
from seedbed.declare.values import Integers
from seedbed.engine.requirement import own_table
from seedbed.engine.rows import Rows
from seedbed.engine.run import as_frame
from seedbed.postgres.catalogue import Catalogue
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import CannotRead, PrerequisiteMissing
from seedbed.postgres.ownership import by_table, identifier

TOO_FAR = (
    "holds a date or time outside of the years 1 to 9999, such as infinity, that cannot be read; "
    "correct it there"
)


@dataclass(frozen=True)
class _Whole:
    """All rows of a table: which of the dataset's entities made each (-1: none), its number."""

    frame: pd.DataFrame
    owner: Integers
    number: Integers


class Snapshot:
    """Reads tables for a dataset; each once, so that all frames of a step belong together.

    Rows that a plan would add can be laid over those that are there (`add`). With `empty`
    tables have their columns only, except those that have to hold rows. With `only`, keys by table,
    no others of our own rows are seen.
    """

    def __init__(
        self,
        connection: Connection,
        dataset: Dataset,
        catalogue: Catalogue,
        *,
        empty: bool = False,
        only: Mapping[str, Collection[Any]] | None = None,
    ) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._entities = by_table(dataset)
        self._columns = columns_read(dataset)
        self._empty = empty
        self._only = only
        self._wholes: dict[str, _Whole] = {}
        self._frames: dict[Table, pd.DataFrame] = {}
        self._planned: dict[str, list[tuple[Entity, pd.DataFrame]]] = {}

    def __call__(self, table: Table) -> pd.DataFrame:
        """The rows of the table, in key order, with the column `seeded`.

        Raises:
            CannotRead: the table, or a column of it, is not there.
        """
        if table not in self._frames:
            if table.table not in self._wholes:
                self._wholes[table.table] = self._read(table)
            frame = self._visible(table, self._wholes[table.table])
            self._frames[table] = self._with_planned(table, frame)
        return self._frames[table]

    def add(self, rows: Rows) -> None:
        """Lay rows that a plan would add over the table of their entity."""
        entity = rows.entity
        assert entity is not None  # rows of a target
        frame = as_frame(rows).assign(**{SEEDED: rows.number})
        self._planned.setdefault(entity.table, []).append((entity, frame))
        # What was read before does not know them yet.
        self._frames = {t: f for t, f in self._frames.items() if t.table != entity.table}

    def _read(self, table: Table) -> _Whole:
        held = self._catalogue.columns(table.table)
        if not held:
            raise CannotRead(table, ())
        wanted = dict.fromkeys((table.key, *self._columns.get(table.table, ()), *table.columns))
        names = [name for name in wanted if name in held]
        query = sql.SQL("SELECT {columns} FROM {table} WHERE {some} ORDER BY {key}").format(
            columns=sql.SQL(", ").join(
                # The driver knows no enums: it would hand out their bytes.
                sql.SQL("{}::text" if held[name].type.kind == "e" else "{}").format(
                    sql.Identifier(name)
                )
                for name in names
            ),
            table=identifier(table.table),
            some=sql.SQL("false" if self._empty and not table.required else "true"),
            key=sql.Identifier(table.key),
        )
        try:
            found = self._connection.execute(query, binary=True).fetchall()
        except psycopg.DataError as error:
            if error.sqlstate is not None:
                raise
            raise CannotRead(table, (), TOO_FAR) from None
        columns = zip(*found, strict=True) if found else [()] * len(names)
        series = {
            name: _series(list(values), held[name].type.type)
            for name, values in zip(names, columns, strict=True)
        }
        return self._owned(table, pd.DataFrame(series))

    def _owned(self, table: Table, frame: pd.DataFrame) -> _Whole:
        owner, number = np.full(len(frame), -1), np.zeros(len(frame), dtype=np.int64)
        keys = list(frame[table.key])
        for place, entity in enumerate(self._entities.get(table.table, ())):
            found, ours = entity.key.read(keys)
            owner[ours], number[ours] = place, found[ours]
        if self._only is not None:
            held = set(self._only.get(table.table, ()))
            shown = (owner < 0) | np.array([key in held for key in keys], dtype=bool)
            frame = frame[shown].reset_index(drop=True)
            owner, number = owner[shown], number[shown]
        return _Whole(frame, owner, number)

    def _visible(self, table: Table, whole: _Whole) -> pd.DataFrame:
        """The table's columns, without our rows that it does not show."""
        names = list(dict.fromkeys((table.key, *table.columns)))
        absent = [name for name in names if name not in whole.frame]
        if absent:
            raise CannotRead(table, absent)
        frame = whole.frame[names].assign(**{SEEDED: whole.number})
        if table.after is None:
            return frame
        made = self._entities.get(table.table, ())
        shown = [-1, *(place for place, one in enumerate(made) if one in table.after)]
        return frame[np.isin(whole.owner, shown)].reset_index(drop=True)

    def _with_planned(self, table: Table, frame: pd.DataFrame) -> pd.DataFrame:
        planned = [
            alike(_with_all(rows, table, frame), frame)
            for entity, rows in self._planned.get(table.table, ())
            if table.after is None or entity in table.after
        ]
        if not planned:
            return frame
        whole = pd.concat([frame, *planned], ignore_index=True)
        return whole.sort_values(table.key, ignore_index=True)


def _with_all(rows: pd.DataFrame, table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Planned rows with what the database will fill in: NULL, and keys that no row has.

    How many rows hang on them is known before their keys are.
    """
    found = rows.copy()
    for name in frame.columns.difference(rows.columns):
        found[name] = None
    if table.key not in rows.columns:
        found[table.key] = -rows[SEEDED].to_numpy()
        if frame[table.key].dtype == object:
            found[table.key] = [f"planned {number}" for number in rows[SEEDED]]
    return found


@cache
def columns_read(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """The columns of every table that some step of the dataset reads."""
    found: dict[str, dict[str, None]] = {}
    for step in dataset.steps:
        wanted = isinstance(step, Entity) and isinstance(step.count, Requirement)
        own = (own_table(step),) if isinstance(step, Entity) and wanted else ()
        for table in (*step.tables, *own):
            found.setdefault(table.table, {}).update(dict.fromkeys(table.columns))
    return {table: tuple(columns) for table, columns in found.items()}


def _series(values: list[Any], kind: str) -> pd.Series[Any]:
    """Times and whole numbers as numpy has them, everything else as Python objects."""
    if kind in ("timestamp", "timestamptz"):
        naive = [value.replace(tzinfo=None) if value else None for value in values]  # in UTC
        return pd.Series(naive, dtype="datetime64[us]")
    if kind in ("int2", "int4", "int8"):
        return pd.Series(values, dtype="Int64" if None in values else "int64")
    return pd.Series(values, dtype=object)


def require(connection: Connection, dataset: Dataset, catalogue: Catalogue) -> None:
    """Check that the application's own rows, which seeding needs, are there.

    Raises:
        PrerequisiteMissing: a required value is not among them.
    """
    read = Snapshot(connection, dataset, catalogue)
    for table in dataset.prerequisites:
        for column, values in table.required.items():
            absent = sorted(set(values) - set(read(table)[column]))
            if absent:
                raise PrerequisiteMissing(table, column, absent)
