"""Rounds: what the flows do with one prepared dataset, each step a Prefect task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.datasets import dataset
from tasks.engine.entity import Entity
from tasks.engine.errors import Refused, SeedbedError
from tasks.engine.order import ordered, selected
from tasks.engine.plan import Plan, Removal
from tasks.engine.report import Report, StepReport
from tasks.engine.steps import Step
from tasks.engine.update import Update
from tasks.outcome import Part
from tasks.prepare import Intent
from tasks.proof import result, timed, verified
from tasks.prove import complete, counts, digests, fitting, reported
from tasks.publish import publish_report
from tasks.rebuild import Rebuilt, begin, begun_anew, end, rebuild, why_step_by_step
from tasks.remove import OutsideLeft, has_outside, joined, preview, remove_outside, remove_rows
from tasks.step import gather, submit
from tasks.survey import look_first, require_fit, standings, survey
from tasks.work import Assignment, close, profile_of, work


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
        said += f", {len(found.misfits)} things do not fit" if found.misfits else ""
        return Completed(message=said, data=found)

    found: Plan = result(assignment, "plan", "What is missing, and what a reset would do.", body)
    reports = [reported(one, held) for one, held in zip(steps, found.steps, strict=True)]
    beyond = [
        f"{one.step}: {one.beyond} owned rows beyond the target"
        for one in found.steps
        if one.beyond
    ]
    reset = f"a reset would remove {found.removal.rows} rows and keep {found.removal.kept}"
    if found.removal.refused:
        reset = "a reset would be refused, because a table, a key or a reference is not there"
    notes = (*beyond, reset, *found.removal.warnings)
    report = _report(assignment, reports).with_(
        kept=found.removal.pins, notes=notes, checks=(fitting(found.misfits),)
    )
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
    """Bring the rows to what a seed after a reset would make."""
    require_fit(work(assignment), ordered(dataset(assignment.dataset).steps))
    fresh = begun_anew(assignment)
    try:
        return prove(fresh, _renewed(fresh))
    finally:
        if fresh != assignment:
            close(fresh)


def _renewed(assignment: Assignment) -> Part:
    started = time.monotonic()
    wanted = ordered(dataset(assignment.dataset).steps)
    said = _step_by_step(assignment)
    failed: tuple[str, ...] = ()
    if said:
        how = f"step by step, because {said}"
        removal, steps, failed, clearing = _one_by_one(assignment, wanted)
    else:
        done = _together(assignment)
        how, removal, steps = "in one transaction", done.removal, done.reports
        clearing = done.clearing
    part = _concluded(assignment, wanted, steps, failed, started)
    notes = (f"rebuilt {how}", *removal.below, *part.report.notes)
    spent = {"clean": clearing, **part.report.spent}
    report = part.report.with_(kept=removal.pins, notes=notes, spent=spent)
    return replace(part, report=report)


def _step_by_step(assignment: Assignment) -> str:
    """Why a rebuild is a transaction a step; empty where it can be one."""

    def body(assignment: Assignment) -> State[Any]:
        why = why_step_by_step(work(assignment))
        return Completed(message=why or "in one transaction", data=why)

    about = "Whether all rows can be made in one transaction."
    return str(result(assignment, "rebuild_how", about, body))


def _together(assignment: Assignment) -> Rebuilt:
    def body(assignment: Assignment) -> State[Any]:
        done = rebuild(work(assignment))
        wrote = sum(one.added + one.updated for one in done.reports)
        return Completed(message=f"{wrote} rows written, {done.removal.rows} removed", data=done)

    about = "Remove, change and add what differs from the target, in one transaction."
    done: Rebuilt = result(assignment, "rebuild", about, body)
    return done


def _one_by_one(
    assignment: Assignment, wanted: tuple[Step, ...]
) -> tuple[Removal, tuple[StepReport, ...], tuple[str, ...], float]:
    def first(assignment: Assignment) -> State[Any]:
        gone = begin(work(assignment))
        return Completed(message=_removal_said(gone, True), data=gone)

    def last(assignment: Assignment) -> State[Any]:
        gone = end(work(assignment))
        return Completed(message=_removal_said(gone, True), data=gone)

    started = time.monotonic()
    result(assignment, "try", "Try all rows out, then remove what is beyond the target.", first)
    clearing = time.monotonic() - started
    steps, failed = gather(submit(assignment, wanted))
    gone: Removal = result(assignment, "beyond", "Remove what nothing needs any more.", last)
    return gone, steps, failed, clearing


def verify_round(assignment: Assignment) -> Part:
    """Every check, the counts and the drift."""
    return verified(assignment, Part(_report(assignment, [])))


def reset_round(assignment: Assignment, *, confirm: bool, strict: bool) -> Part:
    """Remove what is ours; without `confirm` only say what that would be."""
    started = time.monotonic()

    def rows(assignment: Assignment) -> State[Any]:
        opened = work(assignment)
        gone = remove_rows(opened, strict=strict) if confirm else preview(opened)
        return Completed(message=_removal_said(gone, confirm), data=gone)

    def objects(assignment: Assignment) -> State[Any]:
        outside = remove_outside(work(assignment))
        went = sum(outside.objects.values()) + sum(outside.tables.values())
        return Completed(message=f"removed {went} objects and accounts", data=outside)

    gone: Removal = result(assignment, "remove", "Lock, look, delete, fence.", rows)
    if confirm and has_outside(work(assignment)):
        # A task of its own: tried again, it does not forget which rows went.
        about = "Remove what services hold of rows that are gone."
        try:
            gone = joined(gone, result(assignment, "objects", about, objects))
        except SeedbedError as error:
            raise OutsideLeft(assignment.dataset, gone.rows, error) from None
    steps = [
        StepReport(table, table, 0, rows, 0, rows if confirm else 0, 0.0)
        for table, rows in (gone.tables | gone.objects).items()
    ]
    report = _report(assignment, steps).with_(
        verb="reset", kept=gone.pins, notes=gone.below, seconds=time.monotonic() - started
    )
    publish_report(report)
    return Part(report, said=f"{assignment.dataset}: {_removal_said(gone, confirm)}")


def _removal_said(gone: Removal, confirm: bool) -> str:
    did = "removed" if confirm else "dry run, nothing removed; would remove"
    kept = f", kept {gone.kept} that rows of others depend on" if gone.kept else ""
    kept += "".join(f"; {one}" for one in gone.below)
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
    """Fill, then look."""
    started = time.monotonic()
    look_first(work(assignment), wanted)
    steps, failed = gather(submit(assignment, wanted))
    return _concluded(assignment, wanted, steps, failed, started)


def _concluded(
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
        return Part(_report(assignment, list(steps)), failed)
    now = done | {one.name: one for one in held}
    done = {one.name: one for one in held} | done
    report = _report(assignment, [done[one.name] for one in wanted]).with_(
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
