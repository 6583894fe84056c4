"""Survey: the plan of a dataset, read from the database and compared with the declaration."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.engine.entity import Entity
from tasks.engine.errors import Refused
from tasks.engine.plan import Plan, Step
from tasks.postgres import delete, read
from tasks.postgres.database import Connection
from tasks.postgres.references import everything
from tasks.postgres.snapshot import Snapshot
from tasks.work import Work

SHOWN = 5
"""Of many parents that lack something, as many as a sentence can hold."""


def survey(work: Work, entities: Iterable[Entity]) -> Plan:
    """Target, present and gap of every entity, and what a reset would do. Reads only."""
    with work.database.reading() as connection:
        found = steps(connection, work, entities)
        removal = delete.look(connection, work.dataset, everything(work.dataset))
    return Plan(work.dataset.name, found, removal)


def steps(connection: Connection, work: Work, entities: Iterable[Entity]) -> tuple[Step, ...]:
    """The gap of every entity, upstream first: each sees the rows that those before would add."""
    snapshot = Snapshot(connection, work.dataset)
    run = work.run.reading(snapshot)
    found = []
    for entity in entities:
        gap = read.Gap(connection, entity, run, work.profile.chunk_rows)
        planned = [rows for rows in gap if work.dataset.is_read(entity.table)]
        for rows in planned:
            snapshot.add(rows)
        if planned:
            run = work.run.reading(snapshot)  # frames made of the table before are out of date
        found.append(_step(entity, gap))
    return tuple(found)


def step(connection: Connection, work: Work, entity: Entity) -> Step:
    """One entity's target and how much of it is present."""
    (found,) = steps(connection, work, [entity])
    return found


def _step(entity: Entity, gap: read.Gap) -> Step:
    present = gap.target - gap.missing
    beyond = gap.owned - present
    return Step(entity.name, entity.table, gap.target, present, beyond, gap.lacking)


class Unmet(Refused):
    """Requirements that nothing is left to meet, in a profile that wants none of that."""

    def __init__(self, dataset: str, found: Iterable[Step]) -> None:
        lines = [f"{one.entity}: {lack}" for one in found for lack in one.lacking if lack.unmet]
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        super().__init__(
            f"{dataset}: requirements cannot be met: {'; '.join(lines[:SHOWN])}{more}. Nothing was "
            'written; lower them, or set unmet = "report" in the profile'
        )


def look_first(work: Work, entities: Iterable[Entity]) -> None:
    """Look at all steps before any of them writes, where some depend on rows of others.

    What is found satisfied is remembered, and its step does not look again.

    Raises:
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    if not work.dataset.requirements:
        return
    with work.database.reading() as connection:
        found = steps(connection, work, entities)
    if work.profile.unmet == "refuse" and any(one.unmet for one in found):
        raise Unmet(work.dataset.name, found)
    work.satisfied.update({one.entity: one for one in found if not one.gap and not one.lacking})
