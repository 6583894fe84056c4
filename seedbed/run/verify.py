"""Verify: counts, checks, drift and digests of a dataset, each a task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from seedbed.context.context import RunContext
from seedbed.context.execution import Result
from seedbed.engine.order import ordered
from seedbed.engine.plan import Mismatch, told
from seedbed.engine.report import Check, Drift, Report, StepReport
from seedbed.postgres import record
from seedbed.run.counted import checked, complete, counts, digests, drifted, fitting
from seedbed.run.result import DatasetResult, report_of
from seedbed.steps.queue import await_worker


def timed(name: str, body: Callable[[RunContext], Result]) -> Callable[[RunContext], Result]:
    """The body, with its seconds noted down under the name."""

    def run(context: RunContext) -> Result:
        started = time.monotonic()
        try:
            return body(context)
        finally:
            context.spent[name] = time.monotonic() - started

    return run


@dataclass(frozen=True)
class Checked:
    """The checks, and those of them that cannot be asked."""

    checks: tuple[Check, ...]
    unasked: tuple[Mismatch, ...]

    def __str__(self) -> str:
        violated = [check.name for check in self.checks if not check.passed]
        said = f"violated: {', '.join(violated)}" if violated else f"{len(self.checks)} passed"
        return f"{said}, {len(self.unasked)} cannot be asked" if self.unasked else said


@dataclass(frozen=True)
class Drifted:
    """Rows that differ from their declaration, and what of it cannot be compared."""

    drift: tuple[Drift, ...]
    unmade: tuple[Mismatch, ...]

    def __str__(self) -> str:
        lines = [*map(str, self.drift), *told(self.unmade)]
        return "; ".join(lines) or "no row differs from its declaration"


def present(reports: tuple[StepReport, ...]) -> str:
    """What counts say."""
    return f"{sum(report.present for report in reports)} rows present"


def tables(found: dict[str, str]) -> str:
    """What digests say."""
    return f"{len(found)} tables"


def verified(context: RunContext, so_far: DatasetResult | None = None) -> DatasetResult:
    """Every check, the counts and the drift, added to what the run has come to so far."""
    started = time.monotonic()
    report = so_far.report if so_far else report_of(context.assignment)
    said = _worker_done(context)
    counted = context.start(
        "counts",
        "Target and present of every entity.",
        timed("counts", _counts),
        says=present,
    )
    checks = context.start("checks", "The named checks.", timed("checks", _checks))
    drift = context.start(
        "drift", "Rows that differ from their declaration.", timed("drift", _drift)
    )
    if not report.digests:
        digested = context.start(
            "digests", "One digest a table.", timed("digests", _digests), says=tables
        )
        report = report.with_(digests=digested.result())
    steps, asked, compared = counted.result(), checks.result(), drift.result()
    unfit = (*(m for step in steps for m in step.misfits), *compared.unmade, *asked.unasked)
    report = report.with_(
        entities=report.entities or steps,
        checks=(fitting(unfit), complete(steps), *asked.checks),
        drift=compared.drift,
        seconds=report.seconds + time.monotonic() - started,
        spent=context.spent,
        notes=tuple(dict.fromkeys([*report.notes, *_to_say(context), *said])),
    )
    failed = so_far.failed if so_far else ()
    context.execution.show_report(report, failed)
    return DatasetResult(report, failed, _said(context, report))


def _worker_done(context: RunContext) -> tuple[str, ...]:
    """Wait for the application's own worker, where there are rows that it has to write."""
    if not any(map(context.by_worker, context.dataset.entities)):
        return ()
    about = "Wait for the application's own worker."
    waited = context.start("worker", about, timed("worker", await_worker))
    return (str(waited.result()),)


def _to_say(context: RunContext) -> tuple[str, ...]:
    """Rows of earlier versions, what is left out on purpose, and which services are local ones."""
    with context.database.reading() as connection:
        recorded = record.latest(connection, context.dataset.name)
    older = sorted((recorded.generators if recorded else frozenset()) - {context.author.generator})
    return (
        *(earlier(version, context.author.generator) for version in older),
        *(f"left out on purpose: {note}" for note in context.dataset.notes),
        *context.kinds,
    )


def earlier(version: str, now: str) -> str:
    """What verify says of rows that an earlier version of the generator made."""
    return (
        f"some rows were made by {version}, and this is {now}: what the newer version makes "
        "otherwise counts as edited; `seedbed refresh --mode rebuild` makes all of them anew"
    )


def _said(context: RunContext, report: Report) -> str:
    entities = {entity.name for entity in context.dataset.entities}
    held = (step for step in report.entities if step.name in entities)
    rows = sum(step.present + step.added + step.updated for step in held)
    edited = sum(drift.rows for drift in report.drift if drift.certain)
    differing = sum(drift.rows for drift in report.drift) - edited
    drift = f", {edited} rows edited" if edited else ""
    drift += f", {differing} rows that would be made otherwise now" if differing else ""
    changed = f", {report.updated} updated" if report.updated else ""
    return (
        f"{report.dataset}: {len(report.checks)} checks passed over {rows} rows{drift}, "
        f"+{report.added} -{report.removed}{changed}, {report.seconds:.1f} s"
    )


def _counts(context: RunContext) -> tuple[StepReport, ...]:
    return counts(context, ordered(context.dataset.steps), fitting=True)


def _checks(context: RunContext) -> Checked:
    unasked: list[Mismatch] = []
    found = checked(context, unasked)
    return Checked(found, tuple(unasked))


def _drift(context: RunContext) -> Drifted:
    misfits: list[Mismatch] = []
    found = drifted(context, misfits)
    return Drifted(found, tuple(misfits))


def _digests(context: RunContext) -> dict[str, str]:
    return digests(context, frozenset())
