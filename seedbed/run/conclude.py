"""Conclude: the last look at a dataset, after all steps, and the report of it."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from seedbed.declare.entity import Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.update import Update
from seedbed.engine.report import StepReport
from seedbed.run.counted import complete, counts, digests
from seedbed.run.filling import Filled
from seedbed.run.result import DatasetResult, report_of
from seedbed.run.verify import present, tables, timed


def concluded(done: Filled) -> DatasetResult:
    """Look at all that is there, after every step: at the counts, and at the digests.

    A step's own look came before the steps after it, whose triggers may have undone it.
    """
    context = done.context
    fresh = frozenset(step.table for step in done.reports if step.wrote)
    reports = {step.name: step for step in done.reports}
    # Of services, the step that asked them has looked; where nothing was written, every step.
    later = [
        step
        for step in done.wanted
        if step.name not in reports or (fresh and isinstance(step, Entity | Update))
    ]
    counted = context.start(
        "counts",
        "What every table holds, in one look after all steps.",
        partial(counts, wanted=later),
        says=present,
    )
    digested = context.start(
        "digests",
        "One digest a table.",
        timed("digests", partial(digests, fresh=fresh)),
        says=tables,
    )
    try:
        looked, found = counted.result(), digested.result()
    except SeedbedError as error:
        # A step's own failure tells more than the look at what it left.
        failed = done.failed or (f"the last look failed: {error}",)
        return DatasetResult(report_of(context.assignment, done.reports), failed)
    held = {step.name: step for step in looked}
    now, reports = reports | held, held | reports
    report = report_of(context.assignment, (reports[step.name] for step in done.wanted)).with_(
        checks=(complete(_awaiting(now[s.name], reports[s.name]) for s in done.wanted),),
        digests=found,
        kept=done.kept,
        notes=(*done.notes, *context.kinds),
        seconds=time.monotonic() - done.started,
        spent=context.spent,
    )
    context.execution.show_report(report, done.failed)
    return DatasetResult(report, done.failed)


def _awaiting(now: StepReport, done: StepReport) -> StepReport:
    """Rows that the application's worker has still to write are no lie of ours."""
    return replace(now, awaited=min(done.awaited, max(now.missing, 0)))
