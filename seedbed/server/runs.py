"""The few questions to the API of the server that `up` started, which need no import of Prefect."""

from __future__ import annotations

from seedbed.server.api import Api

PAGE = 200
"""The most that the API returns at a time."""

IN_PROGRESS = ["PENDING", "RUNNING", "CANCELLING"]


def give_up(api: Api, pool: str, reason: str) -> int:
    """Mark the pool's runs in progress Crashed; returns how many.

    For runs whose process is gone: otherwise they would stay Running for ever and hold their
    deployment's only slot.
    """
    question = {
        "work_pools": {"name": {"any_": [pool]}},
        "flow_runs": {"state": {"type": {"any_": IN_PROGRESS}}},
        "limit": PAGE,
    }
    crashed = {"type": "CRASHED", "name": "Crashed", "message": reason}
    runs = api.ask("flow_runs/filter", question) or []
    for run in runs:
        api.ask(f"flow_runs/{run['id']}/set_state", {"state": crashed, "force": True})
    return len(runs)
