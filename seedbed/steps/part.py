"""Part: one transaction of a fill. The only place where pure meets IO.

Most steps are one part. The parts of a large load run side by side: in threads, or in other
processes, on this machine or another (seedbed/context/workers.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from seedbed.context.assignment import Assignment
from seedbed.context.context import RunContext
from seedbed.context.embed import with_vectors
from seedbed.context.opening import opened
from seedbed.declare.entity import Entity
from seedbed.declare.errors import SeedbedError
from seedbed.engine.requirement import Lack
from seedbed.engine.rows import Rows
from seedbed.postgres import delete, read, record
from seedbed.postgres.candidates import some
from seedbed.postgres.connection import redact
from seedbed.postgres.connection.failures import passing, sentence
from seedbed.postgres.copy import laid
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.copy.load import explained
from seedbed.postgres.fence import Fence
from seedbed.steps.errors import OtherGenerator, PartFailed, RowsMissing


@dataclass(frozen=True)
class Part:
    """Every `of`-th chunk of an entity, from chunk `number` on: what a worker needs to know.

    It holds no secret: a worker finds the database by its own process's environment.
    """

    assignment: Assignment
    entity: str
    rows: int
    """Rows of a chunk; given, because a worker's own profile may differ."""
    generator: str
    number: int = 0
    of: int = 1

    def __str__(self) -> str:
        part = f", part {self.number + 1} of {self.of}" if self.of > 1 else ""
        return f"{self.assignment.dataset}.{self.entity}{part}"


@dataclass(frozen=True)
class Loaded:
    """What one transaction did."""

    target: int
    added: int
    removed: int
    lacking: tuple[Lack, ...]


def load_part(
    context: RunContext, entity: Entity, part: Part, progress: Callable[[int], None]
) -> Loaded:
    """Add the rows of a part that are missing; `progress` is told of the rows of every chunk."""
    with context.writing(entity.table) as fence:
        connection = fence.connection
        removed = _roll(fence, context, entity) if entity.windowed else 0
        run = context.at(connection)
        gap = read.Gap(connection, entity, run, part.rows, part=part.number, parts=part.of)
        columns = context.columns[entity.name]
        values = with_vectors(context.embedder, Rows.inserted)
        added = laid.add(
            connection, entity, columns, gap, progress, ahead=not gap.reads, values=values
        )
        _require(entity, added, gap.missing)
        if added or removed:
            record.write(
                connection, context.author, context.run, entity.name, added=added, removed=removed
            )
            fence.settle()
            if part.of == 1:
                _require(entity, read.count(connection, entity), gap.owned + added)
    return Loaded(gap.target, added, removed, gap.lacking)


def load_elsewhere(part: Part) -> Loaded:
    """The same in a worker's process, which opens its own work and closes it again.

    Raises:
        PartFailed: whatever went wrong, as a sentence that can travel.
    """
    redact.install()
    try:
        with opened(part.assignment) as context:
            if context.author.generator != part.generator:
                raise OtherGenerator(part, context.author.generator)
            entity = next(one for one in context.dataset.entities if one.name == part.entity)
            try:
                return load_part(context, entity, part, _unseen)
            except RowRefused as refused:
                raise SeedbedError(refused_sentence(context, refused)) from None
    except psycopg.Error as error:
        raise PartFailed(sentence(error), passing(error)) from None
    except SeedbedError as error:
        raise PartFailed(str(error), error.passes) from None


def refused_sentence(context: RunContext, refused: RowRefused) -> str:
    """The refusal, with what a connection that still works tells of it."""
    with context.database.reading() as connection:
        return explained(connection, refused)


def require_all(context: RunContext, entity: Entity, expected: int) -> None:
    """After several parts: the database holds the rows that were there and those of all parts.

    Raises:
        RowsMissing: it does not.
    """
    with context.database.reading() as connection:
        _require(entity, read.count(connection, entity), expected)


def _unseen(rows: int) -> None:
    """Progress within a part stays in the worker; the step tells when a part is done."""


def _require(entity: Entity, held: int, expected: int) -> None:
    if held != expected:
        raise RowsMissing(entity, held, expected)


def _roll(fence: Fence, context: RunContext, entity: Entity) -> int:
    """Remove our rows of days that left the window; rows that others need are kept."""
    old = read.beyond(
        fence.connection, entity, context.at(fence.connection), context.profile.chunk_rows
    )
    if not len(old):
        return 0
    going = some(context.dataset, [(entity, old)])
    return delete.remove(fence, context.dataset, going, strict=False).rows
