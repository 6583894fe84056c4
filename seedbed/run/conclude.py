"""Conclude: the last look at a dataset, after all steps, and the report of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from seedbed.context.context import Assignment, context_of
from seedbed.context.counted import complete, counts, digests
from seedbed.context.publish import publish_report
from seedbed.declare.entity import Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.reads import Step
from seedbed.declare.update import Update
from seedbed.engine.report import Report, StepReport
from seedbed.run.outcome import Part
from seedbed.run.verify import results, timed


def concluded(
    assignment: Assignment,
    wanted: tuple[Step, ...],
    steps: tuple[StepReport, ...],
    failed: tuple[str, ...],
    started: float,
) -> Part:
    """Look at all that is there, after every step: at the counts, and at the digests.

    A step's own look came before the steps after it, whose triggers may have undone it.
    """
    fresh = frozenset(one.table for one in steps if one.wrote)
    done = {one.name: one for one in steps}
    # Of services, the step that asked them has looked; where nothing was written, every step.
    later = [
        one
        for one in wanted
        if one.name not in done or (fresh and isinstance(one, Entity | Update))
    ]
    spent: dict[str, float] = {}

    def hold(assignment: Assignment) -> State[Any]:
        held = counts(context_of(assignment), later)
        return Completed(message=f"{sum(one.present for one in held)} rows present", data=held)

    def digest(assignment: Assignment) -> State[Any]:
        found = digests(context_of(assignment), fresh)
        return Completed(message=f"{len(found)} tables", data=found)

    look = {
        "counts": ("What every table holds, in one look after all steps.", hold),
        "digests": ("One digest a table.", timed(spent, "digests", digest)),
    }
    try:
        found = results(assignment, look)
    except SeedbedError as error:
        # A step's own failure tells more than the look at what it left.
        failed = failed or (f"the last look failed: {error}",)
        return Part(reported_of(assignment, list(steps)), failed)
    held = {one.name: one for one in found["counts"]}
    now, done = done | held, held | done
    report = reported_of(assignment, [done[one.name] for one in wanted]).with_(
        checks=(complete(_awaiting(now[one.name], done[one.name]) for one in wanted),),
        digests=found["digests"],
        seconds=time.monotonic() - started,
        spent=spent,
        notes=context_of(assignment).kinds,
    )
    publish_report(report, failed)
    return Part(report, failed)


def _awaiting(now: StepReport, done: StepReport) -> StepReport:
    """Rows that the application's worker has still to write are no lie of ours."""
    return replace(now, awaited=min(done.awaited, max(now.missing, 0)))


def reported_of(assignment: Assignment, steps: list[StepReport]) -> Report:
    """The report of some steps."""
    return Report(
        run=assignment.run,
        verb=assignment.verb,
        dataset=assignment.dataset,
        environment=assignment.environment,
        as_of=assignment.as_of,
        seed=assignment.seed,
        scale=assignment.scale,
        entities=tuple(steps),
    )
