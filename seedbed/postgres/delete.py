"""Delete: exactly our rows, in one transaction: lock, look, delete, fence.

A DELETE that looks for dependents in the same statement loses real rows in a race: between
its look and its cascade another session attaches one. Locked first, the attaching session
waits for us; after the delete its foreign key fails. The fence (seedbed/postgres/fence.py) then
compares what the transaction changed with what it was to delete.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.engine.plan import Removal
from seedbed.postgres.candidates import Candidates
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.connection.failures import naming
from seedbed.postgres.counters import away
from seedbed.postgres.errors import Blocked, Fenced
from seedbed.postgres.fence import Fence
from seedbed.postgres.ownership import identifier
from seedbed.postgres.pins import Kept, below, going, pins
from seedbed.postgres.references import Ties, ties

MANY = 1_000
"""Parents from which on a foreign key without an index is worth a warning: 0.06 s each at 300,000
children."""


ROUNDS = 5
"""How often triggers may make rows for those that a removal takes away."""


def look(connection: Connection, dataset: Dataset, candidates: Sequence[Candidates]) -> Removal:
    """What `remove` would do, without locks or writes."""
    known = ties(connection, dataset)
    found, kept = pins(connection, dataset, candidates, known)
    counts = _counts(connection, candidates, kept)
    warned = (*_slow(known, counts), *away(connection, list(known.ids.values())))
    lost = below(connection, candidates, known, kept)
    return Removal(counts, found, _kept(kept), warned, lost)


def _slow(known: Ties, counts: dict[str, int]) -> tuple[str, ...]:
    """Foreign keys without an index, which the server checks by reading the whole child table."""
    tables = {oid: table for table, oid in known.ids.items()}
    return tuple(
        f"{edge.name}.{', '.join(edge.columns)} has no index: to delete {rows} rows of "
        f"{tables[edge.parent]} the server reads {edge.name} as often; let the application index "
        "it, or raise limits.statement in the profile"
        for edge in known.edges
        if not edge.indexed and (rows := counts.get(tables[edge.parent], 0)) >= MANY
    )


def remove(
    fence: Fence, dataset: Dataset, candidates: Sequence[Candidates], *, strict: bool
) -> Removal:
    """Delete the candidates (upstream first in the sequence), except those that must stay.

    What comes of it at once or later, the fence looks at before COMMIT.

    Raises:
        Blocked: some must stay, and `strict` refuses the whole removal for that.
        Fenced: the database keeps some that were to go; roll it back.
    """
    connection = fence.connection
    known = ties(connection, dataset)
    _lock(connection, candidates, known)
    found, kept = pins(connection, dataset, candidates, known)
    if found and strict:
        raise Blocked(dataset.name, found)
    lost = below(connection, candidates, known, kept)
    deleted = _deleted(fence, candidates, known, kept)
    copied = [one for one in candidates if one.copied]
    for _ in range(ROUNDS):
        fence.settle()
        if not _made_again(fence, copied, kept, deleted):
            break
    there = _counts(connection, candidates, kept)
    if any(there.values()):
        left = [f"{table}: {rows} are still there" for table, rows in there.items() if rows]
        raise Fenced("removed", left)
    return Removal(deleted, found, _kept(kept), below=lost)


def _deleted(
    fence: Fence, candidates: Sequence[Candidates], known: Ties, kept: Kept
) -> dict[str, int]:
    """Delete, children first, and tell the fence; rows by table, in the candidates' order.

    A single statement's own count is taken, so that a row which its application deletes at the
    same moment is no surprise; the rows of a circle are locked, and counted before.
    """
    deleted = {one.table: 0 for one in candidates}
    for together in _rounds(candidates, known):
        counts = _counts(fence.connection, together, kept) if len(together) > 1 else {}
        tables = ", ".join(one.table for one in together)
        with naming(f"{tables}: no row can be removed"):
            done = fence.connection.execute(_deletion(together, kept)).rowcount
        for one in together:
            deleted[one.table] = counts.get(one.table, done)
            fence.plan(one.table, deleted=deleted[one.table])
    return deleted


def _made_again(
    fence: Fence, copied: Sequence[Candidates], kept: Kept, deleted: dict[str, int]
) -> bool:
    """Whether triggers made rows for those that were deleted; if so they go, too."""
    again = 0
    for one in copied:
        rows = fence.connection.execute(_deletion([one], kept)).rowcount
        fence.plan(one.table, deleted=rows, inserted=rows)
        deleted[one.table] += rows
        again += rows
    return again > 0


def _lock(connection: Connection, candidates: Sequence[Candidates], known: Ties) -> None:
    """Lock the rows that others can point at, parents first, in key order."""
    parents = {edge.parent for edge in known.edges}
    for one in candidates:
        if known.ids[one.table] in parents:
            connection.execute(
                sql.SQL(
                    "SELECT count(*) FROM (SELECT FROM {table} AS own WHERE {going} "
                    "ORDER BY {key} FOR UPDATE) AS locked"
                ).format(
                    table=identifier(one.table),
                    going=one.on("own"),
                    key=one.value("own"),
                )
            )


def _rounds(candidates: Sequence[Candidates], known: Ties) -> list[list[Candidates]]:
    """The candidates, children first; tables that point at each other in a circle together."""
    ids = known.ids
    below = {
        one.table: {
            other.table
            for other in candidates
            if any((ids[other.table], ids[one.table]) == (e.child, e.parent) for e in known.edges)
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
            table=identifier(one.table), going=going(one, kept)
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


def _counts(connection: Connection, candidates: Sequence[Candidates], kept: Kept) -> dict[str, int]:
    counts = {}
    for one in candidates:
        query = sql.SQL("SELECT count(*) FROM {table} AS own WHERE {going}").format(
            table=identifier(one.table), going=going(one, kept)
        )
        row = connection.execute(query).fetchone()
        counts[one.table] = int(row[0]) if row else 0
    return counts


def _kept(kept: Kept) -> int:
    return sum(len(keys) for keys in kept.values())
