"""Rebuilding: what a rebuild is made of, each part a task."""

from __future__ import annotations

import time

from seedbed.context.context import RunContext
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered
from seedbed.engine.plan import Removal
from seedbed.run.filling import Filled, filled
from seedbed.run.rebuild import Rebuilt, begin, begun_anew, end, rebuild, why_step_by_step
from seedbed.run.removing import said
from seedbed.run.standing import require_fit


def rebuilt(given: RunContext) -> Filled:
    """Bring the rows to what a seed after a reset would make.

    Raises:
        SchemaMismatch: the database would not take what is to be written.
    """
    started = time.monotonic()
    wanted = ordered(given.dataset.steps)
    require_fit(given, wanted)
    context = begun_anew(given)
    about = "Whether all rows can be made in one transaction."
    how = context.start("rebuild_how", about, why_step_by_step, says=_how)
    if why := how.result():
        return _one_by_one(context, wanted, started, f"rebuilt step by step, because {why}")
    about = "Remove, change and add what differs from the target, in one transaction."
    done = context.start("rebuild", about, rebuild, says=_wrote).result()
    context.spent["clean"] = done.clearing
    notes = ("rebuilt in one transaction", *done.removal.below)
    return Filled(context, wanted, done.reports, (), started, notes, done.removal.pins)


def _one_by_one(context: RunContext, wanted: tuple[Step, ...], started: float, note: str) -> Filled:
    about = "Try all rows out, then remove what is beyond the target."
    removal = context.start("try", about, begin, says=_gone).result()
    context.spent["clean"] = time.monotonic() - started
    done = filled(context, wanted)
    context.start("beyond", "Remove what nothing needs any more.", end, says=_gone).result()
    notes = (note, *removal.below)
    return Filled(context, wanted, done.reports, done.failed, started, notes, removal.pins)


def _how(why: str) -> str:
    return why or "in one transaction"


def _wrote(done: Rebuilt) -> str:
    wrote = sum(step.added + step.updated for step in done.reports)
    return f"{wrote} rows written, {done.removal.rows} removed"


def _gone(gone: Removal) -> str:
    return said(gone, confirm=True)
