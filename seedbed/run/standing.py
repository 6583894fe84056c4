"""Survey: the plan of a dataset, read from the database and compared with the declaration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.declare.errors import Refused
from seedbed.declare.reads import Step
from seedbed.declare.resource import Resource, Wait
from seedbed.declare.update import Update
from seedbed.engine.plan import Mismatch, Plan, Removal, Standing
from seedbed.engine.run import Run
from seedbed.postgres import read
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.fit import collected, refused
from seedbed.postgres.reflect import SchemaMismatch, unremovable
from seedbed.postgres.revise import pending
from seedbed.postgres.snapshot import Snapshot
from seedbed.run.remove import preview
from seedbed.steps.resource import standing

SHOWN = 5
"""Of many parents that lack something, as many as a sentence can hold."""


def survey(context: RunContext, wanted: Iterable[Step]) -> Plan:
    """Where every step stands, and what a reset would do. Reads only."""
    with context.database.scratch() as connection:
        found = standings(connection, context, wanted, fitting=True)
        lacking = bool(unremovable(connection, context.dataset))
    gone = Removal({}, (), refused=True) if lacking else preview(context)
    return Plan(context.dataset.name, found, gone)


def standings(
    connection: Connection, context: RunContext, wanted: Iterable[Step], *, fitting: bool = False
) -> tuple[Standing, ...]:
    """Where every step stands, upstream first: each sees the rows that those before would add.

    With `fitting` their first rows are held against the columns, and a step that cannot be looked
    at says why; without it that is an error.
    """
    snapshot = Snapshot(connection, context.dataset)
    run = context.run.reading(snapshot)
    found = []
    for step in wanted:
        misfits = [one for one in context.fits.misfits if one.entity == step.name]
        held, planned = Standing(step.name, step.table, 0, 0), False
        if not fitting:
            held, planned = _look(connection, context, step, run, snapshot)
        elif context.fits.columns.get(step.name) != ():
            with collected(connection, misfits, step.name, step.table):
                misfits += _refused(context, step, run)
                held, planned = _look(connection, context, step, run, snapshot)
        if planned:
            run = context.run.reading(snapshot)  # frames made of the table before are out of date
        found.append(replace(held, misfits=tuple(dict.fromkeys(misfits))))
    return tuple(found)


def _look(
    connection: Connection, context: RunContext, step: Step, run: Run, snapshot: Snapshot
) -> tuple[Standing, bool]:
    """Where one step stands, and whether rows that it would add were laid over the snapshot."""
    if isinstance(step, Update):
        due = pending(connection, step, run, context.columns[step.name], context.profile.chunk_rows)
        right = due.present - due.changing
        return Standing(step.name, step.table, due.target, right, settles=True), False
    if isinstance(step, Resource | Wait):
        return standing(context, step, run), False
    assert isinstance(step, Entity)  # there is no other kind
    gap = read.Gap(connection, step, run, context.profile.chunk_rows)
    planned = [rows for rows in gap if context.dataset.is_read(step.table)]
    for rows in planned:
        snapshot.add(rows)
    present = gap.target - gap.missing
    held = Standing(step.name, step.table, gap.target, present, gap.owned - present, gap.lacking)
    return held, bool(planned)


def _refused(context: RunContext, step: Step, run: Run) -> tuple[Mismatch, ...]:
    """What the database would not take of a step's first rows, if they are written from here."""
    if not isinstance(step, Entity | Update) or (
        isinstance(step, Entity) and context.by_worker(step)
    ):
        return ()
    return refused(step, context.columns[step.name], run, context.profile.chunk_rows)


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
            found = [one for step in wanted for one in _refused(context, step, run)]
    if found:
        raise SchemaMismatch(found)


class Unmet(Refused):
    """Requirements that nothing is left to meet, in a profile that wants none of that."""

    def __init__(self, dataset: str, found: Iterable[Standing]) -> None:
        lines = [f"{one.step}: {lack}" for one in found for lack in one.lacking if lack.unmet]
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        super().__init__(
            f"{dataset}: requirements cannot be met: {'; '.join(lines[:SHOWN])}{more}. Nothing was "
            'added; lower them, or set unmet = "report" in the profile'
        )


def require_met(context: RunContext, found: Iterable[Standing]) -> None:
    """Go on only where everything can be met, or the profile wants to be told only.

    Raises:
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    if context.profile.unmet == "refuse" and any(one.unmet for one in found):
        raise Unmet(context.dataset.name, found)


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
