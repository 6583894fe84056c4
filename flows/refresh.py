"""refresh: the nightly round."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from seedbed.engine.options import Mode, Scale, Seed
from seedbed.run.act import begin, guard, locked, move, prove_all, rebuild


@flow(name="refresh", flow_run_name="refresh-{environment}")
def refresh(
    environment: str,
    *,
    datasets: list[str] | None = None,
    mode: Mode | None = None,
    seed: Seed | None = None,
    scale: Scale | None = None,
    as_of: date | None = None,
) -> State[Any]:
    """Roll the windows or rebuild everything, then verify, under one lock.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to refresh; by default those of the profile.
        mode: `roll` moves the windows on and touches nothing else; `rebuild` brings all rows
            to what a first seed makes, edits included; by default the profile's.
        seed: Start of all random draws; by default that of the rows present, or the profile's.
        scale: Multiple of the owner's counts; by default the profile's.
        as_of: The date that "today" means; by default today in UTC.
    """
    run = begin(
        "refresh", environment, datasets=datasets, mode=mode, seed=seed, scale=scale, as_of=as_of
    )
    with run:
        for name in run.datasets:
            with locked(guard(run, name)) as context:
                done = rebuild(context) if run.mode == "rebuild" else move(context)
                run.add(prove_all(done))
    return run.state()
