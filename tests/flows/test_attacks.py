"""What this machine's other users and a run's creator cannot do with the server and the worker."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from seedbed.context.project import opened
from seedbed.postgres.embedded import embedded
from seedbed.server import register
from seedbed.server.api import Api
from seedbed.server.declared import POOL, read_deployments
from seedbed.server.register import TEMPLATE
from seedbed.server.started import read
from tests.flows.conftest import Running
from tests.flows.runs import start
from tests.flows.test_bad_input import holding

NOBODY = 65534

ASK = """
import json, sys, urllib.error, urllib.request
for method, url, body in json.load(sys.stdin):
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""
"""Asks as whoever runs it, and prints the statuses."""

SOCKETS = [
    "events/in",
    "events/out",
    "logs/out",
    "task_runs/subscriptions/scheduled",
    f"work_pools/{POOL}/workers/connect",
]


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that appears when a command of the attacker was run."""
    return tmp_path / "done"


def as_another_user(questions: list[tuple[str, str, Any]]) -> list[int]:
    """The statuses that another user of the machine gets, who has no login."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")
    if python is None:
        pytest.skip("another user can run no python3 here")
    other: dict[str, Any] = {"user": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [python, "-c", ASK],
        input=json.dumps(questions),
        cwd="/",
        env={},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
        **other,
    )
    return [int(line) for line in done.stdout.split()]


def pulling(flow: str, mark: Path) -> dict[str, Any]:
    """A deployment whose runs begin with a script."""
    step = {"script": f"touch {mark}"}
    return {
        "name": "attack",
        "flow_id": flow,
        "entrypoint": "flows.plan:plan",
        "work_pool_name": POOL,
        "parameters": {"environment": "dev"},
        "pull_steps": [{"prefect.deployments.steps.run_shell_script": step}],
    }


def test_without_the_login_another_user_reads_and_starts_nothing(
    running: Running, mark: Path
) -> None:
    found = httpx.get(f"{running.inside}/deployments/name/plan/dev", trust_env=False).json()
    count = f"{running.inside}/flow_runs/count"
    before = httpx.post(count, json={}, trust_env=False).json()
    command = {"command": f"/bin/sh -c 'touch {mark}'"}
    scheduled = {"state": {"type": "SCHEDULED"}, "job_variables": command}
    api = running.api
    statuses = as_another_user(
        [
            ("GET", f"{api}/deployments/name/plan/dev", None),
            ("POST", f"{api}/deployments/{found['id']}/create_flow_run", scheduled),
            ("POST", f"{api}/flow_runs/", {"flow_id": found["flow_id"], "work_pool_name": POOL}),
            ("POST", f"{api}/deployments/", pulling(found["flow_id"], mark)),
            ("PATCH", f"{api}/work_pools/{POOL}", {"base_job_template": {}}),
            ("POST", f"{api}/block_documents/filter", {"include_secrets": True}),
            ("POST", f"{api}/automations/filter", {}),
            ("GET", f"{api}/admin/settings", None),
            ("POST", f"{api}/variables/filter", {}),
            ("GET", f"{api}/health", None),  # which is all that one may ask
        ]
    )
    assert statuses == [401] * 9 + [200]
    assert httpx.post(count, json={}, trust_env=False).json() == before
    assert not mark.exists()


@pytest.mark.parametrize("path", SOCKETS)
def test_no_socket_is_opened_without_the_login(running: Running, path: str) -> None:
    url = f"{running.api}/{path}".replace("http://", "ws://")
    with pytest.raises(InvalidStatus), connect(url, proxy=None):
        pass
    prefect: Any = ["prefect"]
    with (
        pytest.raises(ConnectionClosed),
        connect(url, subprotocols=prefect, proxy=None) as opened,
    ):
        opened.send(json.dumps({"type": "auth", "token": "seedbed:guessed"}))
        while json.loads(opened.recv(timeout=10)).get("type") != "auth_success":
            pass
        pytest.fail("it was let in")


@pytest.mark.parametrize("path", ["", "/api/health", "/api/deployments/name/plan/dev", "/docs"])
@pytest.mark.parametrize("host", ["rebound.test", "localhost", "127.0.0.1.rebound.test", ""])
def test_a_request_for_another_host_is_refused_whoever_asks(
    running: Running, path: str, host: str
) -> None:
    ui, port = running.inside.removesuffix("/api"), read(running.home).port
    named = {"Host": f"{host}:{port}"}
    assert httpx.get(f"{ui}{path}", headers=named, trust_env=False).status_code == 400


def test_a_socket_for_another_host_is_refused(running: Running) -> None:
    url = f"{running.api}/events/out".replace("http://", "ws://")
    prefect: Any = ["prefect"]
    elsewhere = {"Host": "rebound.test"}
    with (
        pytest.raises(InvalidStatus),
        connect(url, subprotocols=prefect, additional_headers=elsewhere, proxy=None),
    ):
        pass


@pytest.mark.parametrize("origin", ["http://rebound.test", "null", "http://127.0.0.1:1"])
def test_only_the_ui_s_own_page_may_read_answers(running: Running, origin: str) -> None:
    ui = running.api.removesuffix("/api")
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    path = f"{running.api}/flow_runs/filter"
    for method, more in (("OPTIONS", asked), ("GET", {})):
        said = httpx.request(method, path, headers={"Origin": origin, **more}, trust_env=False)
        assert "Access-Control-Allow-Origin" not in said.headers
    own = httpx.options(path, headers={"Origin": ui, **asked}, trust_env=False)
    assert own.headers["Access-Control-Allow-Origin"] == ui


@pytest.mark.parametrize(
    "variables",
    [
        {"command": "/bin/sh -c 'touch {mark}'"},
        {"env": {"PYTHONSTARTUP": "{mark}", "LD_PRELOAD": "{mark}"}},
        {"env.LD_PRELOAD": "{mark}"},
        {"working_dir": "/tmp"},
        {"image": "somebody/else"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_whoever_has_the_login_cannot_name_a_command_by_job_variables(
    running: Running, variables: dict[str, Any], mark: Path
) -> None:
    given = json.loads(json.dumps(variables).replace("{mark}", str(mark)))
    with httpx.Client(base_url=running.inside, trust_env=False) as api:
        found = api.get("/deployments/name/plan/dev").json()
        path = f"/deployments/{found['id']}"
        scheduled = {"state": {"type": "SCHEDULED"}, "job_variables": given}
        assert api.post(f"{path}/create_flow_run", json=scheduled).status_code == 422
        waiting = {"state": {"type": "PAUSED"}}
        run = api.post(f"{path}/create_flow_run", json=waiting).json()["id"]
        assert api.patch(f"/flow_runs/{run}", json={"job_variables": given}).is_error
        assert api.delete(f"/flow_runs/{run}").is_success
    with register.talking_to(Api(running.api, running.login)):
        job = asyncio.run(_job(given))  # what a worker makes of variables that got through
    assert (job.command, job.env, str(job.working_dir)) == (None, {}, ".")
    assert not mark.exists()


async def _job(variables: dict[str, Any]) -> ProcessJobConfiguration:
    template = json.loads(TEMPLATE.read_text())
    async with get_client() as client:
        made = ProcessJobConfiguration.from_template_and_values(template, variables, client=client)
        configuration: ProcessJobConfiguration = await made
        return configuration


@pytest.fixture
def client(running: Running) -> Iterator[SyncPrefectClient]:
    """Prefect's own, let in."""
    with (
        register.talking_to(Api(running.api, running.login)),
        get_client(sync_client=True) as opened,
    ):
        yield opened


def test_a_pool_of_an_earlier_version_gets_the_job_template_once_and_keeps_the_rest(
    client: SyncPrefectClient,
) -> None:
    wanted = json.loads(TEMPLATE.read_text())
    earlier = ProcessWorker.get_default_base_job_template()
    changed = WorkPoolUpdate(
        base_job_template=earlier, is_paused=True, concurrency_limit=3, description="ours"
    )
    client.update_work_pool(POOL, changed)
    try:
        register.register_pool(client)
        pool = client.read_work_pool(POOL)
        assert pool.base_job_template == wanted
        assert (pool.is_paused, pool.concurrency_limit, pool.description) == (True, 3, "ours")

        wanted["job_configuration"]["stream_output"] = False  # by hand, in the UI
        client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=wanted))
        register.register_pool(client)
        assert client.read_work_pool(POOL).base_job_template == wanted
    finally:
        wanted["job_configuration"]["stream_output"] = True
        back = WorkPoolUpdate(
            base_job_template=wanted, is_paused=False, concurrency_limit=None, description=None
        )
        client.update_work_pool(POOL, back)


def test_an_automation_of_an_earlier_version_is_brought_forward_once_and_stays_off(
    client: SyncPrefectClient,
) -> None:
    deployments = read_deployments(opened().prefect_file)
    names = (one.full_name for one in deployments)
    ids = {name: client.read_deployment_by_name(name).id for name in names}
    first = register.read_automations(opened().automations, ids)[0]
    (known,) = client.read_automations_by_name(first.name)
    earlier = first.model_copy(update={"tags": [], "enabled": False, "description": "earlier"})
    try:
        client.update_automation(known.id, earlier)
        assert register.register_automations(client, opened().automations, ids) == [first.name]
        (found,) = client.read_automations_by_name(first.name)
        assert (found.id, found.enabled) == (known.id, False)
        assert found.description == first.description

        by_hand = first.model_copy(update={"description": "by hand"})
        client.update_automation(known.id, by_hand)
        assert register.register_automations(client, opened().automations, ids) == []
        assert client.read_automations_by_name(first.name)[0].description == "by hand"
    finally:
        client.update_automation(known.id, first)


def test_the_login_is_in_no_log_argument_or_record(running: Running) -> None:
    run = start(running.inside, "plan/dev", datasets=["commerce"])
    assert run.ended(60) == "COMPLETED"
    needle = running.login.removeprefix("seedbed:")
    for log in (running.home / "logs").iterdir():
        assert needle not in log.read_text()
    shown = subprocess.run(["ps", "axww"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "seedbed.server.serve" in shown
    assert needle not in shown
    at = embedded.ensure(running.home)
    place = f"postgresql://{at.user}:{at.password}@{at.host}:{at.port}/prefect"
    with psycopg.connect(place, autocommit=True) as prefect:
        assert holding(prefect, needle) == []
        assert holding(prefect, "commerce: ") != []
