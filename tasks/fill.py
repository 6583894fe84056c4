"""Fill: one entity from what is present to its target. The only place where pure meets IO."""

from __future__ import annotations

import time
from collections.abc import Callable

from tasks.engine.entity import Entity
from tasks.engine.errors import SeedbedError
from tasks.engine.report import StepReport
from tasks.postgres import delete, load, read, record
from tasks.postgres.database import Connection
from tasks.postgres.references import numbered
from tasks.work import Work


class RowsMissing(SeedbedError):
    """The database does not hold what was sent to it."""

    def __init__(self, entity: Entity, held: int, expected: int) -> None:
        super().__init__(
            f"{entity.name}: {entity.table} holds {held} rows after the load instead of "
            f"{expected}; a trigger or a rule dropped or added rows. Nothing of this step was kept"
        )


def fill(work: Work, entity: Entity, progress: Callable[[int], None]) -> StepReport:
    """Add the rows that the target has and the database has not; roll a window.

    One transaction: an error leaves nothing of the step behind, and a step with nothing to do
    writes nothing. `progress` is told how many
    rows were sent.
    """
    started = time.monotonic()
    size = work.profile.chunk_rows
    with work.database.writing() as connection:
        removed = _roll(connection, work, entity) if entity.windowed else 0
        gap = read.Gap(connection, entity, work.run, size)
        added = load.copy(
            connection,
            entity,
            work.columns[entity.name],
            gap,
            progress,
            ahead=gap.owned == 0,
        )
        if added or removed:
            held = read.count(connection, entity)
            if held != gap.owned + added:
                raise RowsMissing(entity, held, gap.owned + added)
            record.write(
                connection, work.author, work.run, entity.name, added=added, removed=removed
            )
    return StepReport(
        name=entity.name,
        table=entity.table,
        target=gap.target,
        present=gap.target - gap.missing,
        added=added,
        removed=removed,
        seconds=time.monotonic() - started,
    )


def _roll(connection: Connection, work: Work, entity: Entity) -> int:
    """Remove our rows of days that left the window; rows that others need are kept."""
    old = read.beyond(connection, entity, work.run, work.profile.chunk_rows)
    if not len(old):
        return 0
    gone = delete.remove(connection, work.dataset, numbered(entity, old), strict=False)
    return gone.rows
