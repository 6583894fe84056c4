"""Remove: exactly what is ours, downstream first; what strangers need is kept and named.

Objects of services go before the rows, accounts of an auth server after them: a crash in
between leaves rows without objects, which the next seed or reset sets right, and never an object
that nobody knows of. "Already gone" is success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tasks.accounts import AUTH
from tasks.engine.errors import SeedbedError
from tasks.engine.order import ordered
from tasks.engine.plan import Removal
from tasks.engine.resource import Resource
from tasks.engine.target import chunks
from tasks.postgres import delete, read, record
from tasks.postgres.references import Candidates, everything, pins
from tasks.work import Work

PARTIAL = "partial reset"
"""Recorded instead of "reset" where rows were kept: what is left keeps its coordinates."""

ROUNDS = 5
"""How often a service is asked for more objects to remove: one key may stand for several."""

OURS = "00000000-5eed-"
"""What the ids of all our accounts begin with."""


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
    clear(work, strict=strict)
    going = _rows_to_delete(work)
    with work.database.writing() as connection:
        gone = delete.remove(connection, work.dataset, going, strict=strict)
        entities = [one for candidates in going for one in candidates.entities]
        left = sum(read.count(connection, one) for one in entities)
        if left != gone.kept:
            raise RowsLeft(work.dataset.name, left, gone.kept)
        if gone.rows:
            author = replace(work.author, verb=PARTIAL if gone.kept else "reset")
            record.write(connection, author, work.run, "(all)", removed=gone.rows)
    _close_accounts(work)
    return gone


def preview(work: Work) -> Removal:
    """What `remove` would do. Reads only."""
    with work.database.reading() as connection:
        return delete.look(connection, work.dataset, everything(work.dataset))


def clear(work: Work, *, strict: bool) -> None:
    """Remove the objects of all rows but those that stay, the latest steps' first.

    Raises:
        Blocked: `strict`, and some rows stay.
        ObjectsLeft: some objects are still there.
    """
    resources = [one for one in ordered(work.dataset.steps) if isinstance(one, Resource)]
    if not resources:
        return
    with work.database.reading() as connection:
        found, kept = pins(connection, work.dataset, everything(work.dataset))
    if found and strict:
        raise delete.Blocked(work.dataset.name, found)
    for resource in reversed(resources):
        store = work.adapters.store(resource.port)
        staying = _keys_of(work, resource, kept.get(resource.of.table, set()))
        for _ in range(ROUNDS):
            held = store.held(resource.place, resource.prefix)
            going = [one for key, one in held.items() if key not in staying]
            if not going:
                break
            store.remove(resource.place, going)
        else:
            raise ObjectsLeft(resource, len(going))


def _keys_of(work: Work, resource: Resource, rows: set[object]) -> set[str]:
    """The keys of the objects of rows with those keys."""
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
    if work.adapters.accounts() is None:
        return every
    return [one for one in every if all(entity.through != AUTH for entity in one.entities)]


def _close_accounts(work: Work) -> None:
    """Remove the accounts at the auth server that no row needs any more."""
    server = work.adapters.accounts()
    if server is None or all(one.through != AUTH for one in work.dataset.entities):
        return
    with work.database.reading() as connection:
        _, kept = pins(connection, work.dataset, everything(work.dataset))
    staying = {str(key) for keys in kept.values() for key in keys}
    server.remove(one for one in server.ids(OURS) if one not in staying)
