"""Counted: the checks, the counts and the drift of what a dataset holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from seedbed.context.context import RunContext
from seedbed.context.embed import with_vectors
from seedbed.declare.reads import Step
from seedbed.declare.resource import Resource
from seedbed.engine.declared import Declared
from seedbed.engine.plan import Mismatch, Standing, told
from seedbed.engine.report import Check, Drift, StepReport
from seedbed.engine.rows import Rows
from seedbed.postgres import checks, digest
from seedbed.postgres.drift import drift
from seedbed.postgres.errors import SchemaMismatch
from seedbed.postgres.fit import collected, refused
from seedbed.run.standing import standings
from seedbed.steps.renewing import comparable
from seedbed.steps.resource import agreement


def counts(
    context: RunContext, wanted: Sequence[Step], *, fitting: bool = False
) -> tuple[StepReport, ...]:
    """How much of each step's target is present; each sees the rows that those before lack.

    With `fitting` a step that cannot be looked at says why.
    """
    with context.database.scratch() as connection:
        found = standings(connection, context, wanted, fitting=fitting)
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
        misfits=found.misfits,
    )


def complete(found: Iterable[StepReport]) -> Check:
    """Whether every target is present, but for what the application's worker still has to do."""
    steps = tuple(found)
    lacking = sum(one.missing - one.awaited for one in steps)
    names = tuple(one.name for one in steps if one.missing)
    rule = "No entity lacks a row of its target."
    return Check("every_declared_row_is_present", rule, lacking, names)


def fitting(found: Iterable[Mismatch]) -> Check:
    """Whether the database takes what is declared, and can be asked what the checks ask."""
    rule = "Every table takes what is declared for it, and every check can be asked."
    distinct = tuple(dict.fromkeys(found))
    return Check("every_declaration_fits", rule, len(distinct), told(distinct))


def checked(context: RunContext, unfit: list[Mismatch] | None = None) -> tuple[Check, ...]:
    """The dataset's named checks, and whether its rows and its objects in services agree.

    Checks that cannot be asked, because what they ask for is not there, are told in `unfit`.

    Raises:
        SchemaMismatch: there are such checks, and nobody wants to be told.
    """
    found: list[Check] = []
    with _telling(unfit) as misfits, context.database.reading() as connection:
        for query in checks.queries(context.dataset):
            with collected(connection, misfits, query.name):
                found.append(checks.check(connection, context.dataset, context.run, query))
        run = context.at(connection)
        for one in context.dataset.later:
            if isinstance(one, Resource):
                with collected(connection, misfits, one.name, one.table):
                    found += agreement(context, one, run, connection)
    return tuple(found)


def drifted(context: RunContext, unfit: list[Mismatch] | None = None) -> tuple[Drift, ...]:
    """The entities whose rows do not hold any more what they were made with.

    Values that the database would not take today are told in `unfit`, and their columns are not
    compared.

    Raises:
        SchemaMismatch: there are such values, and nobody wants to be told.
    """
    found: list[Drift] = []
    with _telling(unfit) as misfits, context.database.scratch() as connection:
        run = Declared(context.run, context.snapshot(connection)).run
        # A remote service's vectors are not asked for again: nobody could tell an edit by them.
        anew = context.embedder.repeatable
        values = with_vectors(context.embedder, Rows.declared) if anew else Rows.declared
        for one in context.dataset.entities:
            if context.by_worker(one) or not context.columns[one.name]:
                continue
            size, columns = context.chunk_rows(one), comparable(context, one)
            with collected(connection, misfits, one.name, one.table):
                bad = refused(one, columns, run, size)
                misfits.extend(bad)
                taken = tuple(c for c in columns if c.name not in {each.column for each in bad})
                if differing := drift(connection, one, run, taken, size, values=values):
                    found.append(differing)
    return tuple(found)


@contextmanager
def _telling(unfit: list[Mismatch] | None) -> Iterator[list[Mismatch]]:
    misfits: list[Mismatch] = []
    yield misfits
    if unfit is not None:
        unfit += misfits
    elif misfits:
        raise SchemaMismatch(misfits)


def digests(context: RunContext, fresh: frozenset[str]) -> dict[str, str]:
    """One digest a table; the tables in `fresh` are analysed first, those that are not there or
    have lost their key are left out.

    ANALYZE waits for the step's own transaction to end, for steps that share a table would
    wait for each other's. A role that does not own the table leaves it to autovacuum.
    """
    found = {}
    there = {one.table for one in context.dataset.entities if context.columns[one.name]}
    for table in context.dataset.tables:
        if table not in there:
            continue
        if table in fresh:
            with context.database.writing() as connection:
                digest.analyze(connection, table)
        with context.database.reading() as connection:
            found[table] = digest.digest(connection, context.dataset, table, context.catalogue)
    return found
