"""Record: what runs did, in schema `seedbed` of the target; written with the rows it tells of.

A run that finds nothing to do leaves no record: it writes nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from seedbed.engine.run import Run
from seedbed.postgres import claims
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import _LATER, EarlierRecord, NoRecord

_TABLE = """
    CREATE TABLE IF NOT EXISTS seedbed.runs (
        run uuid NOT NULL,
        verb text NOT NULL,
        dataset text NOT NULL,
        step text NOT NULL,
        environment text NOT NULL,
        seed int8 NOT NULL,
        as_of date NOT NULL,
        anchor date NOT NULL,
        scale int4 NOT NULL,
        generator text NOT NULL,
        added int8 NOT NULL,
        removed int8 NOT NULL,
        updated int8 NOT NULL,
        started timestamptz NOT NULL,
        finished timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (run, dataset, step))
"""


_INSERT = """
    INSERT INTO seedbed.runs (run, verb, dataset, step, environment, seed, as_of, anchor, scale,
                              generator, added, removed, updated, started)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, transaction_timestamp())
    ON CONFLICT (run, dataset, step) DO UPDATE SET
        added = runs.added + excluded.added, removed = runs.removed + excluded.removed,
        updated = runs.updated + excluded.updated,
        started = least(runs.started, excluded.started), finished = excluded.finished
"""


@dataclass(frozen=True)
class Author:
    """Which run writes, and the version of the generator that makes its values."""

    run: str
    verb: str
    environment: str
    generator: str


@dataclass(frozen=True)
class Recorded:
    """The coordinates that the rows in the database were made with."""

    seed: int
    as_of: date
    anchor: date
    scale: int
    generators: frozenset[str]
    """Versions of the generator that wrote since the last reset."""


def coordinates(run: Run, author: Author) -> Recorded:
    """What is recorded once all rows are made by one run."""
    generators = frozenset({author.generator})
    return Recorded(run.seed, run.as_of, run.anchor, run.scale, generators)


def prepare(connection: Connection) -> None:
    """Make sure that runs can be recorded.

    Raises:
        NoRecord, EarlierRecord: they cannot.
    """
    columns = _columns(connection)
    if columns and "updated" not in columns:
        try:
            connection.execute(_LATER)
        except psycopg.errors.InsufficientPrivilege:
            raise EarlierRecord from None
    try:
        _make(connection, columns)
    except psycopg.errors.InsufficientPrivilege:
        raise NoRecord from None


def _make(connection: Connection, columns: frozenset[str]) -> None:
    if not columns:
        # IF NOT EXISTS asks for the right to create first, which a run's role does not have.
        if not connection.execute("SELECT FROM pg_namespace WHERE nspname = 'seedbed'").rowcount:
            connection.execute("CREATE SCHEMA IF NOT EXISTS seedbed")
        connection.execute(_TABLE)
    claims.prepare(connection)


def _columns(connection: Connection) -> frozenset[str]:
    """The columns of the table of runs; none when there is no table."""
    found = connection.execute(
        "SELECT attname::text FROM pg_attribute "
        "WHERE attrelid = to_regclass('seedbed.runs') AND attnum > 0 AND NOT attisdropped"
    )
    return frozenset(name for (name,) in found)


def write(
    connection: Connection,
    author: Author,
    run: Run,
    step: str,
    *,
    added: int = 0,
    removed: int = 0,
    updated: int = 0,
) -> None:
    """Record one step, in the transaction that made its rows."""
    values: Sequence[Any] = (
        author.run,
        author.verb,
        run.dataset,
        step,
        author.environment,
        run.seed,
        run.as_of,
        run.anchor,
        run.scale,
        author.generator,
        added,
        removed,
        updated,
    )
    connection.execute(_INSERT, values)


def latest(connection: Connection, dataset: str) -> Recorded | None:
    """The coordinates of the rows that are there; None before the first run and after a reset.

    A reset that had to keep rows ends nothing: what it kept has the coordinates it had.
    """
    row = connection.execute("SELECT to_regclass('seedbed.runs') IS NOT NULL").fetchone()
    if not (row and row[0]):
        return None
    found = connection.execute(
        """
        SELECT seed, as_of, anchor, scale, array_agg(generator) OVER ()
        FROM seedbed.runs
        WHERE dataset = %(dataset)s AND verb IN ('seed', 'refresh') AND finished > coalesce(
            (SELECT max(finished) FROM seedbed.runs WHERE dataset = %(dataset)s AND verb = 'reset'),
            '-infinity')
        ORDER BY finished DESC LIMIT 1
        """,
        {"dataset": dataset},
    ).fetchone()
    if found is None:
        return None
    seed, as_of, anchor, scale, generators = found
    return Recorded(seed, as_of, anchor, scale, frozenset(generators))


@dataclass(frozen=True)
class Line:
    """One step of a recorded run."""

    run: str
    verb: str
    environment: str
    as_of: date
    step: str
    added: int
    removed: int
    updated: int
    started: datetime
    finished: datetime


def last(connection: Connection, dataset: str) -> tuple[Line, ...]:
    """The steps of the last run that changed anything, in the order in which they ended."""
    row = connection.execute("SELECT to_regclass('seedbed.runs') IS NOT NULL").fetchone()
    if not (row and row[0]):
        return ()
    found = connection.execute(
        """
        SELECT run::text, verb, environment, as_of, step, added, removed,
               coalesce((to_jsonb(runs) ->> 'updated')::int8, 0),  -- an earlier version's has none
               started, finished
        FROM seedbed.runs WHERE dataset = %(dataset)s AND run = (
            SELECT run FROM seedbed.runs WHERE dataset = %(dataset)s
            ORDER BY finished DESC LIMIT 1)
        ORDER BY finished
        """,
        {"dataset": dataset},
    )
    return tuple(Line(*line) for line in found)
