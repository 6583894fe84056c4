"""seed: fill the gap between the declared rows and those present, and prove it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from seedbed.context.variables import switched
from seedbed.engine.settings import MAX_SCALE, Environment
from seedbed.run.outcome import run_datasets
from seedbed.run.rounds import plan_round, seed_round


@flow(name="seed", flow_run_name="seed-{environment}")
def seed(
    environment: Environment,
    *,
    datasets: list[str] | None = None,
    only: list[str] | None = None,
    with_upstream: bool = False,
    seed: Annotated[int, Field(ge=0)] | None = None,
    scale: Annotated[int, Field(ge=1, le=MAX_SCALE)] | None = None,
    as_of: date | None = None,
) -> State[Any]:
    """Add exactly the rows that are missing, and prove that every declared row is there.

    With SEED_AUDIT=true in the process's environment it is a plan: it reads only.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to seed; by default those of the profile.
        only: Entities to seed; by default all.
        with_upstream: Seed what the entities in `only` need, too.
        seed: Start of all random draws; by default the profile's.
        scale: Multiple of the owner's counts; by default the profile's.
        as_of: The date that "today" means; by default today in UTC.
    """
    asked = {
        "datasets": datasets,
        "only": only,
        "with_upstream": with_upstream,
        "seed": seed,
        "scale": scale,
        "as_of": as_of,
    }
    if switched("SEED_AUDIT"):
        return run_datasets("plan", environment, asked, plan_round)
    return run_datasets("seed", environment, asked, seed_round)
