"""Rounds: what the flows do with one prepared dataset, each step a Prefect task."""

from __future__ import annotations

import time
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from seedbed.context.context import Assignment, context_of
from seedbed.context.counted import fitting, reported
from seedbed.context.datasets import dataset
from seedbed.context.publish import publish_report
from seedbed.context.where import profile_of
from seedbed.declare.errors import Refused, SeedbedError
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered, selected
from seedbed.engine.plan import Plan, Removal
from seedbed.engine.report import StepReport
from seedbed.run.conclude import concluded, reported_of
from seedbed.run.outcome import Part
from seedbed.run.prepare import Intent
from seedbed.run.rebuild_round import rebuilt
from seedbed.run.remove import (
    OutsideLeft,
    has_outside,
    joined,
    preview,
    remove_outside,
    remove_rows,
    said,
)
from seedbed.run.standing import look_first, standings, survey
from seedbed.run.verify import result, verified
from seedbed.steps.step import gather, submit


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
        found = survey(context_of(assignment), steps)
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
    report = reported_of(assignment, reports).with_(
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
        return rebuilt(assignment, prove)
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
    return rebuilt(assignment, verified)


def verify_round(assignment: Assignment) -> Part:
    """Every check, the counts and the drift."""
    return verified(assignment, Part(reported_of(assignment, [])))


def reset_round(assignment: Assignment, *, confirm: bool, strict: bool) -> Part:
    """Remove what is ours; without `confirm` only say what that would be."""
    started = time.monotonic()

    def rows(assignment: Assignment) -> State[Any]:
        opened = context_of(assignment)
        gone = remove_rows(opened, strict=strict) if confirm else preview(opened)
        return Completed(message=said(gone, confirm), data=gone)

    def objects(assignment: Assignment) -> State[Any]:
        outside = remove_outside(context_of(assignment))
        went = sum(outside.objects.values()) + sum(outside.tables.values())
        return Completed(message=f"removed {went} objects and accounts", data=outside)

    gone: Removal = result(assignment, "remove", "Lock, look, delete, fence.", rows)
    if confirm and has_outside(context_of(assignment)):
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
    report = reported_of(assignment, steps).with_(
        verb="reset", kept=gone.pins, notes=gone.below, seconds=time.monotonic() - started
    )
    publish_report(report)
    return Part(report, said=f"{assignment.dataset}: {said(gone, confirm)}")


def _chosen(assignment: Assignment, intent: Intent) -> tuple[Step, ...]:
    choice = intent.choice
    return selected(dataset(assignment.dataset), choice.only, choice.with_upstream)


def _require_upstream(assignment: Assignment, steps: tuple[Step, ...]) -> None:
    outside = {up for one in steps for up in one.above if up not in steps}
    if not outside:
        return
    opened = context_of(assignment)
    with opened.database.scratch() as connection:
        found = standings(connection, opened, ordered(outside))
    lacking = {one.step: one.gap for one in found if one.gap}
    if lacking:
        raise UpstreamMissing(assignment.dataset, lacking)


def _filled(assignment: Assignment, wanted: tuple[Step, ...]) -> Part:
    """Fill, then look."""
    started = time.monotonic()
    look_first(context_of(assignment), wanted)
    steps, failed = gather(submit(assignment, wanted))
    return concluded(assignment, wanted, steps, failed, started)


def refresh_round(assignment: Assignment, mode: str | None) -> Part:
    """Roll or rebuild, as asked or as the profile says."""
    if (mode or profile_of(assignment.environment).refresh) == "rebuild":
        return rebuild_round(assignment)
    return roll_round(assignment)
