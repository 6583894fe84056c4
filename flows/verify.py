"""verify: prove what is in the database by counts, named checks and drift."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from seedbed.engine.options import Scale
from seedbed.run.act import begin, check, guard, opened


@flow(name="verify", flow_run_name="verify-{environment}")
def verify(
    environment: str,
    *,
    datasets: list[str] | None = None,
    scale: Scale | None = None,
    as_of: date | None = None,
) -> State[Any]:
    """Run every named check, count every target, look for drift; a violation fails the run.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to verify; by default those of the profile.
        scale: Multiple of the owner's counts; by default that of the last run.
        as_of: The date that "today" means; by default that of the last run.
    """
    run = begin("verify", environment, datasets=datasets, scale=scale, as_of=as_of)
    with run:
        for name in run.datasets:
            with opened(guard(run, name)) as context:
                run.add(check(context))
    return run.state()
