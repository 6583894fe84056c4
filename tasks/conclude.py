"""Conclude: the last look at a dataset, after all steps, and the report of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.engine.entity import Entity
from tasks.engine.errors import SeedbedError
from tasks.engine.report import Report, StepReport
from tasks.engine.steps import Step
from tasks.engine.update import Update
from tasks.outcome import Part
from tasks.proof import result, timed
from tasks.prove import complete, counts, digests
from tasks.publish import publish_report
from tasks.work import Assignment, work


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

    def body(assignment: Assignment) -> State[Any]:
        opened = work(assignment)
        held = counts(opened, later)
        found = digests(opened, fresh)
        return Completed(message=f"{len(found)} tables", data=(found, held))

    try:
        about = "What every table holds, and one digest of it."
        found, held = result(assignment, "digests", about, timed(spent, "digests", body))
    except SeedbedError as error:
        # A step's own failure tells more than the look at what it left.
        failed = failed or (f"digests failed: {error}",)
        return Part(reported_of(assignment, list(steps)), failed)
    now = done | {one.name: one for one in held}
    done = {one.name: one for one in held} | done
    report = reported_of(assignment, [done[one.name] for one in wanted]).with_(
        checks=(complete(_awaiting(now[one.name], done[one.name]) for one in wanted),),
        digests=found,
        seconds=time.monotonic() - started,
        spent=spent,
        notes=work(assignment).kinds,
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
