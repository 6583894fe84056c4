"""Rounds: what the flows do with one prepared dataset, each step a Prefect task."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.datasets import dataset
from tasks.engine.errors import Refused, SeedbedError
from tasks.engine.order import ordered, selected
from tasks.engine.plan import Plan, Removal
from tasks.engine.report import Report, StepReport
from tasks.engine.steps import Step
from tasks.outcome import Part
from tasks.prepare import Intent
from tasks.prove import checked, complete, counts, digests, drifted, reported
from tasks.publish import publish_report
from tasks.remove import preview, remove
from tasks.step import as_task, gather, submit
from tasks.survey import look_first, standings, survey
from tasks.work import Assignment, close, profile_of, work

RETRIES = 4


class UpstreamMissing(Refused):
    """Entities were chosen whose upstream is not there."""

    def __init__(self, dataset: str, lacking: dict[str, int]) -> None:
        listed = ", ".join(f"{name} ({rows} rows)" for name, rows in lacking.items())
        super().__init__(
            f"{dataset}: upstream rows are missing: {listed}; seed them first, or add "
            "--with-upstream"
        )


def plan_round(assignment: Assignment, intent: Intent) -> Part:
    """The plan of the chosen entities."""
    steps = _chosen(assignment, intent)

    def body(assignment: Assignment) -> State[Any]:
        found = survey(work(assignment), steps)
        said = f"{found.gap} rows to add, {found.removal.rows} a reset would remove"
        return Completed(message=said, data=found)

    found: Plan = _result(assignment, "plan", "What is missing, and what a reset would do.", body)
    reports = [reported(one, held) for one, held in zip(steps, found.steps, strict=True)]
    beyond = [
        f"{one.step}: {one.beyond} owned rows beyond the target"
        for one in found.steps
        if one.beyond
    ]
    reset = f"a reset would remove {found.removal.rows} rows and keep {found.removal.kept}"
    notes = (*beyond, reset, *found.removal.slow)
    report = _report(assignment, reports).with_(kept=found.removal.pins, notes=notes)
    publish_report(report)
    return Part(report, said=f"{assignment.dataset}: {found.gap} rows to add; {reset}")


def seed_round(assignment: Assignment, intent: Intent) -> Part:
    """Fill the chosen entities and digest their tables."""
    steps = _chosen(assignment, intent)
    _require_upstream(assignment, steps)
    return _filled(assignment, steps)


def roll_round(assignment: Assignment) -> Part:
    """Move the windows to as_of, touch nothing else, then verify."""
    chosen = dataset(assignment.dataset)
    windows = ordered(one for one in chosen.entities if one.windowed)
    _require_upstream(assignment, windows)
    return _verified(assignment, _filled(assignment, windows))


def rebuild_round(assignment: Assignment) -> Part:
    """Reset, seed and verify, as of the run's date."""
    removed = reset_round(assignment, confirm=True, strict=False).report
    fresh = assignment if removed.kept else replace(assignment, anchor=assignment.as_of)
    try:
        part = _filled(fresh, ordered(dataset(fresh.dataset).steps))
        part = replace(part, report=part.report.with_(kept=removed.kept))
        return _verified(fresh, part)
    finally:
        if fresh is not assignment:
            close(fresh)


def verify_round(assignment: Assignment) -> Part:
    """Every check, the counts and the drift."""
    return _verified(assignment, Part(_report(assignment, [])))


def reset_round(assignment: Assignment, *, confirm: bool, strict: bool) -> Part:
    """Remove what is ours; without `confirm` only say what that would be."""
    started = time.monotonic()

    def body(assignment: Assignment) -> State[Any]:
        opened = work(assignment)
        gone = remove(opened, strict=strict) if confirm else preview(opened)
        return Completed(message=_removal_said(gone, confirm), data=gone)

    gone: Removal = _result(assignment, "remove", "Lock, look, delete, fence.", body)
    steps = [
        StepReport(table, table, 0, rows, 0, rows if confirm else 0, 0.0)
        for table, rows in (gone.tables | gone.objects).items()
    ]
    report = _report(assignment, steps).with_(
        verb="reset", kept=gone.pins, seconds=time.monotonic() - started
    )
    publish_report(report)
    return Part(report, said=f"{assignment.dataset}: {_removal_said(gone, confirm)}")


def _removal_said(gone: Removal, confirm: bool) -> str:
    did = "removed" if confirm else "dry run, nothing removed; would remove"
    kept = f", kept {gone.kept} that rows of others depend on" if gone.kept else ""
    objects = sum(gone.objects.values())
    outside = f" and {objects} objects in {', '.join(gone.objects)}" if objects else ""
    return f"{did} {gone.rows} rows{outside}{kept}"


def _chosen(assignment: Assignment, intent: Intent) -> tuple[Step, ...]:
    choice = intent.choice
    return selected(dataset(assignment.dataset), choice.only, choice.with_upstream)


def _require_upstream(assignment: Assignment, steps: tuple[Step, ...]) -> None:
    outside = {up for one in steps for up in one.above if up not in steps}
    if not outside:
        return
    opened = work(assignment)
    with opened.database.scratch() as connection:
        found = standings(connection, opened, ordered(outside))
    lacking = {one.step: one.gap for one in found if one.gap}
    if lacking:
        raise UpstreamMissing(assignment.dataset, lacking)


def _filled(assignment: Assignment, wanted: tuple[Step, ...]) -> Part:
    """Fill, then look: at the digests, and at what the steps that did not end left undone."""
    started = time.monotonic()
    look_first(work(assignment), wanted)
    steps, failed = gather(submit(assignment, wanted))
    fresh = frozenset(one.table for one in steps if one.wrote)
    done = {one.name: one for one in steps}

    def body(assignment: Assignment) -> State[Any]:
        opened = work(assignment)
        undone = counts(opened, [one for one in wanted if one.name not in done])
        found = digests(opened, fresh)
        return Completed(message=f"{len(found)} tables", data=(found, undone))

    try:
        found, undone = _result(assignment, "digests", "One digest a table.", body)
    except SeedbedError as error:
        # A step's own failure tells more than the look at what it left.
        failed = failed or (f"digests failed: {error}",)
        return Part(_report(assignment, list(steps)), failed)
    done |= {one.name: one for one in undone}
    reports = tuple(done[one.name] for one in wanted)
    report = _report(assignment, list(reports)).with_(
        checks=(complete(reports),),
        digests=found,
        notes=tuple(work(assignment).adapters.kinds(dataset(assignment.dataset))),
        seconds=time.monotonic() - started,
    )
    publish_report(report, failed)
    return Part(report, failed)


def _verified(assignment: Assignment, part: Part) -> Part:
    """The part with counts, checks and drift from the database added."""
    started = time.monotonic()
    proof = {
        "counts": ("Target and present of every entity.", _counts),
        "checks": ("The named checks.", _checks),
        "drift": ("Rows that differ from their declaration.", _drift),
        "digests": ("One digest a table.", _digests),
    }
    futures = {
        name: as_task(f"{assignment.dataset}.{name}", about, RETRIES, body).submit(assignment)
        for name, (about, body) in proof.items()
        if name != "digests" or not part.report.digests
    }
    results = {name: future.result() for name, future in futures.items()}
    steps: tuple[StepReport, ...] = results["counts"]
    report = part.report.with_(
        entities=part.report.entities or steps,
        checks=(complete(steps), *results["checks"]),
        drift=results["drift"],
        notes=tuple(dict.fromkeys([*part.report.notes, *_left_out(assignment)])),
        digests=part.report.digests or results["digests"],
        seconds=part.report.seconds + time.monotonic() - started,
    )
    publish_report(report)
    return replace(part, report=report, said=_verified_said(report))


def _left_out(assignment: Assignment) -> tuple[str, ...]:
    """What the dataset leaves out on purpose, and which services are only local ones."""
    opened = work(assignment)
    return (
        *(f"left out on purpose: {one}" for one in opened.dataset.notes),
        *opened.adapters.kinds(opened.dataset),
    )


def _verified_said(report: Report) -> str:
    rows = sum(step.present + step.added for step in report.entities)
    drift = f", {sum(one.rows for one in report.drift)} rows edited" if report.drift else ""
    return (
        f"{report.dataset}: {len(report.checks)} checks passed over {rows} rows{drift}, "
        f"+{report.added} -{report.removed}, {report.seconds:.1f} s"
    )


def _counts(assignment: Assignment) -> State[Any]:
    opened = work(assignment)
    found = counts(opened, ordered(opened.dataset.steps))
    return Completed(message=f"{sum(one.present for one in found)} rows present", data=found)


def _checks(assignment: Assignment) -> State[Any]:
    found = checked(work(assignment))
    violated = [check.name for check in found if not check.passed]
    said = f"violated: {', '.join(violated)}" if violated else f"{len(found)} checks passed"
    return Completed(message=said, data=found)


def _drift(assignment: Assignment) -> State[Any]:
    found = drifted(work(assignment))
    said = "; ".join(str(one) for one in found) or "no row differs from its declaration"
    return Completed(message=said, data=found)


def _digests(assignment: Assignment) -> State[Any]:
    found = digests(work(assignment), frozenset())
    return Completed(message=f"{len(found)} tables", data=found)


def _result(assignment: Assignment, name: str, about: str, body: Any) -> Any:
    """Run one task now; its error is the flow's."""
    task = as_task(f"{assignment.dataset}.{name}", about, RETRIES, body)
    return task.submit(assignment).result()


def _report(assignment: Assignment, steps: list[StepReport]) -> Report:
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


def refresh_round(assignment: Assignment, mode: str | None) -> Part:
    """Roll or rebuild, as asked or as the profile says."""
    if (mode or profile_of(assignment.environment).refresh) == "rebuild":
        return rebuild_round(assignment)
    return roll_round(assignment)
