"""Survey: the plan of a dataset, read from the database and compared with the declaration."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.engine.entity import Entity
from tasks.engine.errors import Refused
from tasks.engine.plan import Plan, Standing
from tasks.engine.resource import Resource, Wait
from tasks.engine.steps import Step
from tasks.engine.update import Update
from tasks.ensure import standing
from tasks.postgres import read
from tasks.postgres.database import Connection
from tasks.postgres.revise import pending
from tasks.postgres.snapshot import Snapshot
from tasks.remove import preview
from tasks.work import Work

SHOWN = 5
"""Of many parents that lack something, as many as a sentence can hold."""


def survey(work: Work, wanted: Iterable[Step]) -> Plan:
    """Where every step stands, and what a reset would do. Reads only."""
    with work.database.scratch() as connection:
        found = standings(connection, work, wanted)
    return Plan(work.dataset.name, found, preview(work))


def standings(connection: Connection, work: Work, wanted: Iterable[Step]) -> tuple[Standing, ...]:
    """Where every step stands, upstream first: each sees the rows that those before would add."""
    snapshot = Snapshot(connection, work.dataset)
    run = work.run.reading(snapshot)
    found = []
    for step in wanted:
        if isinstance(step, Update):
            columns = work.columns[step.name]
            due = pending(connection, step, run, columns, work.profile.chunk_rows)
            right = due.present - due.changing
            found.append(Standing(step.name, step.table, due.target, right, settles=True))
            continue
        if isinstance(step, Resource | Wait):
            found.append(standing(work, step, run))
            continue
        assert isinstance(step, Entity)  # there is no other kind
        gap = read.Gap(connection, step, run, work.profile.chunk_rows)
        planned = [rows for rows in gap if work.dataset.is_read(step.table)]
        for rows in planned:
            snapshot.add(rows)
        if planned:
            run = work.run.reading(snapshot)  # frames made of the table before are out of date
        found.append(_standing(step, gap))
    return tuple(found)


def _standing(entity: Entity, gap: read.Gap) -> Standing:
    present = gap.target - gap.missing
    beyond = gap.owned - present
    return Standing(entity.name, entity.table, gap.target, present, beyond, gap.lacking)


class Unmet(Refused):
    """Requirements that nothing is left to meet, in a profile that wants none of that."""

    def __init__(self, dataset: str, found: Iterable[Standing]) -> None:
        lines = [f"{one.step}: {lack}" for one in found for lack in one.lacking if lack.unmet]
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        super().__init__(
            f"{dataset}: requirements cannot be met: {'; '.join(lines[:SHOWN])}{more}. Nothing was "
            'added; lower them, or set unmet = "report" in the profile'
        )


def require_met(work: Work, found: Iterable[Standing]) -> None:
    """Go on only where everything can be met, or the profile wants to be told only.

    Raises:
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    if work.profile.unmet == "refuse" and any(one.unmet for one in found):
        raise Unmet(work.dataset.name, found)


def look_first(work: Work, wanted: Iterable[Step]) -> None:
    """Look at all steps before any of them writes, where some depend on rows of others.

    What is found satisfied is remembered, and its step does not look again, unless a service
    has still to do something that the step follows from.

    Raises:
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    if not work.dataset.requirements:
        return
    with work.database.scratch() as connection:
        found = standings(connection, work, wanted)
    require_met(work, found)
    satisfied = {one.step: one for one in found if not one.gap and not one.lacking}
    outside = {one.name for one in wanted if isinstance(one, Resource | Wait)} - satisfied.keys()
    for step in wanted:
        if isinstance(step, Update) and outside & {up.name for up in step.above}:
            satisfied.pop(step.name, None)
    work.satisfied.update(satisfied)
