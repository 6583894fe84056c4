"""Tell a Prefect server what there is: the work pool, every deployment, the automations.

    python -m seedbed.server.register

Idempotent: deployments are updated, and end up as `prefect --no-prompt deploy --all` leaves them,
ten times as fast: that command opens several clients per deployment. The pool's job template and
the automations are written once for each form that they get in this repository: what somebody
changes in the UI afterwards stays, and the waiting time for a missing run does not start again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from seedbed.context.project import Project, opened
from seedbed.declare.errors import SeedbedError, UnknownName
from seedbed.postgres.embedded import embedded
from seedbed.server.api import Api, named, started_by_up
from seedbed.server.declared import POOL, Deployment, read_deployments, read_yaml
from seedbed.server.errors import NoAddress

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events import AutomationCore

TEMPLATE = Path(__file__).parent / "pool.json"
"""What a run may say about its process: nothing."""


@contextmanager
def talking_to(api: Api) -> Iterator[None]:
    """Prefect's clients use that server, and tell it its own login."""
    from prefect import settings

    chosen = {getattr(settings, name): value for name, value in api.settings.items()}
    with settings.temporary_settings(chosen):
        yield


def register_pool(client: SyncPrefectClient) -> None:
    """Create the pool of processes that the worker serves, or bring its job template forward.

    Whether it is paused, its limit and its description are whoever set them.
    """
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectNotFound

    template = json.loads(TEMPLATE.read_text())
    try:
        known = client.read_work_pool(POOL).base_job_template
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(name=POOL, type="process", base_job_template=template)
        )
        return
    if known.get("variables", {}).get("$comment") != template["variables"]["$comment"]:
        client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))


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
            version=one.version or flow.version,
            description=one.description,
            tags=list(one.tags),
            entrypoint=one.entrypoint,
            pull_steps=[],
            parameters=one.parameters,
            parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
            enforce_parameter_schema=one.enforce_parameter_schema,
            work_pool_name=one.work_pool.name,
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
    """Create the automations of `path`, or bring those forward that were declared otherwise.

    Returns what was written. One that somebody switched off stays so; without a file there is none.
    """
    written: list[str] = []
    if not path.exists():
        return written
    for wanted in read_automations(path, ids):
        found = client.read_automations_by_name(wanted.name)
        if found and set(wanted.tags) <= set(found[0].tags):
            continue
        if found:
            kept = wanted.model_copy(update={"enabled": found[0].enabled})
            client.update_automation(found[0].id, kept)
        else:
            client.create_automation(wanted)
        written.append(wanted.name)
    return written


def read_automations(path: Path, ids: dict[str, UUID]) -> list[AutomationCore]:
    """The automations, with the ids that Prefect wants in place of `deployment: flow/name`.

    A tag says from which declaration each was made.
    """
    from prefect.events import AutomationCore

    automations = []
    for declared in read_yaml(path)["automations"]:
        actions = [_with_id(action, ids) for action in declared["actions"]]
        whole = {**declared, "actions": actions}
        mark = hashlib.sha256(json.dumps(whole, default=str, sort_keys=True).encode()).hexdigest()
        whole["tags"] = [f"seedbed:{mark[:12]}"]
        automations.append(AutomationCore.model_validate(whole))
    return automations


def register(project: Project, api: Api) -> int:
    """Everything, at that server; returns how many deployments there are.

    Raises:
        UnknownName: an automation runs a deployment that prefect.yaml does not declare.
    """
    from prefect.client.orchestration import get_client

    deployments = read_deployments(project.prefect_file)
    with talking_to(api), get_client(sync_client=True) as client:
        register_pool(client)
        ids = register_deployments(client, deployments)
        register_automations(client, project.automations, ids)
    return len(deployments)


def main() -> int:
    """The command; the server is the one of PREFECT_API_URL."""
    try:
        api = named(os.environ, started_by_up(embedded.home_folder(os.environ)))
        if api is None:
            raise NoAddress
        count = register(opened(), api)
    except SeedbedError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{count} deployments and their automations registered at {api.url}\n")
    return 0


def _with_id(action: dict[str, Any], ids: dict[str, UUID]) -> dict[str, Any]:
    if "deployment" not in action:
        return action
    rest = {key: value for key, value in action.items() if key != "deployment"}
    if action["deployment"] not in ids:
        raise UnknownName("deployment in automations.yaml", action["deployment"], ids)
    return {**rest, "source": "selected", "deployment_id": ids[action["deployment"]]}


if __name__ == "__main__":
    sys.exit(main())
