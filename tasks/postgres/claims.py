"""Claims: which dataset owns the rows with which keys, in schema `seedbed` of the target.

Two datasets that made keys of one kind in one table would remove each other's rows. Within a
project the declarations are compared; across projects only the database knows both. One line a
table and kind; what else ownership may need one day (recorded numbers, recorded rows) hangs on it.
"""

from __future__ import annotations

from tasks.engine.entity import Dataset, Entity
from tasks.engine.errors import Refused
from tasks.postgres import read
from tasks.postgres.database import Connection
from tasks.postgres.ownership import identifier
from tasks.postgres.reflect import table_columns

TABLE = """
    CREATE TABLE IF NOT EXISTS seedbed.claims (
        relation text NOT NULL,
        scheme text NOT NULL,
        dataset text NOT NULL,
        claimed timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (relation, scheme))
"""

_RELATION = """
    SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s)
"""

_OTHERS = """
    SELECT DISTINCT r.dataset FROM seedbed.runs r
    WHERE r.dataset <> %(dataset)s AND r.verb IN ('seed', 'refresh') AND r.finished > coalesce(
        (SELECT max(finished) FROM seedbed.runs x WHERE x.dataset = r.dataset AND x.verb = 'reset'),
        '-infinity')
    ORDER BY 1
"""


class KindClaimed(Refused):
    """Another dataset owns the rows with such keys."""

    def __init__(self, dataset: str, entity: Entity, other: str) -> None:
        super().__init__(
            f"{dataset}: the keys {entity.key.scheme}… of {entity.table} (entity {entity.name!r}) "
            f"belong to dataset {other!r} in this database; give the entity's key another kind, or "
            f"run `seedbed reset {other} --confirm` first"
        )


def prepare(connection: Connection) -> None:
    """Make the table of claims where it is missing."""
    if not _there(connection):
        connection.execute(TABLE)


def require(connection: Connection, dataset: Dataset, *, recorded: bool) -> None:
    """See that nobody else owns the rows that the dataset would take for its own.

    `recorded` tells whether a run of the dataset made rows here that are there still. Rows with
    such keys that no claim tells of come from an earlier version: they are the dataset's that has
    a record of its runs, and whoever has one claims them in its next run.

    Raises:
        KindClaimed: another dataset does.
    """
    claimed = _claimed(connection)
    others = [] if recorded else _others(connection, dataset)
    for one in dataset.entities:
        owner = claimed.get((_relation(connection, one), one.key.scheme))
        if owner is None and others and _some(connection, one):
            owner = others[0]
        if owner not in (None, dataset.name):
            raise KindClaimed(dataset.name, one, str(owner))


def claim(connection: Connection, dataset: Dataset) -> None:
    """Claim the kinds of the dataset's keys; the lines that are there already stay untouched.

    Raises:
        KindClaimed: another dataset was faster.
    """
    claimed = _claimed(connection)
    for one in dataset.entities:
        place = (_relation(connection, one), one.key.scheme)
        if place not in claimed:
            connection.execute(
                "INSERT INTO seedbed.claims (relation, scheme, dataset) VALUES (%s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                (*place, dataset.name),
            )
    require(connection, dataset, recorded=True)


def release(connection: Connection, dataset: Dataset) -> None:
    """Give up what the dataset claimed: none of its rows is left."""
    if _there(connection):
        connection.execute("DELETE FROM seedbed.claims WHERE dataset = %s", (dataset.name,))


def _claimed(connection: Connection) -> dict[tuple[str, str], str]:
    if not _there(connection):
        return {}
    found = connection.execute("SELECT relation, scheme, dataset FROM seedbed.claims")
    return {(relation, scheme): dataset for relation, scheme, dataset in found}


def _others(connection: Connection, dataset: Dataset) -> list[str]:
    row = connection.execute("SELECT to_regclass('seedbed.runs') IS NOT NULL").fetchone()
    if not (row and row[0]):
        return []
    return [name for (name,) in connection.execute(_OTHERS, {"dataset": dataset.name})]


def _some(connection: Connection, entity: Entity) -> bool:
    """Whether rows with such keys are there; none are where there is no such column."""
    there = entity.key.column in table_columns(connection, entity.table)
    return there and read.some(connection, entity)


def _there(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('seedbed.claims') IS NOT NULL").fetchone()
    return bool(row and row[0])


def _relation(connection: Connection, entity: Entity) -> str:
    quoted = identifier(entity.table).as_string(connection)
    row = connection.execute(_RELATION, (quoted,)).fetchone()
    return str(row[0]) if row else entity.table
