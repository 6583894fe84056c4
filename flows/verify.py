"""verify: prove what is in the database by counts, named checks and drift."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from seedbed.engine.settings import MAX_SCALE, Environment
from seedbed.run.outcome import run_datasets
from seedbed.run.rounds import verify_round


@flow(name="verify", flow_run_name="verify-{environment}")
def verify(
    environment: Environment,
    *,
    datasets: list[str] | None = None,
    scale: Annotated[int, Field(ge=1, le=MAX_SCALE)] | None = None,
    as_of: date | None = None,
) -> State[Any]:
    """Run every named check, count every target, look for drift; a violation fails the run.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to verify; by default those of the profile.
        scale: Multiple of the owner's counts; by default that of the last run.
        as_of: The date that "today" means; by default that of the last run.
    """
    asked = {"datasets": datasets, "scale": scale, "as_of": as_of}
    return run_datasets(
        "verify", environment, asked, lambda assignment, _: verify_round(assignment)
    )
