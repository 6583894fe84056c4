"""Renewing: one entity's rows are brought to a rebuild's target, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from seedbed.context.context import RunContext
from seedbed.context.embed import with_vectors
from seedbed.declare.entity import Entity
from seedbed.declare.values import Booleans, Integers
from seedbed.engine.report import StepReport
from seedbed.engine.rows import Rows
from seedbed.postgres import delete, read, record
from seedbed.postgres.candidates import some
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy import laid
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.fence import Fence
from seedbed.postgres.pins import with_dependents
from seedbed.postgres.renew import Renewal
from seedbed.steps.accounts import made_by_server
from seedbed.steps.anew import Anew
from seedbed.steps.errors import NotRenewed


@dataclass
class Renewed:
    """What a rebuild of one entity came to."""

    entity: Entity
    target: int
    held: int
    """Rows of the target that were there."""
    updated: int = 0
    added: int = 0
    removed: int = 0
    seconds: float = 0.0

    def report(self) -> StepReport:
        """As every step's."""
        return StepReport(
            name=self.entity.name,
            table=self.entity.table,
            target=self.target,
            present=self.held - self.updated,
            added=self.added,
            removed=self.removed,
            seconds=self.seconds,
            step=self.entity.step,
            updated=self.updated,
        )


def renew(context: RunContext, entity: Entity, anew: Anew) -> StepReport:
    """Rebuild one entity in a transaction of its own."""
    with context.writing(entity.table) as fence, ExitStack() as open_until:
        renewal = lay(fence.connection, context, anew, entity, open_until)
        report = renewed(fence, context, anew, renewal).report()
        if report.wrote:
            record.write(
                fence.connection,
                context.author,
                context.run,
                entity.name,
                added=report.added,
                updated=report.updated,
            )
        fence.settle()
        require_renewed(fence.connection, anew, renewal)
    return report


def lay(
    connection: Connection, context: RunContext, anew: Anew, entity: Entity, open_until: ExitStack
) -> Renewal:
    """What an entity's present rows shall hold, laid out beside them."""
    held = np.sort(read.every(connection, entity))
    there = (rows.take(np.flatnonzero(here)) for rows, here in _split(anew, entity, held))
    renewal = Renewal(connection, entity, comparable(context, entity), stamps=anew.moved)
    vectors = with_vectors(context.embedder, Rows.declared)
    open_until.enter_context(renewal.laid((rows for rows in there if len(rows)), vectors))
    return renewal


def make_room(fence: Fence, context: RunContext, renewals: Iterable[Renewal]) -> None:
    """Remove the rows that move within a unique index, with what of ours hangs on them.

    They come back under their keys. Those that rows of others need stay, and are changed in place.
    """
    moving: dict[str, set[Any]] = {}
    for renewal in renewals:
        moving.setdefault(renewal.entity.table, set()).update(renewal.movers())
    keys = with_dependents(fence.connection, context.dataset, moving)
    going = []
    for entity in context.dataset.entities:
        if keys.get(entity.table) and made_by_server(context, entity) is None:
            numbers, ours = entity.key.read(sorted(keys[entity.table]))
            going.append((entity, numbers[ours]))
    if going:
        delete.remove(fence, context.dataset, some(context.dataset, going), strict=False)


def renewed(fence: Fence, context: RunContext, anew: Anew, renewal: Renewal) -> Renewed:
    """Bring the rows to the target.

    Raises:
        RenewalRefused, RowRefused: the database objects to a row.
    """
    started = time.monotonic()
    connection, entity = fence.connection, renewal.entity
    left = np.sort(read.every(connection, entity))
    lacking = (rows.take(np.flatnonzero(~here)) for rows, here in _split(anew, entity, left))
    # First what is missing: a row that is changed may point at it.
    added = laid.add(
        connection,
        entity,
        context.columns[entity.name],
        (rows for rows in lacking if len(rows)),
        ahead=False,
        values=with_vectors(context.embedder, Rows.inserted),
    )
    updated = renewal.update()
    target, held = anew.numbers(entity), anew.held[entity.name]
    there = np.isin(target, held)
    back = int((there & ~np.isin(target, left)).sum())  # gone and come back
    return Renewed(
        entity,
        len(target),
        int(there.sum()),
        updated=updated + back,
        added=added - back,
        seconds=time.monotonic() - started,
    )


def _split(anew: Anew, entity: Entity, held: Integers) -> Iterable[tuple[Rows, Booleans]]:
    return ((rows, np.isin(rows.number, held)) for rows in anew.chunks(entity))


def comparable(context: RunContext, entity: Entity) -> tuple[ColumnType, ...]:
    """The columns that are made anew; nobody asks a remote service for the same vectors twice."""
    columns = context.columns[entity.name]
    if entity.name not in context.texts or context.embedder.repeatable:
        return columns
    return tuple(column for column in columns if column.type != "vector")


def require_renewed(connection: Connection, anew: Anew, renewal: Renewal) -> None:
    """See that an entity's rows are the target's.

    Raises:
        NotRenewed: some are missing, or hold something else.
    """
    entity = renewal.entity
    target = anew.numbers(entity)
    lacking = len(np.setdiff1d(target, read.every(connection, entity)))
    differing = renewal.differing()
    if lacking or differing:
        raise NotRenewed(entity, lacking, differing)
