"""Prove: the checks, the counts and the drift of what a dataset holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tasks.embed import with_vectors
from tasks.engine.declared import Declared
from tasks.engine.entity import Entity
from tasks.engine.plan import Standing
from tasks.engine.report import Check, Drift, StepReport
from tasks.engine.resource import Resource
from tasks.engine.rows import Rows
from tasks.engine.steps import Step
from tasks.ensure import proof
from tasks.postgres import checks, digest
from tasks.postgres.drift import drift
from tasks.postgres.encode import ColumnType
from tasks.postgres.snapshot import Snapshot
from tasks.survey import standings
from tasks.work import Work


def counts(work: Work, wanted: Sequence[Step]) -> tuple[StepReport, ...]:
    """How much of each step's target is present; each sees the rows that those before lack."""
    with work.database.scratch() as connection:
        found = standings(connection, work, wanted)
    return tuple(reported(one, standing) for one, standing in zip(wanted, found, strict=True))


def reported(step: Step, found: Standing) -> StepReport:
    """Where a step stands as a report."""
    return StepReport(
        name=step.name,
        table=step.table,
        target=found.target,
        present=found.present,
        added=0,
        removed=0,
        seconds=0.0,
        step=step.step,
        lacking=found.lacking,
    )


def complete(found: Iterable[StepReport]) -> Check:
    """Whether every target is present, but for what the application's worker still has to do."""
    steps = tuple(found)
    lacking = sum(one.missing - one.awaited for one in steps)
    names = tuple(one.name for one in steps if one.missing)
    rule = "No entity lacks a row of its target."
    return Check("every_declared_row_is_present", rule, lacking, names)


def checked(work: Work) -> tuple[Check, ...]:
    """The dataset's named checks, and whether its rows and its objects in services agree."""
    with work.database.reading() as connection:
        found = [
            checks.check(connection, work.dataset, work.run, query)
            for query in checks.queries(work.dataset)
        ]
        run = work.at(connection)
        for one in work.dataset.later:
            if isinstance(one, Resource):
                found += proof(work, one, run, connection)
    return tuple(found)


def drifted(work: Work) -> tuple[Drift, ...]:
    """The entities whose rows do not hold any more what they were made with."""
    with work.database.scratch() as connection:
        run = Declared(work.run, Snapshot(connection, work.dataset)).run
        # A remote service's vectors are not asked for again: nobody could tell an edit by them.
        anew = work.embedder.repeatable
        values = with_vectors(work.embedder, Rows.declared) if anew else Rows.declared
        found = [
            drift(
                connection,
                one,
                run,
                _comparable(work, one),
                work.chunk_rows(one),
                values=values,
            )
            for one in work.dataset.entities
            if not work.by_worker(one)
        ]
    return tuple(one for one in found if one)


def _comparable(work: Work, entity: Entity) -> tuple[ColumnType, ...]:
    """The columns that are made anew."""
    columns = work.columns[entity.name]
    if entity.name not in work.texts or work.embedder.repeatable:
        return columns
    return tuple(column for column in columns if column.type != "vector")


def digests(work: Work, fresh: frozenset[str]) -> dict[str, str]:
    """One digest a table; the tables in `fresh` are analysed first.

    ANALYZE waits for the step's own transaction to end, for steps that share a table would
    wait for each other's. A role that does not own the table leaves it to autovacuum.
    """
    found = {}
    for table in work.dataset.tables:
        if table in fresh:
            with work.database.writing() as connection:
                digest.analyze(connection, table)
        with work.database.reading() as connection:
            found[table] = digest.digest(connection, work.dataset, table)
    return found
