"""Rounds: what the flows do with one prepared dataset, each step a Prefect task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.datasets import dataset
from tasks.engine.counts import Initial
from tasks.engine.errors import Refused, SeedbedError
from tasks.engine.order import ordered, selected
from tasks.engine.plan import Plan, Removal
from tasks.engine.report import Report, StepReport
from tasks.engine.steps import Step
from tasks.outcome import Part
from tasks.postgres import read
from tasks.prepare import Intent
from tasks.proof import result, timed, verified
from tasks.prove import complete, counts, digests, reported
from tasks.publish import publish_report
from tasks.remove import preview, remove
from tasks.step import gather, submit
from tasks.survey import look_first, standings, survey
from tasks.work import Assignment, Work, close, profile_of, work


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
        said = f"{found}, {found.removal.rows} a reset would remove"
        return Completed(message=said, data=found)

    found: Plan = result(assignment, "plan", "What is missing, and what a reset would do.", body)
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
    return Part(report, said=f"{assignment.dataset}: {found}; {reset}")


def seed_round(assignment: Assignment, intent: Intent) -> Part:
    """Fill the chosen entities and digest their tables.

    Of whole datasets the profile can want their rows removed first, and every check after.
    """
    steps = _chosen(assignment, intent)
    profile, whole = profile_of(assignment.environment), not intent.choice.only
    prove = verified if whole and profile.verify else _unproved
    if whole and profile.clean:
        return _rebuilt(assignment, prove)
    _require_upstream(assignment, steps)
    return prove(assignment, _filled(assignment, steps))


def roll_round(assignment: Assignment) -> Part:
    """Move the windows to as_of, touch nothing else, then verify."""
    chosen = dataset(assignment.dataset)
    windows = ordered(one for one in chosen.entities if one.windowed)
    _require_upstream(assignment, windows)
    return verified(assignment, _filled(assignment, windows))


def _unproved(assignment: Assignment, part: Part) -> Part:
    return part


def rebuild_round(assignment: Assignment) -> Part:
    """Reset, seed and verify, as of the run's date."""
    return _rebuilt(assignment, verified)


def _rebuilt(assignment: Assignment, prove: Callable[[Assignment, Part], Part]) -> Part:
    stood = _first_sets(work(assignment))
    removed = reset_round(assignment, confirm=True, strict=False).report
    fresh = replace(assignment, stood=stood)
    if not removed.kept:
        fresh = replace(fresh, anchor=assignment.as_of)
    try:
        part = _filled(fresh, ordered(dataset(fresh.dataset).steps))
        spent = {"clean": removed.seconds, **part.report.spent}
        notes = (f"cleaned: {removed.removed} rows removed first", *part.report.notes)
        report = part.report.with_(kept=removed.kept, spent=spent, notes=notes)
        part = replace(part, report=report)
        return prove(fresh, part)
    finally:
        if fresh is not assignment:
            close(fresh)


def _first_sets(opened: Work) -> tuple[str, ...]:
    """The entities with a first set that is there: whoever came since, it is to stay."""
    first = [one for one in opened.dataset.entities if isinstance(one.count, Initial)]
    with opened.database.reading() as connection:
        return tuple(one.name for one in first if read.some(connection, one))


def verify_round(assignment: Assignment) -> Part:
    """Every check, the counts and the drift."""
    return verified(assignment, Part(_report(assignment, [])))


def reset_round(assignment: Assignment, *, confirm: bool, strict: bool) -> Part:
    """Remove what is ours; without `confirm` only say what that would be."""
    started = time.monotonic()

    def body(assignment: Assignment) -> State[Any]:
        opened = work(assignment)
        gone = remove(opened, strict=strict) if confirm else preview(opened)
        return Completed(message=_removal_said(gone, confirm), data=gone)

    gone: Removal = result(assignment, "remove", "Lock, look, delete, fence.", body)
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

    spent: dict[str, float] = {}

    def body(assignment: Assignment) -> State[Any]:
        opened = work(assignment)
        undone = counts(opened, [one for one in wanted if one.name not in done])
        found = digests(opened, fresh)
        return Completed(message=f"{len(found)} tables", data=(found, undone))

    try:
        about = "One digest a table."
        found, undone = result(assignment, "digests", about, timed(spent, "digests", body))
    except SeedbedError as error:
        # A step's own failure tells more than the look at what it left.
        failed = failed or (f"digests failed: {error}",)
        return Part(_report(assignment, list(steps)), failed)
    done |= {one.name: one for one in undone}
    reports = tuple(done[one.name] for one in wanted)
    report = _report(assignment, list(reports)).with_(
        checks=(complete(reports),),
        digests=found,
        seconds=time.monotonic() - started,
        spent=spent,
        notes=work(assignment).kinds,
    )
    publish_report(report, failed)
    return Part(report, failed)


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
