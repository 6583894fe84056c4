"""Filling: the steps of a dataset as tasks, each begun as soon as its upstream is done."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from seedbed.context.context import RunContext
from seedbed.context.errors import NotRun
from seedbed.context.execution import Pending
from seedbed.context.progress import News, tell
from seedbed.context.variables import switched
from seedbed.context.where import application
from seedbed.declare.entity import Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.reads import Step
from seedbed.engine.order import by_task
from seedbed.engine.plan import Pin
from seedbed.engine.report import StepReport, combined
from seedbed.postgres.connection.failures import naming
from seedbed.postgres.copy.errors import RowRefused
from seedbed.run.counted import reported
from seedbed.steps.kinds import kind_of
from seedbed.steps.part import refused_sentence


@dataclass(frozen=True)
class Filled:
    """What the steps of a run came to."""

    context: RunContext
    """In which they were done: a rebuild makes all rows for its own day."""
    wanted: tuple[Step, ...]
    reports: tuple[StepReport, ...]
    """Of the steps that are done."""
    failed: tuple[str, ...]
    """A sentence for those that are not."""
    started: float
    notes: tuple[str, ...] = ()
    kept: tuple[Pin, ...] = ()


def filled(context: RunContext, wanted: tuple[Step, ...]) -> Filled:
    """Do the steps; a failed one stops those below it, and no others."""
    started = time.monotonic()
    reports, failed = _gather(_submit(context, wanted))
    return Filled(context, wanted, reports, failed, started)


Reports = tuple[StepReport, ...]


def _submit(context: RunContext, steps: Iterable[Step]) -> dict[str, Pending[Reports]]:
    pending: dict[str, Pending[Reports]] = {}
    for name, members in by_task(steps).items():
        above = dict.fromkeys(up.task for step in members for up in step.above)
        pending[name] = context.start(
            name,
            "; ".join(step.about for step in members),
            partial(_together, name, members),
            says=lambda reports, name=name: str(combined(name, reports)),  # type: ignore[misc]
            after=[pending[task] for task in above if task in pending and task != name],
        )
    return pending


def _gather(pending: dict[str, Pending[Reports]]) -> tuple[Reports, tuple[str, ...]]:
    reports: list[StepReport] = []
    failed: list[str] = []
    waiting: list[str] = []
    for name, task in pending.items():
        try:
            reports += task.result()
        except NotRun:
            waiting.append(name)
        except SeedbedError as error:
            failed.append(f"{name} failed: {error}")
    if waiting:
        failed.append(f"not run because of that: {', '.join(waiting)}")
    return tuple(reports), tuple(failed)


def _together(name: str, steps: tuple[Step, ...], context: RunContext) -> Reports:
    """Do the steps of one task, one after the other."""
    reports = tuple(_done(context, step, name) for step in steps)
    report = combined(name, reports)
    if report.wrote or report.queued:  # the run's summary tells of the others
        context.execution.show_step(context.assignment, report)
    return reports


def _done(context: RunContext, step: Step, task: str) -> StepReport:
    seen = context.satisfied.get(step.name)
    if seen is not None and not (isinstance(step, Entity) and step.windowed):
        return reported(step, seen)
    kind, assignment = kind_of(context, step), context.assignment

    def total() -> int:
        name = application(assignment.dataset, assignment.run)
        with context.database.aside(name) as connection:
            return kind.total(context.at(connection))

    progress = context.execution.progress(assignment, step.name, total, slow=kind.slow)

    def show(rows: int) -> None:
        sent = progress.add(rows)
        tell(News(f"{assignment.dataset}.{task}", "running", sent, progress.total))

    try:
        with naming(step.table):
            report = kind.do(show)
    except RowRefused as refused:
        raise SeedbedError(refused_sentence(context, refused)) from None
    progress.done()
    if switched("SEED_VERBOSE"):
        for lack in report.lacking:
            context.execution.log("%s: %s", step.name, lack)
    return report
