"""reset: remove exactly the seeded rows."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from seedbed.run.act import begin, guard, locked, remove


@flow(name="reset", flow_run_name="reset-{environment}")
def reset(
    environment: str,
    *,
    datasets: list[str] | None = None,
    confirm: bool = False,
    strict: bool = False,
) -> State[Any]:
    """Remove what is ours, downstream first; keep and name what rows of others depend on.

    Args:
        environment: The profile in deployments/environments.
        datasets: Datasets to reset; by default those of the profile.
        confirm: Remove; without it the run only says what it would remove.
        strict: Remove nothing at all when rows of others depend on seeded ones.
    """
    run = begin("reset", environment, datasets=datasets, confirm=confirm, strict=strict)
    with run:
        for name in run.datasets:
            with locked(guard(run, name)) as context:
                run.add(remove(context))
    return run.state()
