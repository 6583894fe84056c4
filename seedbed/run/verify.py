"""Proof: counts, checks, drift and digests of a run, each a Prefect task."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from seedbed.context.context import Assignment, context_of
from seedbed.context.counted import checked, complete, counts, digests, drifted, fitting
from seedbed.context.datasets import dataset
from seedbed.context.publish import publish_report
from seedbed.context.where import profile_of
from seedbed.engine.order import ordered
from seedbed.engine.plan import Mismatch, told
from seedbed.engine.report import Report, StepReport
from seedbed.postgres import record
from seedbed.run.outcome import Part
from seedbed.steps.queue import await_worker
from seedbed.steps.step import as_task

Body = Callable[[Assignment], State[Any]]
"""What a task does."""


def result(assignment: Assignment, name: str, about: str, body: Body) -> Any:
    """Run one task now; its error is the flow's."""
    retries = profile_of(assignment.environment).retries
    task = as_task(f"{assignment.dataset}.{name}", about, retries, body)
    return task.submit(assignment).result()


def results(assignment: Assignment, tasks: Mapping[str, tuple[str, Body]]) -> dict[str, Any]:
    """Run tasks side by side, by name what each is about and does; an error is the flow's."""
    retries = profile_of(assignment.environment).retries
    futures = {
        name: as_task(f"{assignment.dataset}.{name}", about, retries, body).submit(assignment)
        for name, (about, body) in tasks.items()
    }
    return {name: future.result() for name, future in futures.items()}


def timed(spent: dict[str, float], name: str, body: Body) -> Body:
    """The body, with its seconds noted down under the name."""

    def run(assignment: Assignment) -> State[Any]:
        started = time.monotonic()
        try:
            return body(assignment)
        finally:
            spent[name] = time.monotonic() - started

    return run


def verified(assignment: Assignment, part: Part) -> Part:
    """The part with counts, checks and drift from the database added."""
    started = time.monotonic()
    spent = dict(part.report.spent)
    said = _worker_done(assignment, spent)
    proof = {
        "counts": ("Target and present of every entity.", _counts),
        "checks": ("The named checks.", _checks),
        "drift": ("Rows that differ from their declaration.", _drift),
        "digests": ("One digest a table.", _digests),
    }
    found = results(
        assignment,
        {
            name: (about, timed(spent, name, body))
            for name, (about, body) in proof.items()
            if name != "digests" or not part.report.digests
        },
    )
    steps: tuple[StepReport, ...] = found["counts"]
    (checks, unasked), (drift, unmade) = found["checks"], found["drift"]
    unfit = (*(misfit for one in steps for misfit in one.misfits), *unmade, *unasked)
    report = part.report.with_(
        entities=part.report.entities or steps,
        checks=(fitting(unfit), complete(steps), *checks),
        drift=drift,
        digests=part.report.digests or found["digests"],
        seconds=part.report.seconds + time.monotonic() - started,
        spent=spent,
        notes=tuple(dict.fromkeys([*part.report.notes, *_to_say(assignment), *said])),
    )
    publish_report(report)
    return replace(part, report=report, said=_verified_said(report))


def _worker_done(assignment: Assignment, spent: dict[str, float]) -> tuple[str, ...]:
    """Wait for the application's own worker, where there are rows that it has to write."""
    if not any(map(context_of(assignment).by_worker, dataset(assignment.dataset).entities)):
        return ()

    def body(assignment: Assignment) -> State[Any]:
        waited = await_worker(context_of(assignment))
        return Completed(message=str(waited), data=waited)

    about = "Wait for the application's own worker."
    return (str(result(assignment, "worker", about, timed(spent, "worker", body))),)


def _to_say(assignment: Assignment) -> tuple[str, ...]:
    """Rows of earlier versions, what is left out on purpose, and which services are local ones."""
    opened = context_of(assignment)
    with opened.database.reading() as connection:
        recorded = record.latest(connection, assignment.dataset)
    older = sorted((recorded.generators if recorded else frozenset()) - {opened.author.generator})
    return (
        *(earlier(one, opened.author.generator) for one in older),
        *(f"left out on purpose: {one}" for one in opened.dataset.notes),
        *opened.kinds,
    )


def earlier(version: str, now: str) -> str:
    """What verify says of rows that an earlier version of the generator made."""
    return (
        f"some rows were made by {version}, and this is {now}: what the newer version makes "
        "otherwise counts as edited; `seedbed refresh --mode rebuild` makes all of them anew"
    )


def _verified_said(report: Report) -> str:
    entities = {one.name for one in dataset(report.dataset).entities}
    held = (one for one in report.entities if one.name in entities)
    rows = sum(one.present + one.added + one.updated for one in held)
    edited = sum(one.rows for one in report.drift if one.certain)
    differing = sum(one.rows for one in report.drift) - edited
    drift = f", {edited} rows edited" if edited else ""
    drift += f", {differing} rows that would be made otherwise now" if differing else ""
    changed = f", {report.updated} updated" if report.updated else ""
    return (
        f"{report.dataset}: {len(report.checks)} checks passed over {rows} rows{drift}, "
        f"+{report.added} -{report.removed}{changed}, {report.seconds:.1f} s"
    )


def _counts(assignment: Assignment) -> State[Any]:
    opened = context_of(assignment)
    found = counts(opened, ordered(opened.dataset.steps), fitting=True)
    return Completed(message=f"{sum(one.present for one in found)} rows present", data=found)


def _checks(assignment: Assignment) -> State[Any]:
    unasked: list[Mismatch] = []
    found = checked(context_of(assignment), unasked)
    violated = [check.name for check in found if not check.passed]
    said = f"violated: {', '.join(violated)}" if violated else f"{len(found)} checks passed"
    said += f", {len(unasked)} cannot be asked" if unasked else ""
    return Completed(message=said, data=(found, unasked))


def _drift(assignment: Assignment) -> State[Any]:
    misfits: list[Mismatch] = []
    found = drifted(context_of(assignment), misfits)
    lines = [*map(str, found), *told(misfits)]
    said = "; ".join(lines) or "no row differs from its declaration"
    return Completed(message=said, data=(found, misfits))


def _digests(assignment: Assignment) -> State[Any]:
    found = digests(context_of(assignment), frozenset())
    return Completed(message=f"{len(found)} tables", data=found)
