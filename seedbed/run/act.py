"""Act: what the flows are made of, in the order of use.

    with begin("seed", environment, …) as run:
        for name in run.datasets:
            with locked(guard(run, name)) as context:   # proof first, then the lock
                steps = plan(context)                   # refused here, before the first row
                done = fill(context, steps)             # every step is a task
                run.add(prove(done))                    # counts and digests, after all steps
    return run.state()

`guard`, `locked` and `opened` are in prepare.py; the rest is a line or two here, and the file that
each line names.
"""

from __future__ import annotations

from typing import Any

from seedbed.context.context import RunContext
from seedbed.context.execution import Execution
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered
from seedbed.run.conclude import concluded
from seedbed.run.filling import Filled, filled
from seedbed.run.invocation import Invocation
from seedbed.run.planning import chosen, plan_shown, planned
from seedbed.run.prepare import guard, locked, opened
from seedbed.run.rebuilding import rebuilt
from seedbed.run.removing import removed
from seedbed.run.result import DatasetResult
from seedbed.run.verify import verified

__all__ = [
    "begin",
    "check",
    "fill",
    "guard",
    "locked",
    "move",
    "opened",
    "plan",
    "prove",
    "prove_all",
    "rebuild",
    "remove",
    "show_plan",
]


def begin(
    verb: str, environment: str, *, execution: Execution | None = None, **asked: Any
) -> Invocation:
    """A run of a verb; its tasks are Prefect's, unless `execution` says otherwise.

    Nothing is read yet, and nothing is raised: that comes in the `with` block.
    """
    if execution is None:
        from seedbed.steps.task import PrefectTasks  # a second, which a flow run has spent already

        execution = PrefectTasks()
    return Invocation(verb, environment, asked, execution)


def plan(context: RunContext) -> tuple[Step, ...]:
    """The steps that were asked for, upstream first, once it is sure that they can be done.

    Raises:
        UpstreamMissing, SchemaMismatch, Unmet: they cannot; nothing was written.
    """
    return planned(context, chosen(context))


def fill(context: RunContext, steps: tuple[Step, ...]) -> Filled:
    """Add what is missing, each step as soon as its upstream is done."""
    return filled(context, steps)


def prove(done: Filled) -> DatasetResult:
    """Count every table anew and digest it; in a profile that wants it, run every check."""
    context = done.context
    whole = not context.options.only
    return prove_all(done) if context.profile.verify and whole else concluded(done)


def prove_all(done: Filled) -> DatasetResult:
    """The same, and every check and the drift."""
    return verified(done.context, concluded(done))


def check(context: RunContext) -> DatasetResult:
    """Every check, the counts, the digests and the drift of what is there."""
    return verified(context)


def show_plan(context: RunContext) -> DatasetResult:
    """What is missing, and what a reset would remove."""
    return plan_shown(context)


def remove(context: RunContext) -> DatasetResult:
    """Remove what is ours, or say what that would be."""
    return removed(context)


def move(context: RunContext) -> Filled:
    """Bring the windows to as_of, and touch nothing else."""
    windows = (entity for entity in context.dataset.entities if entity.windowed)
    return filled(context, planned(context, ordered(windows)))


def rebuild(context: RunContext) -> Filled:
    """Bring all rows to what a first seed would make, edits included."""
    return rebuilt(context)
