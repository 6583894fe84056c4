"""Survey: the plan of a dataset, read from the database and compared with the declaration."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.engine.entity import Entity
from tasks.engine.plan import Plan, Step
from tasks.postgres import delete, read
from tasks.postgres.database import Connection
from tasks.postgres.references import everything
from tasks.work import Work


def survey(work: Work, entities: Iterable[Entity]) -> Plan:
    """Target, present and gap of every entity, and what a reset would do. Reads only."""
    with work.database.reading() as connection:
        steps = tuple(step(connection, work, one) for one in entities)
        removal = delete.look(connection, work.dataset, everything(work.dataset))
    return Plan(work.dataset.name, steps, removal)


def step(connection: Connection, work: Work, entity: Entity) -> Step:
    """One entity's target and how much of it is present."""
    gap = read.Gap(connection, entity, work.run, work.profile.chunk_rows)
    for _ in gap:
        pass
    present = gap.target - gap.missing
    return Step(entity.name, entity.table, gap.target, present, gap.owned - present)
