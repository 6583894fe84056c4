"""seed: fill the gap between the declared rows and those present, and prove it."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from seedbed.engine.options import Scale, Seed
from seedbed.run.act import begin, fill, guard, locked, opened, plan, prove, rebuild, show_plan


@flow(name="seed", flow_run_name="seed-{environment}")
def seed(
    environment: str,
    *,
    datasets: list[str] | None = None,
    only: list[str] | None = None,
    with_upstream: bool = False,
    seed: Seed | None = None,
    scale: Scale | None = None,
    as_of: date | None = None,
    audit: bool = False,
) -> State[Any]:
    """Add exactly the rows that are missing, and prove that every declared row is there.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to seed; by default those of the profile.
        only: Entities to seed; by default all.
        with_upstream: Seed what the entities in `only` need, too.
        seed: Start of all random draws; by default the profile's.
        scale: Multiple of the owner's counts; by default the profile's.
        as_of: The date that "today" means; by default today in UTC.
        audit: Show the plan and write nothing.
    """
    run = begin(
        "seed",
        environment,
        datasets=datasets,
        only=only,
        with_upstream=with_upstream,
        seed=seed,
        scale=scale,
        as_of=as_of,
        audit=audit,
    )
    with run:
        for name in run.datasets:
            proof = guard(run, name)
            if run.audits:
                with opened(proof) as context:
                    run.add(show_plan(context))
                continue
            with locked(proof) as context:
                done = rebuild(context) if run.cleans else fill(context, plan(context))
                run.add(prove(done))
    return run.state()
