"""Remove: exactly what is ours, downstream first; what strangers need is kept and named.

Rows go first, in one transaction: whether they may go is sure when it is committed, and not before.
Then the accounts of an auth server, then the objects of rows that are really gone. A crash in
between leaves objects without rows, which the next reset removes and the next seed takes up again.
"Already gone" is success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from seedbed.context.context import RunContext
from seedbed.declare.errors import SeedbedError
from seedbed.declare.resource import Resource
from seedbed.declare.values import Integers
from seedbed.engine.order import ordered
from seedbed.engine.plan import Removal
from seedbed.engine.target import chunks
from seedbed.postgres import claims, delete, read, record
from seedbed.postgres.candidates import Candidates, everything
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.pins import needed
from seedbed.postgres.references import managed
from seedbed.run.errors import ObjectsLeft, OutsideLeft
from seedbed.steps.accounts import AUTH, accounts_of, is_ours
from seedbed.steps.errors import AccountsElsewhere
from seedbed.steps.resource import until_prepared

PARTIAL = "partial reset"
"""Recorded instead of "reset" where rows were kept: what is left keeps its coordinates."""

ROUNDS = 5
"""How often a service is asked for more objects to remove: one key may stand for several."""


@dataclass(frozen=True)
class Outside:
    """What went, or would go, outside of our transaction."""

    tables: dict[str, int] = field(default_factory=dict)
    """Rows that an auth server deleted, by table."""
    objects: dict[str, int] = field(default_factory=dict)
    """Objects, by where they were."""


def remove(context: RunContext, *, strict: bool) -> Removal:
    """Delete everything that the dataset owns, in the database and then in services.

    Raises:
        as `remove_rows`; then nothing was touched.
        OutsideLeft: as `remove_outside`; the rows are gone.
    """
    gone = remove_rows(context, strict=strict)
    try:
        outside = remove_outside(context)
    except SeedbedError as error:
        raise OutsideLeft(context.dataset.name, gone.rows, error) from None
    return joined(gone, outside)


def joined(gone: Removal, outside: Outside) -> Removal:
    """One removal of both."""
    return replace(gone, tables=outside.tables | gone.tables, objects=outside.objects)


def remove_rows(context: RunContext, *, strict: bool) -> Removal:
    """Delete all rows that the dataset owns, in one transaction.

    Raises:
        Blocked: `strict`, and rows that are not ours depend on ours.
        Fenced: the database did something else; all is as it was.
    """
    with context.writing(*managed(context.dataset), removing=True) as fence:
        gone = delete.remove(fence, context.dataset, _rows_to_delete(context), strict=strict)
        if gone.rows:
            author = replace(context.author, verb=PARTIAL if gone.kept else "reset")
            record.write(fence.connection, author, context.run, "(all)", removed=gone.rows)
        if not gone.kept and not accounts_of(context):
            claims.release(fence, context.dataset)
    return gone


def has_outside(context: RunContext) -> bool:
    """Whether anything of the dataset lies outside of its rows."""
    return bool(_resources(context)) or accounts_of(context) is not None


def remove_outside(context: RunContext) -> Outside:
    """Remove the accounts that no row needs any more, then the objects of all rows that are gone.

    Raises:
        AccountsElsewhere: the auth server is another database's.
        ServiceFailed, ObjectsLeft: a service keeps something; the next call goes on there.
    """
    tables = _close_accounts(context)
    objects = remove_objects(context)
    if tables and not _anything(context):
        with context.writing() as fence:
            claims.release(fence, context.dataset)
    return Outside(tables, objects)


def remove_objects(context: RunContext) -> dict[str, int]:
    """Remove the objects of rows that are not there; how many went, by where they were.

    Raises:
        ServiceFailed, ObjectsLeft: a service keeps something; the next call goes on there.
    """
    objects = {}
    for one in _resources(context):
        with context.database.reading() as connection:
            there = read.every(connection, one.of)
        objects[one.table] = _cleared(context, one, _staying(context, one, there))
    return objects


def _anything(context: RunContext) -> bool:
    """Whether any row of ours is left."""
    with context.database.reading() as connection:
        return any(read.some(connection, one) for one in context.dataset.entities)


def preview(context: RunContext) -> Removal:
    """What `remove` would do. Reads only."""
    with context.database.reading() as connection:
        gone = delete.look(connection, context.dataset, _rows_to_delete(context))
        kept = needed(connection, context.dataset)
        accounts = _rows_of_accounts(context, connection) if accounts_of(context) else {}
    # At an auth server, what belongs to an account goes and stays with it.
    staying = max((len(kept[table]) for table in accounts), default=0)
    tables = {table: rows - staying for table, rows in accounts.items()}
    objects = {}
    for one in _resources(context):
        keys = sorted(kept.get(one.of.table, set()))
        numbers, ours = one.of.key.read(keys) if keys else (np.zeros(0, np.int64),) * 2
        there = numbers[ours.astype(bool)]
        objects[one.table] = len(context.adapters.held(one).keys() - _staying(context, one, there))
    return joined(gone, Outside(tables, objects))


def _resources(context: RunContext) -> list[Resource]:
    """In the order in which their objects go: the latest step's first."""
    return [one for one in reversed(ordered(context.dataset.steps)) if isinstance(one, Resource)]


def _cleared(context: RunContext, resource: Resource, staying: set[str]) -> int:
    """Remove the objects with other keys than those; returns how many went."""
    store, removed = context.adapters.store(resource.port), 0
    for _ in range(ROUNDS):
        held = context.adapters.held(resource)
        going = held.keys() - staying
        if not going:
            return removed
        # Some services delete no object while they prepare it.
        held = until_prepared(context, resource, going, held)
        gone = [held[key] for key in sorted(going & held.keys())]
        store.remove(resource.place, gone)
        removed += len(gone)
    raise ObjectsLeft(resource, len(going))


def _staying(context: RunContext, resource: Resource, there: Integers) -> set[str]:
    """The keys of the objects of rows with those numbers."""
    keys: set[str] = set()
    if not len(there):
        return keys
    with context.database.reading() as connection:
        for rows in chunks(resource.of, context.at(connection), context.profile.chunk_rows):
            held = np.flatnonzero(np.isin(rows.number, there))
            keys.update(resource.keys(rows.take(held)) if len(held) else ())
    return keys


def _rows_to_delete(context: RunContext) -> Sequence[Candidates]:
    """All owned rows, without those that an auth server has to delete itself."""
    every = everything(context.dataset)
    if accounts_of(context) is None:
        return every
    by_server = {one.table for one in context.dataset.entities if one.through == AUTH}
    return [one for one in every if one.table not in by_server]


def _close_accounts(context: RunContext) -> dict[str, int]:
    """Remove the accounts at the auth server that no row needs any more; its rows, by table."""
    server = accounts_of(context)
    if server is None:
        return {}
    with context.database.reading() as connection:
        before = _rows_of_accounts(context, connection)
        kept = needed(connection, context.dataset)
    staying = {str(key) for keys in kept.values() for key in keys}
    going = [one for one in server.ids() if one not in staying and is_ours(context.dataset, one)]
    # Listed to the end before: pages shift while accounts go. The first one tells whose they are.
    for some in (going[:1], going[1:]):
        server.remove(some)
        with context.database.reading() as connection:
            after = _rows_of_accounts(context, connection)
        if going and after == before:
            raise AccountsElsewhere(context.dataset.name, server.kind)
    return {table: rows - after[table] for table, rows in before.items()}


def _rows_of_accounts(context: RunContext, connection: Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in context.dataset.entities:
        if one.through == AUTH:
            found[one.table] = found.get(one.table, 0) + read.count(connection, one)
    return found
