"""Claims: which dataset owns the rows with which keys, in schema `seedbed` of the target.

Two datasets that made keys of one kind in one table would remove each other's rows. Within a
project the declarations are compared; across projects only the database knows both. One line a
table and kind; what else ownership may need one day (recorded numbers, recorded rows) hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.declare.entity import Dataset, Entity
from seedbed.postgres import read
from seedbed.postgres.catalogue import Catalogue
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import KindClaimed
from seedbed.postgres.fence import Fence
from seedbed.postgres.ownership import identifier

TABLE = """
    CREATE TABLE IF NOT EXISTS seedbed.claims (
        relation text NOT NULL,
        scheme text NOT NULL,
        relid oid NOT NULL,
        dataset text NOT NULL,
        claimed timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (relation, scheme))
"""

_RELATIONS = """
    WITH RECURSIVE asked(name, oid) AS (
        SELECT name, to_regclass(quoted)::oid
        FROM unnest(%s::text[], %s::text[]) AS tables(name, quoted)),
    above(name, oid) AS (
        SELECT name, oid FROM asked
        UNION SELECT above.name, i.inhparent FROM above JOIN pg_catalog.pg_inherits i
            ON i.inhrelid = above.oid),
    family(name, oid) AS (
        SELECT name, oid FROM above
        UNION SELECT family.name, i.inhrelid FROM family JOIN pg_catalog.pg_inherits i
            ON i.inhparent = family.oid)
    SELECT asked.name, n.nspname || '.' || c.relname, c.oid::int8,
           ARRAY(SELECT family.oid::int8 FROM family WHERE family.name = asked.name)
    FROM asked JOIN pg_catalog.pg_class c ON c.oid = asked.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
"""

_OTHERS = """
    SELECT DISTINCT r.dataset FROM seedbed.runs r
    WHERE r.dataset <> %(dataset)s AND r.verb IN ('seed', 'refresh') AND r.finished > coalesce(
        (SELECT max(finished) FROM seedbed.runs x WHERE x.dataset = r.dataset AND x.verb = 'reset'),
        '-infinity')
    ORDER BY 1
"""


def prepare(connection: Connection) -> None:
    """Make the table of claims where it is missing."""
    if not _there(connection):
        connection.execute(TABLE)


def require(
    connection: Connection, dataset: Dataset, catalogue: Catalogue, *, recorded: bool
) -> None:
    """See that nobody else owns the rows that the dataset would take for its own.

    `recorded` tells whether a run of the dataset made rows here that are there still. Rows with
    such keys that no claim tells of come from an earlier version: they are the dataset's that has
    a record of its runs, and whoever has one claims them in its next run.

    Raises:
        KindClaimed: another dataset does.
    """
    claimed = _claimed(connection)
    own = any(one.dataset == dataset.name for one in claimed)
    others = [] if recorded else _others(connection, dataset)
    places = _places(connection, dataset)
    for one in dataset.entities:
        place = places[one.table]
        owners = {
            each.dataset
            for each in claimed
            if each.scheme == one.key.scheme
            and (each.relation == place.name or each.relid in place.family)
        }
        if not owners and (own or others) and _some(connection, one, catalogue):
            # Rows with such keys that no claim of ours tells of, though others' do, or a record.
            owners = set(others[:1]) or {"(nobody)"}
        if owners - {dataset.name}:
            raise KindClaimed(dataset.name, one, min(owners - {dataset.name}))


def claim(connection: Connection, dataset: Dataset, catalogue: Catalogue) -> None:
    """Claim the kinds of the dataset's keys; the lines that are there already stay untouched.

    Raises:
        KindClaimed: another dataset was faster.
    """
    claimed = {(one.relation, one.scheme) for one in _claimed(connection)}
    places = _places(connection, dataset)
    for one in dataset.entities:
        place = places[one.table]
        if (place.name, one.key.scheme) not in claimed:
            connection.execute(
                "INSERT INTO seedbed.claims (relation, scheme, relid, dataset) "
                "VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (place.name, one.key.scheme, place.oid, dataset.name),
            )
    require(connection, dataset, catalogue, recorded=True)


def release(fence: Fence, dataset: Dataset) -> None:
    """Give up what the dataset claimed: none of its rows is left."""
    if _there(fence.connection):
        gone = fence.connection.execute(
            "DELETE FROM seedbed.claims WHERE dataset = %s", (dataset.name,)
        )
        fence.plan("seedbed.claims", deleted=gone.rowcount)


@dataclass(frozen=True)
class Claim:
    """One line."""

    relation: str
    scheme: str
    relid: int
    dataset: str


@dataclass(frozen=True)
class Place:
    """A table as it is called, what it is, and the tables that it shares rows with."""

    name: str
    oid: int
    family: tuple[int, ...]
    """Itself, what it is a partition or an heir of, and all of these."""


def _claimed(connection: Connection) -> list[Claim]:
    if not _there(connection):
        return []
    found = connection.execute("SELECT relation, scheme, relid::int8, dataset FROM seedbed.claims")
    return [Claim(*row) for row in found]


def _others(connection: Connection, dataset: Dataset) -> list[str]:
    row = connection.execute("SELECT to_regclass('seedbed.runs') IS NOT NULL").fetchone()
    if not (row and row[0]):
        return []
    return [name for (name,) in connection.execute(_OTHERS, {"dataset": dataset.name})]


def _some(connection: Connection, entity: Entity, catalogue: Catalogue) -> bool:
    """Whether rows with such keys are there; none are where there is no such column."""
    there = entity.key.column in catalogue.columns(entity.table)
    return there and read.some(connection, entity)


def _there(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('seedbed.claims') IS NOT NULL").fetchone()
    return bool(row and row[0])


def _places(connection: Connection, dataset: Dataset) -> dict[str, Place]:
    """Every table's place; what is not there is told with all else that does not fit."""
    places = {table: Place(table, 0, ()) for table in dataset.tables}
    quoted = [identifier(table).as_string(connection) for table in places]
    for table, name, oid, family in connection.execute(_RELATIONS, (list(places), quoted)):
        places[table] = Place(name, oid, tuple(family))
    return places
