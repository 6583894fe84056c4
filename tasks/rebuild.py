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
from dataclasses import dataclass, field, replace

import numpy as np

from tasks.accounts import accounts_of, made_by_server
from tasks.anew import Anew, Staying
from tasks.embed import with_vectors
from tasks.engine.counts import Initial
from tasks.engine.entity import Entity
from tasks.engine.errors import SeedbedError
from tasks.engine.order import ordered
from tasks.engine.plan import Removal
from tasks.engine.report import StepReport
from tasks.engine.resource import Resource, Wait
from tasks.engine.rows import Rows
from tasks.engine.update import Update
from tasks.engine.values import Booleans, Integers
from tasks.postgres import delete, dry, laid, read, record
from tasks.postgres.candidates import everything, some
from tasks.postgres.database import Connection
from tasks.postgres.encode import ColumnType
from tasks.postgres.fence import Fence
from tasks.postgres.pins import pins
from tasks.postgres.references import managed
from tasks.postgres.renew import Renewal
from tasks.remove import remove_objects
from tasks.revise import settled
from tasks.work import Assignment, Work, work

LOOKS = 3
"""How often the target is worked out anew, because rows that cannot go change it."""


class NotRenewed(SeedbedError):
    """Rows do not hold what a rebuild brought them to."""

    def __init__(self, entity: Entity, lacking: int, differing: int) -> None:
        super().__init__(
            f"{entity.name}: of the rows of {entity.table} {lacking} are missing and {differing} "
            "differ from their declaration after the rebuild; a trigger or a rule changed them. "
            "Nothing of this was kept"
        )


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


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did."""

    reports: tuple[StepReport, ...]
    removal: Removal
    clearing: float
    """Seconds that it took to work the target out and remove what is beyond it."""


@dataclass
class _Beyond:
    """The rows of ours that are not in the target."""

    numbers: dict[str, Integers] = field(default_factory=dict)

    def rows(self, entity: Entity) -> int:
        """How many of an entity."""
        return len(self.numbers[entity.name])

    def chosen(self, entities: Iterable[Entity]) -> list[tuple[Entity, Integers]]:
        """Those of some entities."""
        return [(one, self.numbers[one.name]) for one in entities if len(self.numbers[one.name])]


def begun_anew(assignment: Assignment) -> Assignment:
    """The assignment of a rebuild: all rows are made for its day, whoever has come since.

    A first set that is there stays, although a first run would make none beside others' rows.
    """
    opened = work(assignment)
    first = [one for one in opened.dataset.entities if isinstance(one.count, Initial)]
    with opened.database.reading() as connection:
        stood = tuple(one.name for one in first if read.some(connection, one))
    return replace(assignment, stood=stood, anchor=assignment.as_of)


def why_step_by_step(work: Work) -> str:
    """Why the rows cannot be made in one transaction; empty where they can."""
    if any(isinstance(one, Resource | Wait) for one in work.dataset.later):
        return "services take part"
    if accounts_of(work) is not None:
        return "an auth server makes some of the rows"
    if any(map(work.by_worker, work.dataset.entities)):
        return "the application's worker makes some of the rows"
    with work.database.scratch() as connection:
        rows = Anew(work, connection, {}).rows
    most = work.profile.rebuild_rows
    return f"{rows} rows are more than rebuild_rows = {most} of the profile" if rows > most else ""


def rebuild(work: Work) -> Rebuilt:
    """Rebuild in one transaction.

    Raises:
        NotRenewed, RenewalRefused, RowRefused, Fenced: nothing was kept.
    """
    started = time.monotonic()
    with work.writing(*managed(work.dataset)) as fence, ExitStack() as open_until:
        anew, before = _worked_out(fence.connection, work)
        gone = _remove(fence, work, before)
        clearing = time.monotonic() - started
        renewals = []
        reports: dict[str, StepReport] = {}
        steps = [one for one in ordered(work.dataset.steps) if isinstance(one, Entity | Update)]
        for step in steps:
            if isinstance(step, Update):
                reports[step.name] = settled(fence, work, step)
            else:
                renewals.append(_renew(fence, work, anew, step, open_until))
        # What was beyond the target may have been needed by rows that are at it now.
        left = _remove(fence, work, _beyond(fence.connection, work, anew))
        removal = replace(left, tables=_added(gone.tables, left.tables))
        _record(fence.connection, work, removal, [one.report() for one, _ in renewals])
        fence.settle()
        for renewed, renewal in renewals:
            _require(fence.connection, anew, renewed.entity, renewal)
        after = _beyond(fence.connection, work, anew)
        for renewed, _ in renewals:
            renewed.removed = before.rows(renewed.entity) - after.rows(renewed.entity)
    reports |= {one.entity.name: one.report() for one, _ in renewals}
    return Rebuilt(tuple(reports[one.name] for one in steps), removal, clearing)


def renew(work: Work, entity: Entity, anew: Anew) -> StepReport:
    """Rebuild one entity in a transaction of its own."""
    with work.writing(entity.table) as fence, ExitStack() as open_until:
        renewed, renewal = _renew(fence, work, anew, entity, open_until)
        report = renewed.report()
        if report.wrote:
            record.write(
                fence.connection,
                work.author,
                work.run,
                entity.name,
                added=report.added,
                updated=report.updated,
            )
        fence.settle()
        _require(fence.connection, anew, entity, renewal)
    return report


def _worked_out(connection: Connection, work: Work) -> tuple[Anew, _Beyond]:
    _, kept = pins(connection, work.dataset, everything(work.dataset))
    staying: Staying = {}
    for _ in range(LOOKS):
        anew = Anew(work, connection, staying)
        beyond = _beyond(connection, work, anew)
        going = {one.table: set(one.keys or ()) for one in some(work.dataset, _every(work, beyond))}
        now = {table: keys & going.get(table, set()) for table, keys in kept.items()}
        now = {table: keys for table, keys in now.items() if keys}
        if now == staying:
            break
        staying = now
    return anew, beyond


def _every(work: Work, beyond: _Beyond) -> list[tuple[Entity, Integers]]:
    return beyond.chosen(work.dataset.entities)


def _beyond(connection: Connection, work: Work, anew: Anew) -> _Beyond:
    return _Beyond(
        {
            one.name: np.setdiff1d(read.every(connection, one), anew.numbers(one))
            for one in work.dataset.entities
        }
    )


def _remove(fence: Fence, work: Work, beyond: _Beyond) -> Removal:
    going = [
        (entity, numbers)
        for entity, numbers in _every(work, beyond)
        if made_by_server(work, entity) is None
    ]
    if not going:
        return Removal({}, ())
    return delete.remove(fence, work.dataset, some(work.dataset, going), strict=False)


def _renew(
    fence: Fence, work: Work, anew: Anew, entity: Entity, open_until: ExitStack
) -> tuple[Renewed, Renewal]:
    started = time.monotonic()
    connection, columns = fence.connection, _comparable(work, entity)
    held = np.sort(read.every(connection, entity))
    there = (rows.take(np.flatnonzero(here)) for rows, here in _split(anew, entity, held))
    renewal = Renewal(connection, entity, columns, stamps=anew.moved)
    vectors = with_vectors(work.embedder, Rows.declared)
    open_until.enter_context(renewal.laid((rows for rows in there if len(rows)), vectors))
    moving, _ = entity.key.read(renewal.movers())
    if len(moving):
        going = some(work.dataset, [(entity, moving)])
        delete.remove(fence, work.dataset, going, strict=False)
    left = np.sort(read.every(connection, entity))
    updated = renewal.update()
    lacking = (rows.take(np.flatnonzero(~here)) for rows, here in _split(anew, entity, left))
    added = laid.add(
        connection,
        entity,
        work.columns[entity.name],
        (rows for rows in lacking if len(rows)),
        ahead=False,
        values=with_vectors(work.embedder, Rows.inserted),
    )
    target = anew.numbers(entity)
    back = len(held) - len(left)  # gone and come back
    renewed = Renewed(
        entity,
        len(target),
        int(np.isin(target, held).sum()),
        updated=updated + back,
        added=added - back,
        seconds=time.monotonic() - started,
    )
    return renewed, renewal


def _split(anew: Anew, entity: Entity, held: Integers) -> Iterable[tuple[Rows, Booleans]]:
    return ((rows, np.isin(rows.number, held)) for rows in anew.chunks(entity))


def _comparable(work: Work, entity: Entity) -> tuple[ColumnType, ...]:
    """The columns that are made anew; nobody asks a remote service for the same vectors twice."""
    columns = work.columns[entity.name]
    if entity.name not in work.texts or work.embedder.repeatable:
        return columns
    return tuple(column for column in columns if column.type != "vector")


def _require(connection: Connection, anew: Anew, entity: Entity, renewal: Renewal) -> None:
    target = anew.numbers(entity)
    lacking = len(np.setdiff1d(target, read.every(connection, entity)))
    differing = renewal.differing()
    if lacking or differing:
        raise NotRenewed(entity, lacking, differing)


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}


def _record(
    connection: Connection, work: Work, removal: Removal, reports: Iterable[StepReport]
) -> None:
    """All rows have the coordinates and the generator of this run from here on."""
    wrote = [one for one in reports if one.wrote]
    recorded = record.latest(connection, work.dataset.name)
    if not (wrote or removal.rows) and recorded == record.coordinates(work.run, work.author):
        return
    begun = replace(work.author, verb="reset")
    record.write(connection, begun, work.run, "(all)", removed=removal.rows)
    for one in wrote:
        record.write(
            connection, work.author, work.run, one.name, added=one.added, updated=one.updated
        )
    if not wrote:
        record.write(connection, work.author, work.run, "(rebuild)")


def begin(work: Work) -> Removal:
    """Begin a rebuild step by step: try all of it out, and remove what is beyond the target.

    Raises:
        RowRefused: the database would refuse a row; nothing was touched.
    """
    with work.database.scratch() as connection:
        anew, _ = _worked_out(connection, work)
        for entity in work.dataset.entities:
            if made_by_server(work, entity) is None:
                columns = [one for one in _comparable(work, entity) if one.type != "vector"]
                dry.load(connection, entity, columns, anew.chunks(entity))
    with work.writing(*managed(work.dataset)) as fence:
        anew, beyond = _worked_out(fence.connection, work)
        gone = _remove(fence, work, beyond)
        _record(fence.connection, work, gone, ())
    work.anew.append(anew)
    return gone


def end(work: Work) -> Removal:
    """End it: remove what was beyond the target and needed until now, and objects without rows."""
    (anew,) = work.anew
    with work.writing(*managed(work.dataset)) as fence:
        left = _remove(fence, work, _beyond(fence.connection, work, anew))
        if left.rows:
            record.write(fence.connection, work.author, work.run, "(beyond)", removed=left.rows)
    return replace(left, objects=remove_objects(work))
