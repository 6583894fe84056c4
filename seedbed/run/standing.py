"""Survey: the plan of a dataset, read from the database and compared with the declaration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from seedbed.context.context import RunContext
from seedbed.declare.reads import Step
from seedbed.declare.resource import Resource, Wait
from seedbed.declare.update import Update
from seedbed.engine.plan import Plan, Removal, Standing
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import SchemaMismatch
from seedbed.postgres.fit import collected
from seedbed.postgres.reflect import unremovable
from seedbed.run.remove import preview
from seedbed.steps.kinds import kind_of
from seedbed.steps.met import require_met


def survey(context: RunContext, wanted: Iterable[Step]) -> Plan:
    """Where every step stands, and what a reset would do. Reads only."""
    with context.database.scratch() as connection:
        found = standings(connection, context, wanted, fitting=True)
        lacking = bool(unremovable(context.catalogue, context.dataset))
    gone = Removal({}, (), refused=True) if lacking else preview(context)
    return Plan(context.dataset.name, found, gone)


def standings(
    connection: Connection, context: RunContext, wanted: Iterable[Step], *, fitting: bool = False
) -> tuple[Standing, ...]:
    """Where every step stands, upstream first: each sees the rows that those before would add.

    With `fitting` their first rows are held against the columns, and a step that cannot be looked
    at says why; without it that is an error.
    """
    snapshot = context.snapshot(connection)
    run = context.run.reading(snapshot)
    found = []
    for step in wanted:
        kind = kind_of(context, step)
        misfits = [misfit for misfit in context.fits.misfits if misfit.entity == step.name]
        standing = Standing(step.name, step.table, 0, 0)
        if not fitting:
            standing = kind.standing(connection, run, snapshot)
        elif context.columns.get(step.name) != ():
            with collected(connection, misfits, step.name, step.table):
                misfits += kind.refused(run)
                standing = kind.standing(connection, run, snapshot)
        if standing.gap and not standing.settles and context.dataset.is_read(step.table):
            run = context.run.reading(snapshot)  # frames made of the table before are out of date
        found.append(replace(standing, misfits=tuple(dict.fromkeys(misfits))))
    return tuple(found)


def require_fit(context: RunContext, wanted: Iterable[Step]) -> None:
    """Hold the first rows of every step against the columns, before anything is written.

    Raises:
        SchemaMismatch: some do not fit; it names all of them.
    """
    with context.database.scratch() as connection:
        if context.dataset.requirements:  # rows follow from those of the steps before
            held = standings(connection, context, wanted, fitting=True)
            found = [one for each in held for one in each.misfits]
        else:
            run = context.at(connection)
            found = [one for step in wanted for one in kind_of(context, step).refused(run)]
    if found:
        raise SchemaMismatch(found)


def look_first(context: RunContext, wanted: Iterable[Step]) -> None:
    """Look at all steps before any of them writes.

    Where some depend on rows of others, what is found satisfied is remembered, and its step does
    not look again, unless a service has still to do something that the step follows from.

    Raises:
        SchemaMismatch: the database would not take what is to be written.
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    if not context.dataset.requirements:
        require_fit(context, wanted)
        return
    with context.database.scratch() as connection:
        found = standings(connection, context, wanted, fitting=True)
    if misfits := [one for held in found for one in held.misfits]:
        raise SchemaMismatch(misfits)
    require_met(context, found)
    satisfied = {one.step: one for one in found if not one.gap and not one.lacking}
    outside = {one.name for one in wanted if isinstance(one, Resource | Wait)} - satisfied.keys()
    for step in wanted:
        if isinstance(step, Update) and outside & {up.name for up in step.above}:
            satisfied.pop(step.name, None)
    context.satisfied.update(satisfied)
