"""Remove: exactly what is ours, downstream first; what strangers need is kept and named.

Objects of services go before the rows, accounts of an auth server after them: a crash in
between leaves rows without objects, which the next seed or reset sets right, and never an object
that nobody knows of. "Already gone" is success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tasks.accounts import AUTH, AccountsElsewhere, accounts_of, is_ours
from tasks.engine.errors import SeedbedError
from tasks.engine.order import ordered
from tasks.engine.plan import Removal
from tasks.engine.resource import Resource
from tasks.engine.target import chunks
from tasks.ensure import until_prepared
from tasks.postgres import delete, read, record
from tasks.postgres.database import Connection
from tasks.postgres.references import Candidates, Kept, everything, pins
from tasks.work import Work

PARTIAL = "partial reset"
"""Recorded instead of "reset" where rows were kept: what is left keeps its coordinates."""

ROUNDS = 5
"""How often a service is asked for more objects to remove: one key may stand for several."""


class RowsLeft(SeedbedError):
    """Rows of ours are still there after they were deleted."""

    def __init__(self, dataset: str, left: int, kept: int) -> None:
        super().__init__(
            f"{dataset}: {left} seeded rows are left instead of {kept}; a trigger or another "
            "session put them back. Nothing was removed"
        )


class ObjectsLeft(SeedbedError):
    """Objects of ours are still in a service after they were removed."""

    def __init__(self, resource: Resource, left: int) -> None:
        super().__init__(
            f"{resource.name}: {left} objects are left in {resource.table} after they were "
            "removed; look whether something makes them anew, and run the reset again"
        )


def remove(work: Work, *, strict: bool) -> Removal:
    """Delete everything that the dataset owns; its rows go in one transaction.

    Raises:
        Blocked: `strict`, and rows that are not ours depend on ours; nothing was touched.
        Fenced, RowsLeft: the database did something else; its rows are as they were.
        ObjectsLeft: a service keeps objects.
    """
    objects = clear(work, strict=strict)
    going = _rows_to_delete(work)
    with work.database.writing() as connection:
        grows = work.profile.side_effects
        gone = delete.remove(connection, work.dataset, going, strict=strict, grows=grows)
        entities = [one for candidates in going for one in candidates.entities]
        left = sum(read.count(connection, one) for one in entities)
        if left != gone.kept:
            raise RowsLeft(work.dataset.name, left, gone.kept)
        if gone.rows:
            author = replace(work.author, verb=PARTIAL if gone.kept else "reset")
            record.write(connection, author, work.run, "(all)", removed=gone.rows)
    return replace(gone, tables=_close_accounts(work) | gone.tables, objects=objects)


def preview(work: Work) -> Removal:
    """What `remove` would do. Reads only."""
    with work.database.reading() as connection:
        gone = delete.look(connection, work.dataset, _rows_to_delete(work))
        _, kept = pins(connection, work.dataset, everything(work.dataset))
        accounts = _rows_of_accounts(work, connection) if accounts_of(work) else {}
    # At an auth server, what belongs to an account goes and stays with it.
    staying = max((len(kept[table]) for table in accounts), default=0)
    tables = {table: rows - staying for table, rows in accounts.items()} | gone.tables
    objects = {
        resource.table: len(work.adapters.held(resource).keys() - _staying(work, resource, kept))
        for resource in _resources(work)
    }
    return replace(gone, tables=tables, objects=objects)


def clear(work: Work, *, strict: bool) -> dict[str, int]:
    """Remove the objects of all rows but those that stay, the latest steps' first.

    Returns how many went, by where they were.

    Raises:
        Blocked: `strict`, and some rows stay.
        ObjectsLeft: some objects are still there.
    """
    resources = _resources(work)
    if not resources:
        return {}
    with work.database.reading() as connection:
        found, kept = pins(connection, work.dataset, everything(work.dataset))
    if found and strict:
        raise delete.Blocked(work.dataset.name, found)
    return {one.table: _cleared(work, one, _staying(work, one, kept)) for one in resources}


def _resources(work: Work) -> list[Resource]:
    """In the order in which their objects go: the latest step's first."""
    return [one for one in reversed(ordered(work.dataset.steps)) if isinstance(one, Resource)]


def _cleared(work: Work, resource: Resource, staying: set[str]) -> int:
    """Remove the objects with other keys than those; returns how many went."""
    store, removed = work.adapters.store(resource.port), 0
    for _ in range(ROUNDS):
        held = work.adapters.held(resource)
        going = held.keys() - staying
        if not going:
            return removed
        # Some services delete no object while they prepare it.
        held = until_prepared(work, resource, going, held)
        gone = [held[key] for key in sorted(going & held.keys())]
        store.remove(resource.place, gone)
        removed += len(gone)
    raise ObjectsLeft(resource, len(going))


def _staying(work: Work, resource: Resource, kept: Kept) -> set[str]:
    """The keys of the objects of rows that stay."""
    rows = kept.get(resource.of.table, set())
    if not rows:
        return set()
    with work.database.reading() as connection:
        return {
            key
            for some in chunks(resource.of, work.at(connection), work.profile.chunk_rows)
            for name, key in zip(some.names, resource.keys(some), strict=True)
            if name in rows
        }


def _rows_to_delete(work: Work) -> Sequence[Candidates]:
    """All owned rows, without those that an auth server has to delete itself."""
    every = everything(work.dataset)
    if accounts_of(work) is None:
        return every
    return [one for one in every if all(entity.through != AUTH for entity in one.entities)]


def _close_accounts(work: Work) -> dict[str, int]:
    """Remove the accounts at the auth server that no row needs any more; its rows, by table."""
    server = accounts_of(work)
    if server is None:
        return {}
    with work.database.reading() as connection:
        before = _rows_of_accounts(work, connection)
        _, kept = pins(connection, work.dataset, everything(work.dataset))
    staying = {str(key) for keys in kept.values() for key in keys}
    going = [one for one in server.ids() if one not in staying and is_ours(work.dataset, one)]
    # Listed to the end before: pages shift while accounts go. The first one tells whose they are.
    for some in (going[:1], going[1:]):
        server.remove(some)
        with work.database.reading() as connection:
            after = _rows_of_accounts(work, connection)
        if going and after == before:
            raise AccountsElsewhere(work.dataset.name, server.kind)
    return {table: rows - after[table] for table, rows in before.items()}


def _rows_of_accounts(work: Work, connection: Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in work.dataset.entities:
        if one.through == AUTH:
            found[one.table] = found.get(one.table, 0) + read.count(connection, one)
    return found
