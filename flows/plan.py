"""plan: what is missing, and what a reset would remove. Reads only."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from seedbed.engine.options import Scale, Seed
from seedbed.run.act import begin, guard, opened, show_plan


@flow(name="plan", flow_run_name="plan-{environment}")
def plan(
    environment: str,
    *,
    datasets: list[str] | None = None,
    only: list[str] | None = None,
    seed: Seed | None = None,
    scale: Scale | None = None,
    as_of: date | None = None,
) -> State[Any]:
    """Show per entity target, present and gap, and what a reset would do; write nothing.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to plan; by default those of the profile.
        only: Entities to plan; by default all.
        seed: Start of all random draws; by default that of the rows present, or the profile's.
        scale: Multiple of the owner's counts; by default the profile's.
        as_of: The date that "today" means; by default today in UTC.
    """
    run = begin(
        "plan", environment, datasets=datasets, only=only, seed=seed, scale=scale, as_of=as_of
    )
    with run:
        for name in run.datasets:
            with opened(guard(run, name)) as context:
                run.add(show_plan(context))
    return run.state()
