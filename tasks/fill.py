"""Fill: one entity from what is present to its target. The only place where pure meets IO."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from tasks.embed import with_vectors
from tasks.engine.entity import Entity
from tasks.engine.errors import SeedbedError
from tasks.engine.report import StepReport
from tasks.engine.requirement import Lack
from tasks.engine.rows import Rows
from tasks.engine.target import count
from tasks.postgres import delete, load, read, record
from tasks.postgres.database import Connection
from tasks.postgres.references import numbered
from tasks.work import Work


class RowsMissing(SeedbedError):
    """The database does not hold what was sent to it."""

    def __init__(self, entity: Entity, held: int, expected: int) -> None:
        super().__init__(
            f"{entity.name}: {entity.table} holds {held} rows after the load instead of "
            f"{expected}; a trigger or a rule dropped or added rows"
        )


def fill(work: Work, entity: Entity, progress: Callable[[int], None]) -> StepReport:
    """Add the rows that the target has and the database has not; roll a window.

    A step is one transaction: an error leaves nothing of it behind, and a step with nothing to
    do writes nothing. Only a large first load in a profile with `parts` is several, side by
    side: what some have done stays, and the next run adds the rest. `progress` is told of the
    rows of every chunk.
    """
    started = time.monotonic()
    parts = _parts(work, entity)
    with ThreadPoolExecutor(parts, thread_name_prefix="part") as pool:
        # In the step's own context: what is told from the threads belongs to its task run.
        loads = [
            pool.submit(copy_context().run, _load, work, entity, progress, part, parts)
            for part in range(parts)
        ]
        done = [load.result() for load in loads]
    target = sum(one.target for one in done)
    return StepReport(
        name=entity.name,
        table=entity.table,
        target=target,
        present=target - sum(one.added for one in done),
        added=sum(one.added for one in done),
        removed=sum(one.removed for one in done),
        seconds=time.monotonic() - started,
        step=entity.step,
        lacking=tuple(lack for one in done for lack in one.lacking),
    )


@dataclass(frozen=True)
class _Loaded:
    """What one transaction did."""

    target: int
    added: int
    removed: int
    lacking: tuple[Lack, ...]


def _parts(work: Work, entity: Entity) -> int:
    """One transaction, unless the profile asks for more and there is nothing yet to be kept."""
    if work.profile.parts == 1 or entity.windowed or entity.grounded:
        return 1
    with work.database.reading() as connection:
        if read.count(connection, entity):
            return 1
        rows = count(entity, work.at(connection))
    return max(1, min(work.profile.parts, rows // work.chunk_rows(entity)))


def _load(
    work: Work, entity: Entity, progress: Callable[[int], None], part: int, parts: int
) -> _Loaded:
    with work.database.writing() as connection:
        removed = _roll(connection, work, entity) if entity.windowed else 0
        run = work.at(connection)
        gap = read.Gap(connection, entity, run, work.chunk_rows(entity), part=part, parts=parts)
        columns = work.columns[entity.name]
        values = with_vectors(work.embedder, Rows.inserted)
        added = load.copy(
            connection, entity, columns, gap, progress, ahead=not gap.reads, values=values
        )
        _require(entity, added, gap.missing)
        if added or removed:
            if parts == 1:
                _require(entity, read.count(connection, entity), gap.owned + added)
            record.write(
                connection, work.author, work.run, entity.name, added=added, removed=removed
            )
    return _Loaded(gap.target, added, removed, gap.lacking)


def _require(entity: Entity, held: int, expected: int) -> None:
    if held != expected:
        raise RowsMissing(entity, held, expected)


def _roll(connection: Connection, work: Work, entity: Entity) -> int:
    """Remove our rows of days that left the window; rows that others need are kept."""
    old = read.beyond(connection, entity, work.at(connection), work.profile.chunk_rows)
    if not len(old):
        return 0
    going, grows = numbered(entity, old), work.profile.side_effects
    gone = delete.remove(connection, work.dataset, going, strict=False, grows=grows)
    return gone.rows
