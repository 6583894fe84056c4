"""Removing: what a reset is made of, each part a task."""

from __future__ import annotations

import time
from functools import partial

from seedbed.context.context import RunContext
from seedbed.declare.errors import SeedbedError
from seedbed.engine.plan import Removal
from seedbed.engine.report import StepReport
from seedbed.run.errors import OutsideLeft
from seedbed.run.remove import Outside, has_outside, joined, preview, remove_outside, remove_rows
from seedbed.run.result import DatasetResult, report_of


def removed(context: RunContext) -> DatasetResult:
    """Remove what is ours; without `confirm` only say what that would be."""
    started = time.monotonic()
    confirm, strict = context.options.confirm, context.options.strict
    body = partial(remove_rows, strict=strict) if confirm else preview
    says = partial(said, confirm=confirm)
    gone = context.start("remove", "Lock, look, delete, fence.", body, says=says).result()
    if confirm and has_outside(context):
        # A task of its own: tried again, it does not forget which rows went.
        about = "Remove what services hold of rows that are gone."
        try:
            outside = context.start("objects", about, remove_outside, says=_went).result()
        except SeedbedError as error:
            raise OutsideLeft(context.dataset.name, gone.rows, error) from None
        gone = joined(gone, outside)
    steps = [
        StepReport(table, table, 0, rows, 0, rows if confirm else 0, 0.0)
        for table, rows in (gone.tables | gone.objects).items()
    ]
    report = report_of(context.assignment, steps).with_(
        verb="reset",
        kept=gone.pins,
        notes=gone.below,
        seconds=time.monotonic() - started,
        spent=context.spent,
    )
    context.execution.show_report(report)
    return DatasetResult(report, said=f"{context.dataset.name}: {said(gone, confirm)}")


def said(gone: Removal, confirm: bool) -> str:
    """What a removal did, or would do."""
    did = "removed" if confirm else "dry run, nothing removed; would remove"
    kept = f", kept {gone.kept} that rows of others depend on" if gone.kept else ""
    kept += "".join(f"; {sentence}" for sentence in gone.below)
    objects = sum(gone.objects.values())
    outside = f" and {objects} objects in {', '.join(gone.objects)}" if objects else ""
    return f"{did} {gone.rows} rows{outside}{kept}"


def _went(outside: Outside) -> str:
    went = sum(outside.objects.values()) + sum(outside.tables.values())
    return f"removed {went} objects and accounts"
