"""Rebuild: a dataset's rows become those that a seed after a reset would add, without a reset.

What is beyond the target goes, what differs from its declaration is brought to it, what is missing
is added: in one transaction, so that afterwards the rows are the old ones or the new ones. Where
there are too many rows for that, or services take part, it is a transaction a step, after a dry run
of all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from seedbed.context.context import RunContext
from seedbed.context.opening import another
from seedbed.declare.counts import Initial
from seedbed.declare.entity import Entity
from seedbed.declare.resource import Resource, Wait
from seedbed.declare.update import Update
from seedbed.engine.order import ordered
from seedbed.engine.plan import Removal
from seedbed.engine.report import StepReport
from seedbed.postgres import dry, read, record
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.references import managed
from seedbed.run.beyond import beyond, remove_beyond, worked_out
from seedbed.run.remove import remove_objects
from seedbed.steps.accounts import accounts_of, made_by_server
from seedbed.steps.anew import Anew
from seedbed.steps.renewing import comparable, lay, make_room, renewed, require_renewed
from seedbed.steps.update import settled


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did."""

    reports: tuple[StepReport, ...]
    removal: Removal
    clearing: float
    """Seconds that it took to work the target out and remove what is beyond it."""


def begun_anew(context: RunContext) -> RunContext:
    """The context of a rebuild: all rows are made for its day, whoever has come since.

    A first set that is there stays, although a first run would make none beside others' rows.
    """
    first = [entity for entity in context.dataset.entities if isinstance(entity.count, Initial)]
    with context.database.reading() as connection:
        stood = tuple(entity.name for entity in first if read.some(connection, entity))
    assignment = context.assignment
    return another(context, replace(assignment, stood=stood, anchor=assignment.as_of))


def why_step_by_step(context: RunContext) -> str:
    """Why the rows cannot be made in one transaction; empty where they can."""
    if any(isinstance(one, Resource | Wait) for one in context.dataset.later):
        return "services take part"
    if accounts_of(context) is not None:
        return "an auth server makes some of the rows"
    if any(map(context.by_worker, context.dataset.entities)):
        return "the application's worker makes some of the rows"
    with context.database.scratch() as connection:
        rows = Anew(context, connection, {}).rows
    most = context.profile.rebuild_rows
    return f"{rows} rows are more than rebuild_rows = {most} of the profile" if rows > most else ""


def rebuild(context: RunContext) -> Rebuilt:
    """Rebuild in one transaction.

    Raises:
        NotRenewed, RenewalRefused, RowRefused, Fenced: nothing was kept.
    """
    started = time.monotonic()
    with context.writing(*managed(context.dataset)) as fence, ExitStack() as open_until:
        anew, before = worked_out(fence.connection, context)
        gone = remove_beyond(fence, context, before)
        clearing = time.monotonic() - started
        entities = ordered(context.dataset.entities)
        renewals = {one: lay(fence.connection, context, anew, one, open_until) for one in entities}
        make_room(fence, context, renewals.values())
        done = []
        reports: dict[str, StepReport] = {}
        steps = [one for one in ordered(context.dataset.steps) if isinstance(one, Entity | Update)]
        for step in steps:
            if isinstance(step, Update):
                reports[step.name] = settled(fence, context, step)
            else:
                done.append(renewed(fence, context, anew, renewals[step]))
        # What was beyond the target may have been needed by rows that are at it now.
        left = remove_beyond(fence, context, beyond(fence.connection, context, anew))
        removal = replace(left, tables=_added(gone.tables, left.tables))
        _record(fence.connection, context, removal, [one.report() for one in done])
        fence.settle()
        for renewal in renewals.values():
            require_renewed(fence.connection, anew, renewal)
        after = beyond(fence.connection, context, anew)
        for one in done:
            one.removed = before.rows(one.entity) - after.rows(one.entity)
    reports |= {one.entity.name: one.report() for one in done}
    return Rebuilt(tuple(reports[one.name] for one in steps), removal, clearing)


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}


def _record(
    connection: Connection, context: RunContext, removal: Removal, reports: Iterable[StepReport]
) -> None:
    """All rows have the coordinates and the generator of this run from here on."""
    wrote = [one for one in reports if one.wrote]
    recorded = record.latest(connection, context.dataset.name)
    if not (wrote or removal.rows) and recorded == record.coordinates(context.run, context.author):
        return
    begun = replace(context.author, verb="reset")
    record.write(connection, begun, context.run, "(all)", removed=removal.rows)
    for one in wrote:
        record.write(
            connection, context.author, context.run, one.name, added=one.added, updated=one.updated
        )
    if not wrote:
        record.write(connection, context.author, context.run, "(rebuild)")


def by_us(context: RunContext, entity: Entity) -> bool:
    """Whether this run writes the entity's rows, and no service does."""
    return made_by_server(context, entity) is None and not context.by_worker(entity)


def begin(context: RunContext) -> Removal:
    """Begin a rebuild step by step: try all of it out, and remove what is beyond the target.

    Raises:
        RowRefused: the database would refuse a row; nothing was touched.
    """
    with context.database.scratch() as connection:
        anew, _ = worked_out(connection, context)
        for entity in context.dataset.entities:
            if by_us(context, entity):
                columns = [one for one in comparable(context, entity) if one.type != "vector"]
                dry.load(connection, entity, columns, anew.chunks(entity))
    with context.writing(*managed(context.dataset)) as fence:
        anew, found = worked_out(fence.connection, context)
        gone = remove_beyond(fence, context, found)
        with ExitStack() as open_until:
            own = [one for one in context.dataset.entities if by_us(context, one)]
            make_room(
                fence,
                context,
                [lay(fence.connection, context, anew, one, open_until) for one in own],
            )
        _record(fence.connection, context, gone, ())
    context.anew.append(anew)
    return gone


def end(context: RunContext) -> Removal:
    """End it: remove what was beyond the target and needed until now, and objects without rows."""
    (anew,) = context.anew
    with context.writing(*managed(context.dataset)) as fence:
        left = remove_beyond(fence, context, beyond(fence.connection, context, anew))
        if left.rows:
            record.write(
                fence.connection, context.author, context.run, "(beyond)", removed=left.rows
            )
    return replace(left, objects=remove_objects(context))
