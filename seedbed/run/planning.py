"""Planning: which steps a run does, and what keeps it from doing them."""

from __future__ import annotations

from seedbed.context.context import RunContext
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered, selected
from seedbed.engine.plan import Plan
from seedbed.run.counted import fitting, reported
from seedbed.run.errors import UpstreamMissing
from seedbed.run.result import DatasetResult, report_of
from seedbed.run.standing import look_first, standings, survey


def chosen(context: RunContext) -> tuple[Step, ...]:
    """The steps that the run was asked for."""
    options = context.options
    return selected(context.dataset, options.only, options.with_upstream)


def planned(context: RunContext, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, once it is sure that they can be done.

    Raises:
        UpstreamMissing: rows that they need are not there.
        SchemaMismatch: the database would not take what is to be written.
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    outside = {up for step in steps for up in step.above if up not in steps}
    if outside:
        with context.database.scratch() as connection:
            found = standings(connection, context, ordered(outside))
        lacking = {standing.step: standing.gap for standing in found if standing.gap}
        if lacking:
            raise UpstreamMissing(context.dataset.name, lacking)
    look_first(context, steps)
    return steps


def plan_shown(context: RunContext) -> DatasetResult:
    """The plan of the chosen steps: what is missing, and what a reset would do."""
    steps = chosen(context)
    about = "What is missing, and what a reset would do."
    found = context.start("plan", about, lambda given: survey(given, steps), says=_said).result()
    reports = [reported(step, held) for step, held in zip(steps, found.steps, strict=True)]
    beyond = [
        f"{standing.step}: {standing.beyond} owned rows beyond the target"
        for standing in found.steps
        if standing.beyond
    ]
    reset = f"a reset would remove {found.removal.rows} rows and keep {found.removal.kept}"
    if found.removal.refused:
        reset = "a reset would be refused, because a table, a key or a reference is not there"
    report = report_of(context.assignment, reports).with_(
        kept=found.removal.pins,
        notes=(*beyond, reset, *found.removal.warnings),
        checks=(fitting(found.misfits),),
        spent=context.spent,
    )
    context.execution.show_report(report)
    return DatasetResult(report, said=f"{context.dataset.name}: {found}; {reset}")


def _said(found: Plan) -> str:
    said = f"{found}, {found.removal.rows} a reset would remove"
    return f"{said}, {len(found.misfits)} things do not fit" if found.misfits else said
