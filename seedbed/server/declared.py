"""prefect.yaml as values: every deployment that it declares.

A key that is not handled here is an error: `prefect deploy` and `seedbed.server.register` read the
same file, and neither may know something that the other ignores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from seedbed.engine.settings import Model, check
from seedbed.server.errors import NotYaml

FLOWS = ("plan", "seed", "verify", "reset", "refresh")
"""What every environment has a deployment of."""

POOL = "seedbed"
"""The work pool of every deployment."""


class Pool(Model):
    """Where the runs are executed."""

    name: Literal["seedbed"]


class Limit(Model):
    """How many runs at a time."""

    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]
    grace_period_seconds: int = Field(ge=60, description="how long a run may take to begin")


class Schedule(Model):
    """When it starts by itself."""

    slug: str
    cron: str
    timezone: str
    active: bool


class Deployment(Model):
    """One entry under `deployments`."""

    name: str
    description: str
    tags: tuple[str, ...]
    entrypoint: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$",
        description="module and function of a flow, like flows.seed:seed",
    )
    parameters: dict[str, Any]
    version: str | None = Field(None, description="absent: that of the flow's file")
    work_pool: Pool
    concurrency_limit: Limit
    enforce_parameter_schema: bool
    schedules: tuple[Schedule, ...] = ()

    @property
    def full_name(self) -> str:
        """`flow/name`, as `prefect deployment run` takes it; a flow is named like its function."""
        return f"{self.entrypoint.rpartition(':')[2]}/{self.name}"


class Declared(Model):
    """The whole file; `definitions` only holds the anchors."""

    name: str
    pull: tuple[dict[str, Any], ...] = Field(max_length=0)
    definitions: dict[str, Any]
    deployments: tuple[Deployment, ...]


def read_deployments(path: Path) -> tuple[Deployment, ...]:
    """Every deployment of the file, in its order."""
    return check(Declared, read_yaml(path), path.name).deployments


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top level is a mapping."""
    try:
        content: dict[str, Any] = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise NotYaml(path, error) from None
    return content
