"""What is declared: prefect.yaml, the profiles and the automations agree with the code."""

from __future__ import annotations

import importlib
import json
import tomllib
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect import Flow
from prefect.events.schemas.automations import EventTrigger, Posture

from seedbed.context.profiles import environments, read_profile
from seedbed.context.project import opened
from seedbed.declare.errors import UnknownName
from seedbed.server import variables
from seedbed.server.declared import POOL, Deployment, read_deployments
from seedbed.server.errors import NotYaml
from seedbed.server.register import TEMPLATE, read_automations

PROJECT = opened()
ENVIRONMENTS = environments(PROJECT.own_environments)
AUTOMATIONS = PROJECT.automations
FLOWS = ("plan", "seed", "verify", "reset", "refresh")
ALL = {f"{flow}/{environment}" for flow in FLOWS for environment in ENVIRONMENTS}

DEPLOYMENTS = read_deployments(PROJECT.prefect_file)
BY_NAME = {one.full_name: one for one in DEPLOYMENTS}


def ids() -> dict[str, UUID]:
    return {name: uuid4() for name in BY_NAME}


def test_every_flow_is_deployed_once_for_every_environment() -> None:
    assert set(BY_NAME) == ALL
    assert len(DEPLOYMENTS) == 25


@pytest.mark.parametrize("one", DEPLOYMENTS, ids=lambda one: str(one.full_name))
def test_a_deployment_runs_its_own_environment_and_one_run_at_a_time(one: Deployment) -> None:
    assert one.parameters == {"environment": one.name}
    assert one.work_pool.name == POOL
    assert one.concurrency_limit.limit == 1
    assert one.concurrency_limit.collision_strategy == "ENQUEUE"
    assert one.enforce_parameter_schema


def test_only_the_nightly_refresh_of_staging_is_scheduled_at_two_utc() -> None:
    scheduled = {one.full_name: one.schedules for one in DEPLOYMENTS if one.schedules}
    assert list(scheduled) == ["refresh/staging"]
    (nightly,) = scheduled["refresh/staging"]
    assert (nightly.cron, nightly.timezone, nightly.active) == ("0 2 * * *", "UTC", True)


@pytest.mark.parametrize("entrypoint", sorted({one.entrypoint for one in DEPLOYMENTS}))
def test_an_entrypoint_names_a_flow_that_has_the_function_s_name(entrypoint: str) -> None:
    module, _, function = entrypoint.rpartition(":")
    flow = getattr(importlib.import_module(module), function)
    assert isinstance(flow, Flow)
    assert flow.name == function


def test_prefect_yaml_holds_no_folder_of_a_machine() -> None:
    assert "set_working_directory" not in PROJECT.prefect_file.read_text()
    assert json.loads(TEMPLATE.read_text())["job_configuration"]["working_dir"] == "."


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_has_a_profile(environment: str) -> None:
    profile = read_profile(environment, PROJECT.own_environments)
    assert profile.name == environment
    assert profile.guard.shared == (environment == "staging")


def test_staging_is_guarded_and_rolls() -> None:
    staging = read_profile("staging", PROJECT.own_environments)
    assert staging.refresh == "roll"
    assert staging.guard.app_env == ("staging",)
    assert staging.guard.hosts
    assert staging.guard.databases
    assert staging.database is not None
    assert staging.database.variable == "SEEDBED_DATABASE_URL"


def test_a_failed_and_a_missing_nightly_run_raise_an_automation() -> None:
    known = ids()
    failed, missing, _ = read_automations(AUTOMATIONS, known)
    assert isinstance(failed.trigger, EventTrigger)
    assert failed.trigger.posture is Posture.Reactive
    assert {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"} <= failed.trigger.expect
    assert isinstance(missing.trigger, EventTrigger)
    assert missing.trigger.posture is Posture.Proactive
    assert missing.trigger.expect == {"prefect.flow-run.Completed"}
    assert missing.trigger.within.total_seconds() == 25 * 3600
    for automation in (failed, missing):
        (action,) = automation.actions
        assert action.model_dump()["deployment_id"] == known["plan/staging"]


def test_a_run_s_creator_can_name_neither_command_nor_variables() -> None:
    template = json.loads(TEMPLATE.read_text())
    assert template["job_configuration"] == {"working_dir": ".", "stream_output": True}
    assert template["variables"]["properties"] == {}
    assert template["variables"]["additionalProperties"] is False


def test_a_run_is_given_up_after_three_heartbeats_whichever_worker_took_it() -> None:
    (trigger,) = [
        one.trigger for one in read_automations(AUTOMATIONS, ids()) if "process" in one.name
    ]
    assert isinstance(trigger, EventTrigger)
    assert trigger.within.total_seconds() == 90
    assert variables.WORKER["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    folder = tomllib.loads((PROJECT.folder / "pyproject.toml").read_text())["tool"]
    assert folder["prefect"]["flows"]["heartbeat_frequency"] == 30
    for one in DEPLOYMENTS:
        assert one.concurrency_limit.grace_period_seconds == 90


def test_an_automation_that_runs_an_unknown_deployment_is_refused() -> None:
    known = {name: one for name, one in ids().items() if name != "plan/staging"}
    with pytest.raises(UnknownName, match=r"unknown deployment in automations\.yaml 'plan/sta"):
        read_automations(AUTOMATIONS, known)


def test_a_key_that_only_prefect_would_understand_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text("name: seedbed\npull: []\ndefinitions: {}\ndeployments: []\nbuild: []\n")
    with pytest.raises(UnknownName, match=r"unknown setting of prefect\.yaml 'build'"):
        read_deployments(path)


def test_a_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text("name: [")
    with pytest.raises(NotYaml, match=r"prefect\.yaml is not YAML; correct it: "):
        read_deployments(path)
