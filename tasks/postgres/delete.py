"""Delete: exactly our rows, in one transaction: lock, look, delete, fence.

A DELETE that looks for dependents in the same statement loses real rows in a race: between
its look and its cascade another session attaches one. Locked first, the attaching session
waits for us; after the delete its foreign key fails. The fence then compares what the
transaction changed, cascades and triggers included, with what it was to delete.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from psycopg import sql

from tasks.engine.entity import Dataset
from tasks.engine.errors import Refused
from tasks.engine.plan import Pin, Removal
from tasks.postgres.database import Connection
from tasks.postgres.ownership import any_of, by_table, identifier
from tasks.postgres.references import Candidates, Kept, among, edges, oids, pins

_CHANGES = """
    SELECT c.oid::int8, n.nspname || '.' || c.relname, sum(s.n_tup_ins)::int8,
           sum(s.n_tup_upd)::int8, sum(s.n_tup_del)::int8
    FROM pg_stat_xact_user_tables s
    LEFT JOIN (SELECT m.root, p.relid FROM unnest(%s::oid[]) AS m(root)
               CROSS JOIN LATERAL pg_partition_tree(m.root) AS p) AS part USING (relid)
    JOIN pg_class c ON c.oid = coalesce(part.root, s.relid)
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE s.schemaname NOT LIKE 'pg_temp%%'
    GROUP BY 1, 2
"""
"""What a partition's rows did counts for the table that the dataset names."""

_TRUNCATED = """
    SELECT relation::regclass::text FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND mode = 'AccessExclusiveLock'
"""


MANY = 1_000
"""Parents from which on a foreign key without an index is worth a warning: 0.06 s each at 300,000
children."""


class Blocked(Refused):
    """Rows that are not ours depend on ours, and the run is strict."""

    def __init__(self, dataset: str, pins: Sequence[Pin]) -> None:
        listed = "; ".join(str(pin) for pin in pins)
        super().__init__(
            f"{dataset}: nothing was removed, because rows that are not ours depend on ours: "
            f"{listed}. Remove those first, or run without strict to keep what they need"
        )


class Fenced(Refused):
    """The database did something else than what was planned; all of it was rolled back."""

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__(
            "nothing was removed: the deletion would have changed something else than planned "
            f"({'; '.join(differences)}); look for a trigger, a cascade or another session. "
            "What a trigger may insert, side_effects in the profile says"
        )


def look(connection: Connection, dataset: Dataset, candidates: Sequence[Candidates]) -> Removal:
    """What `remove` would do, without locks or writes."""
    found, kept = pins(connection, dataset, candidates)
    counts = _counts(connection, candidates, kept)
    return Removal(counts, found, _kept(kept), _slow(connection, dataset, counts))


def _slow(connection: Connection, dataset: Dataset, counts: dict[str, int]) -> tuple[str, ...]:
    """Foreign keys without an index, which the server checks by reading the whole child table."""
    tables = {oid: table for table, oid in oids(connection, dataset.tables).items()}
    return tuple(
        f"{edge.name}.{', '.join(edge.columns)} has no index: to delete {rows} rows of "
        f"{tables[edge.parent]} the server reads {edge.name} as often; let the application index "
        "it, or raise limits.statement in the profile"
        for edge in edges(connection, dataset)
        if not edge.indexed and (rows := counts.get(tables[edge.parent], 0)) >= MANY
    )


def remove(
    connection: Connection,
    dataset: Dataset,
    candidates: Sequence[Candidates],
    *,
    strict: bool,
    grows: Collection[str] = (),
) -> Removal:
    """Delete the candidates (upstream first in the sequence), except those that must stay.

    `grows` names tables of others, with their schema where that is not `public`, into which
    triggers may insert meanwhile: an audit log.

    Raises:
        Blocked: some must stay, and `strict` refuses the whole removal for that.
        Fenced: the transaction changed other rows than planned; roll it back.
    """
    _lock(connection, dataset, candidates)
    found, kept = pins(connection, dataset, candidates)
    if found and strict:
        raise Blocked(dataset.name, found)
    planned = _counts(connection, candidates, kept)
    before = _changes(connection, dataset)
    for together in _rounds(connection, dataset, candidates):
        connection.execute(_deletion(together, kept))
    _fence(connection, dataset, before, planned, grows)
    return Removal(planned, found, _kept(kept))


def _lock(connection: Connection, dataset: Dataset, candidates: Sequence[Candidates]) -> None:
    """Lock the rows that others can point at, parents first, in key order."""
    ids = oids(connection, dataset.tables)
    parents = {edge.parent for edge in edges(connection, dataset)}
    for one in candidates:
        if ids[one.table] in parents:
            connection.execute(
                sql.SQL(
                    "SELECT count(*) FROM (SELECT FROM {table} AS own WHERE {going} "
                    "ORDER BY {key} FOR UPDATE) AS locked"
                ).format(
                    table=identifier(one.table),
                    going=one.on("own"),
                    key=sql.Identifier("own", one.key),
                )
            )


def _rounds(
    connection: Connection, dataset: Dataset, candidates: Sequence[Candidates]
) -> list[list[Candidates]]:
    """The candidates, children first; tables that point at each other in a circle together."""
    ids = oids(connection, dataset.tables)
    found = edges(connection, dataset)
    below = {
        one.table: {
            other.table
            for other in candidates
            if any((ids[other.table], ids[one.table]) == (e.child, e.parent) for e in found)
        }
        for one in candidates
    }
    for through, further in below.items():
        for children in below.values():
            if through in children:
                children.update(further)
    rounds: dict[frozenset[str], list[Candidates]] = {}
    # Whoever has fewer tables below goes first; in a circle all have the same.
    for one in sorted(candidates, key=lambda one: len(below[one.table] - {one.table})):
        circle = {table for table in below[one.table] if one.table in below[table]}
        rounds.setdefault(frozenset({one.table, *circle}), []).append(one)
    return list(rounds.values())


def _deletion(together: Sequence[Candidates], kept: Kept) -> sql.Composed:
    """One statement: foreign keys of a circle are checked at its end, deferrable or not."""
    *others, last = (
        sql.SQL("DELETE FROM {table} AS own WHERE {going}").format(
            table=identifier(one.table), going=_going(one, kept)
        )
        for one in together
    )
    if not others:
        return last
    first = [
        sql.SQL("{} AS ({})").format(sql.Identifier(f"circle_{place}"), one)
        for place, one in enumerate(others)
    ]
    return sql.SQL("WITH {} {}").format(sql.SQL(", ").join(first), last)


def _going(one: Candidates, kept: Kept) -> sql.Composed:
    if not kept[one.table]:
        return one.on("own")
    return sql.SQL("{} AND NOT {}").format(one.on("own"), among("own", one.key, kept[one.table]))


def _counts(connection: Connection, candidates: Sequence[Candidates], kept: Kept) -> dict[str, int]:
    counts = {}
    for one in candidates:
        query = sql.SQL("SELECT count(*) FROM {table} AS own WHERE {going}").format(
            table=identifier(one.table), going=_going(one, kept)
        )
        row = connection.execute(query).fetchone()
        counts[one.table] = int(row[0]) if row else 0
    return counts


def _kept(kept: Kept) -> int:
    return sum(len(keys) for keys in kept.values())


Changes = dict[int, tuple[str, int, int, int]]
"""Rows inserted, updated and deleted by the transaction, by the table's oid."""


def _changes(connection: Connection, dataset: Dataset) -> Changes:
    managed = list(oids(connection, dataset.tables).values())
    found = connection.execute(_CHANGES, (managed,))
    return {oid: (name, *counts) for oid, name, *counts in found}


def _fence(
    connection: Connection,
    dataset: Dataset,
    before: Changes,
    planned: dict[str, int],
    grows: Collection[str],
) -> None:
    allowed = {one if "." in one else f"public.{one}" for one in grows}
    names = {oid: table for table, oid in oids(connection, dataset.tables).items()}
    differences = []
    for oid, (name, *now) in _changes(connection, dataset).items():
        then = before[oid][1:] if oid in before else (0, 0, 0)
        inserted, updated, deleted = (new - old for new, old in zip(now, then, strict=True))
        wanted = planned.get(names.get(oid, ""), 0)
        if updated and oid in names and not _strangers_changed(connection, dataset, names[oid]):
            updated = 0
        if oid not in names and name in allowed:
            inserted = 0
        if (inserted, updated, deleted) != (0, 0, wanted):
            differences.append(
                f"{name}: {deleted} deleted instead of {wanted}, "
                f"{updated} updated, {inserted} inserted"
            )
    emptied = [row[0] for row in connection.execute(_TRUNCATED)]
    differences += [f"{table}: locked exclusively, as TRUNCATE does" for table in emptied]
    if differences:
        raise Fenced(differences)


def _strangers_changed(connection: Connection, dataset: Dataset, table: str) -> bool:
    """Whether this transaction wrote a row of others that is still there.

    A trigger of the application may keep a count in our own rows while what it counts goes:
    that is its right, and those rows are ours.
    """
    query = sql.SQL(
        "SELECT EXISTS (SELECT FROM {table} AS own "
        "WHERE own.xmin = pg_current_xact_id()::xid AND NOT {mine})"
    ).format(table=identifier(table), mine=any_of(by_table(dataset)[table], "own"))
    row = connection.execute(query).fetchone()
    return row is None or bool(row[0])
