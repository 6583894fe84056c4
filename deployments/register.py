"""Tell a Prefect server what there is: the work pool, every deployment, the automations.

    python -m deployments.register

Idempotent: what exists under the same name is updated, and an automation only where it differs,
because an update starts the waiting time of a missing run again. The deployments end up as
`prefect --no-prompt deploy --all` leaves them, ten times as fast: that command opens several
clients per deployment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from deployments.api import healthy
from deployments.declared import HERE, POOL, Deployment, prefect_file, read_deployments, read_yaml
from tasks.engine.errors import SeedbedError, UnknownName

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events import AutomationCore

AUTOMATIONS = HERE / "automations.yaml"


class NoServer(SeedbedError):
    """Nobody answers, or nothing says where."""

    def __init__(self, api: str | None) -> None:
        where = f"no Prefect server answers at {api}" if api else "PREFECT_API_URL is not set"
        super().__init__(f"{where}; start one with `seedbed up`, or set PREFECT_API_URL")


def register_pool(client: SyncPrefectClient) -> None:
    """Create or update the pool of processes that the worker serves."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    pool = WorkPoolCreate(name=POOL, type=ProcessWorker.type, base_job_template=template)
    client.create_work_pool(pool, overwrite=True)


def load_flows(deployments: Sequence[Deployment]) -> dict[str, Flow[..., Any]]:
    """Import every entrypoint: one that cannot be imported fails here, not in the night."""
    from prefect.flows import load_flow_from_entrypoint

    entrypoints = {one.entrypoint for one in deployments}
    return {
        entrypoint: load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        for entrypoint in sorted(entrypoints)
    }


def register_deployments(
    client: SyncPrefectClient, deployments: Sequence[Deployment]
) -> dict[str, UUID]:
    """Create or update every deployment; returns the id of each `flow/name`."""
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.utilities.callables import parameter_schema

    flows = load_flows(deployments)
    flow_ids = {path: client.create_flow_from_name(flow.name) for path, flow in flows.items()}
    ids: dict[str, UUID] = {}
    for one in deployments:
        flow = flows[one.entrypoint]
        limit = one.concurrency_limit
        strategy = ConcurrencyLimitStrategy(limit.collision_strategy)
        ids[one.full_name] = client.create_deployment(
            flow_ids[one.entrypoint],
            one.name,
            version=flow.version,
            description=one.description,
            tags=list(one.tags),
            entrypoint=one.entrypoint,
            pull_steps=[],
            parameters=one.parameters,
            parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
            enforce_parameter_schema=one.enforce_parameter_schema,
            work_pool_name=one.work_pool.name,
            job_variables=one.work_pool.job_variables,
            concurrency_limit=limit.limit,
            concurrency_options=ConcurrencyOptions(
                collision_strategy=strategy, grace_period_seconds=limit.grace_period_seconds
            ),
            schedules=[
                DeploymentScheduleCreate(
                    schedule=CronSchedule(cron=schedule.cron, timezone=schedule.timezone),
                    active=schedule.active,
                    slug=schedule.slug,
                )
                for schedule in one.schedules
            ],
        )
    return ids


def register_automations(client: SyncPrefectClient, path: Path, ids: dict[str, UUID]) -> list[str]:
    """Create the automations of `path`, or update those that differ; returns what was written."""
    written = []
    for wanted in read_automations(path, ids):
        found = client.read_automations_by_name(wanted.name)
        if found and _compared(found[0]) == _compared(wanted):
            continue
        if found:
            client.update_automation(found[0].id, wanted)
        else:
            client.create_automation(wanted)
        written.append(wanted.name)
    return written


def read_automations(path: Path, ids: dict[str, UUID]) -> list[AutomationCore]:
    """The automations, with the ids that Prefect wants in place of `deployment: flow/name`."""
    from prefect.events import AutomationCore

    automations = []
    for declared in read_yaml(path)["automations"]:
        actions = [_with_id(action, ids) for action in declared["actions"]]
        automations.append(AutomationCore.model_validate({**declared, "actions": actions}))
    return automations


def register(path: Path) -> None:
    """Everything, at the server that PREFECT_API_URL names.

    Raises:
        NoServer: it does not answer.
        UnknownName: an automation runs a deployment that prefect.yaml does not declare.
    """
    from prefect.client.orchestration import get_client

    deployments = read_deployments(path)
    with get_client(sync_client=True) as client:
        register_pool(client)
        register_automations(client, AUTOMATIONS, register_deployments(client, deployments))


def main() -> int:
    """The command; the server is the one of PREFECT_API_URL."""
    api = os.environ.get("PREFECT_API_URL")
    try:
        if not api or not healthy(api):  # without one, Prefect would start a private server
            raise NoServer(api)
        path = prefect_file()
        register(path)
    except SeedbedError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    count = len(read_deployments(path))
    sys.stdout.write(f"{count} deployments and their automations registered at {api}\n")
    return 0


def _with_id(action: dict[str, Any], ids: dict[str, UUID]) -> dict[str, Any]:
    if "deployment" not in action:
        return action
    rest = {key: value for key, value in action.items() if key != "deployment"}
    if action["deployment"] not in ids:
        raise UnknownName("deployment in automations.yaml", action["deployment"], ids)
    return {**rest, "source": "selected", "deployment_id": ids[action["deployment"]]}


def _compared(automation: AutomationCore) -> dict[str, Any]:
    """What makes two automations the same; a trigger gets an id of its own each time."""
    wanted = {"name", "description", "enabled", "trigger", "actions"}
    content: dict[str, Any] = automation.model_dump(include=wanted)
    content["trigger"].pop("id", None)
    return content


if __name__ == "__main__":
    sys.exit(main())
