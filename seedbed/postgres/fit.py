"""Fit: everything in which a dataset and a database differ, before a row is written.

`fitted` compares the declarations with the catalogue, `refused` some of their rows with the
columns that take them; neither stops at the first mismatch. Who writes refuses with all of them,
who only looks tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.reads import Step
from seedbed.declare.update import Update
from seedbed.declare.values import Columns, shown
from seedbed.engine.plan import Mismatch
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from seedbed.postgres import circles, snapshot
from seedbed.postgres.catalogue import Catalogue
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.connection.failures import passing, sentence
from seedbed.postgres.copy.encode import CannotEncode, ColumnType, Encoder
from seedbed.postgres.copy.errors import RowRefused, RowUnfit
from seedbed.postgres.errors import ENCODING, CannotRead, OtherEncoding, SchemaMismatch
from seedbed.postgres.reflect import Fit, fit
from seedbed.postgres.snapshot import Snapshot


def require_encoding(connection: Connection) -> None:
    """Check that the database takes every character of a declaration.

    SQL_ASCII takes every byte, but its characters are bytes: texts are longer than columns allow,
    and rows of others need not be text at all.

    Raises:
        OtherEncoding: it holds some other set of characters.
    """
    encoding = connection.info.parameter_status("server_encoding") or ""
    if encoding != ENCODING:
        raise OtherEncoding(connection.info.dbname, encoding)


@dataclass(frozen=True)
class Fits:
    """What the steps of a dataset write, by their names, and all that does not fit.

    Where something does not, a step has those of its columns that are there, and none at all
    where its table or its key is not.
    """

    columns: dict[str, tuple[ColumnType, ...]]
    misfits: tuple[Mismatch, ...]


def fitted(
    connection: Connection, dataset: Dataset, catalogue: Catalogue, run: Run, *, lenient: bool
) -> Fits:
    """Compare every entity and update with the catalogue; `lenient` for a run that only looks.

    Raises:
        SchemaMismatch: something does not fit, and the run is not lenient.
        OtherEncoding, PrerequisiteMissing, RequiredCircle: no row could be made here.
    """
    require_encoding(connection)
    found = {step.name: one for step, one in _each(connection, dataset, catalogue, run)}
    misfits = tuple(one for each in found.values() for one in each.found)
    if misfits and not lenient:
        raise SchemaMismatch(misfits)
    circles.refuse(connection, dataset)
    return Fits({name: one.columns for name, one in found.items()}, misfits)


def _each(
    connection: Connection, dataset: Dataset, catalogue: Catalogue, run: Run
) -> Iterator[tuple[Step, Fit]]:
    snapshot.require(connection, dataset, catalogue)
    empty = run.reading(Snapshot(connection, dataset, catalogue, empty=True))
    for step in dataset.steps:
        if isinstance(step, Entity | Update):
            try:
                yield step, fit(catalogue, step, empty)
            except CannotRead as error:
                yield step, Fit((), (Mismatch(step.name, error.table.table, error.problem),))


def refused(
    step: Entity | Update, columns: Iterable[ColumnType], run: Run, size: int
) -> tuple[Mismatch, ...]:
    """What the columns do not take of the first `size` rows: of each column the first value.

    All rows of a small dataset; of a large one enough to meet every label. Vectors, which a
    service makes, are left out.
    """
    rows = next(chunks(step.of if isinstance(step, Update) else step, run, size), None)
    if rows is None:
        return ()
    made = step.columns(rows) if isinstance(step, Update) else rows.inserted()
    found = []
    for column in columns:
        if column.type == "vector":
            continue
        try:
            Encoder((column,)).encode(made, len(rows))
        except CannotEncode as error:
            found.append(_of_value(step.name, step.table, error, made))
    return tuple(found)


@contextmanager
def collected(
    connection: Connection, found: list[Mismatch], entity: str, table: str = ""
) -> Iterator[None]:
    """What the database does not take in the block becomes one more mismatch.

    The block is undone then, and the transaction goes on. An error that can pass is raised.
    """
    try:
        with connection.transaction():
            yield
    except RowUnfit as error:
        found.append(_of_value(entity, table, error.error, error.made))
    except RowRefused as error:
        found.append(Mismatch(entity, table, f"refuses a row: {error.problem}", error.column))
    except CannotRead as error:
        found.append(Mismatch(entity, error.table.table, error.problem))
    except psycopg.Error as error:
        if passing(error):
            raise
        found.append(Mismatch(entity, table, f"cannot be asked: {sentence(error)}"))


def _of_value(entity: str, table: str, error: CannotEncode, made: Columns) -> Mismatch:
    column = error.column
    value = "" if error.row is None else shown(made[column.name], error.row)
    problem = f"takes no {value or 'such value'} in {column.name!r} ({column.sql}): {error.problem}"
    return Mismatch(entity, table, problem, column.name, value)
