"""Rebuild round: what a rebuild is made of, each part a Prefect task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from seedbed.context.context import Assignment, close, context_of
from seedbed.context.datasets import dataset
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered
from seedbed.engine.plan import Removal
from seedbed.engine.report import StepReport
from seedbed.run.conclude import concluded
from seedbed.run.outcome import Part
from seedbed.run.rebuild import Rebuilt, begin, begun_anew, end, rebuild, why_step_by_step
from seedbed.run.remove import said
from seedbed.run.standing import require_fit
from seedbed.run.verify import result
from seedbed.steps.step import gather, submit


def rebuilt(assignment: Assignment, prove: Callable[[Assignment, Part], Part]) -> Part:
    """Bring the rows to what a seed after a reset would make."""
    require_fit(context_of(assignment), ordered(dataset(assignment.dataset).steps))
    fresh = begun_anew(assignment)
    try:
        return prove(fresh, _renewed(fresh))
    finally:
        if fresh != assignment:
            close(fresh)


def _renewed(assignment: Assignment) -> Part:
    started = time.monotonic()
    wanted = ordered(dataset(assignment.dataset).steps)
    why = _step_by_step(assignment)
    failed: tuple[str, ...] = ()
    if why:
        how = f"step by step, because {why}"
        removal, steps, failed, clearing = _one_by_one(assignment, wanted)
    else:
        done = _together(assignment)
        how, removal, steps = "in one transaction", done.removal, done.reports
        clearing = done.clearing
    part = concluded(assignment, wanted, steps, failed, started)
    notes = (f"rebuilt {how}", *removal.below, *part.report.notes)
    spent = {"clean": clearing, **part.report.spent}
    report = part.report.with_(kept=removal.pins, notes=notes, spent=spent)
    return replace(part, report=report)


def _step_by_step(assignment: Assignment) -> str:
    """Why a rebuild is a transaction a step; empty where it can be one."""

    def body(assignment: Assignment) -> State[Any]:
        why = why_step_by_step(context_of(assignment))
        return Completed(message=why or "in one transaction", data=why)

    about = "Whether all rows can be made in one transaction."
    return str(result(assignment, "rebuild_how", about, body))


def _together(assignment: Assignment) -> Rebuilt:
    def body(assignment: Assignment) -> State[Any]:
        done = rebuild(context_of(assignment))
        wrote = sum(one.added + one.updated for one in done.reports)
        return Completed(message=f"{wrote} rows written, {done.removal.rows} removed", data=done)

    about = "Remove, change and add what differs from the target, in one transaction."
    done: Rebuilt = result(assignment, "rebuild", about, body)
    return done


def _one_by_one(
    assignment: Assignment, wanted: tuple[Step, ...]
) -> tuple[Removal, tuple[StepReport, ...], tuple[str, ...], float]:
    def first(assignment: Assignment) -> State[Any]:
        gone = begin(context_of(assignment))
        return Completed(message=said(gone, True), data=gone)

    def last(assignment: Assignment) -> State[Any]:
        gone = end(context_of(assignment))
        return Completed(message=said(gone, True), data=gone)

    started = time.monotonic()
    result(assignment, "try", "Try all rows out, then remove what is beyond the target.", first)
    clearing = time.monotonic() - started
    steps, failed = gather(submit(assignment, wanted))
    gone: Removal = result(assignment, "beyond", "Remove what nothing needs any more.", last)
    return gone, steps, failed, clearing
