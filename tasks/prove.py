"""Prove: the checks, the counts and the drift of what a dataset holds."""

from __future__ import annotations

from tasks.engine.entity import Entity
from tasks.engine.report import Check, Drift, StepReport
from tasks.postgres import checks, digest
from tasks.postgres.drift import drift
from tasks.survey import step
from tasks.work import Work


def counts(work: Work, entity: Entity) -> StepReport:
    """How much of an entity's target is present."""
    with work.database.reading() as connection:
        found = step(connection, work, entity)
    return StepReport(
        entity.name, entity.table, found.target, found.present, 0, 0, 0.0, entity.step, found.unmet
    )


def complete(steps: tuple[StepReport, ...]) -> Check:
    """Whether every target is present."""
    lacking = sum(one.target - one.present - one.added for one in steps)
    return Check("every_declared_row_is_present", "No entity lacks a row of its target.", lacking)


def checked(work: Work) -> tuple[Check, ...]:
    """The dataset's named checks."""
    with work.database.reading() as connection:
        return tuple(
            checks.check(connection, work.dataset, work.run, query)
            for query in checks.queries(work.dataset)
        )


def drifted(work: Work, entity: Entity) -> Drift | None:
    """Whether an entity's rows still hold what they were made with."""
    columns = work.columns[entity.name]
    with work.database.scratch() as connection:
        return drift(connection, entity, work.at(connection), columns, work.profile.chunk_rows)


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
