"""The settings of a run: one frozen model a profile, and what one run was asked for on top."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from inspect import isclass
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seedbed.declare.errors import BadSetting, UnknownName
from seedbed.engine.services import Services

MAX_SCALE = 1_000_000
"""100 million orders: beyond it the keys' twelve digits run out."""

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""As_of lies between them: windows reach back from it and appointments ahead, and both stay within
the days that keys can number and every library can hold."""

CLUSTER = r"^(auto|([a-z]+://)?[A-Za-z0-9._-]+:[0-9]{1,5})$"
"""A host and a port, perhaps after a scheme: nothing in it can be a password. Ray knows auto."""


class Model(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyModel = TypeVar("AnyModel", bound=Model)


def in_variables(dataset: str) -> str:
    """A dataset's name as it stands in the names of environment variables: MY_SHOP of my-shop."""
    return re.sub("[^A-Za-z0-9]", "_", dataset).upper()


class DatabasePlace(Model):
    """Where the profile's databases are. It names a variable or a server, never a password.

    Every dataset has a database of its own (their tables share names), so that `{DATASET}` in the
    variable's name, or `{dataset}` in the database's, stands for the dataset's name.
    """

    variable: str | None = Field(
        None,
        pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?(\{DATASET\}[A-Za-z0-9_]*)?$",
        min_length=1,
        description="environment variable that holds the URL, like STAGING_{DATASET}_URL",
    )
    host: str | None = Field(None, description="server; the password comes from the passfile")
    port: int = Field(5432, ge=1, le=65535, description="the server's port")
    database: str | None = Field(
        None,
        pattern=r"^[^{}]*(\{dataset\}[^{}]*)?$",
        description="its name, like {dataset}_staging",
    )
    user: str | None = Field(None, description="the role that a run logs in with")
    passfile: str | None = Field(None, description="libpq password file, default ~/.pgpass")

    def variable_of(self, dataset: str) -> str | None:
        """The variable that holds a dataset's URL."""
        return self.variable and self.variable.replace("{DATASET}", in_variables(dataset))

    def database_of(self, dataset: str) -> str | None:
        """The name of a dataset's database."""
        return self.database and self.database.replace("{dataset}", dataset)


class GuardRules(Model):
    """What must hold before anything is written (docs/safety.md)."""

    shared: bool = Field(
        False, description="all layers must pass, marker and restricted role included"
    )
    app_env: tuple[str, ...] = Field((), description="allowed values of APP_ENV / NODE_ENV")
    hosts: tuple[str, ...] = Field(
        (), description="allowed hosts; empty allows any, in a shared environment none"
    )
    databases: tuple[str, ...] = Field(
        (), description="allowed databases; empty allows any, in a shared environment none"
    )


class Limits(Model):
    """Time-outs of one transaction, in seconds."""

    connect: int = Field(10, ge=1, le=300, description="how long to wait for a connection")
    lock: int = Field(3, ge=1, le=600, description="how long to wait for a lock of the database")
    statement: int = Field(60, ge=1, le=86_400, description="how long a statement may take")
    block: float = Field(
        1.5, gt=0, le=3_600, description="how long others may wait for us before we give way"
    )
    busy: int = Field(10, ge=0, le=3_600, description="how long to wait for another run's lock")


class Profile(Model):
    """One environment."""

    name: str = Field(description="the environment's name, which is that of the file")
    datasets: tuple[str, ...] = Field(
        min_length=1, description="the datasets of a run that names none"
    )
    database: DatabasePlace | None = Field(None, description="absent: the embedded server")
    seed: int = Field(42, ge=0, lt=2**63, description="start of all random draws")
    scale: int = Field(1, ge=1, le=MAX_SCALE, description="multiple of the owner's counts")
    workers: int = Field(2, ge=1, le=64, description="connections that load at the same time")
    parts: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="transactions that a large step is loaded in, side by side; by default one, "
        "with a runner other than threads two for every worker",
    )
    runner: Literal["threads", "processes", "dask", "ray"] = Field(
        "threads", description="where the parts of a large step run (docs/scale.md)"
    )
    cluster: str | None = Field(
        None,
        pattern=CLUSTER,
        description="address of the Dask scheduler or of Ray, without a login; absent: a cluster "
        "on this machine, for the run",
    )
    chunk_rows: int = Field(25_000, ge=1, le=1_000_000, description="rows generated at a time")
    retries: int = Field(
        4, ge=0, le=100, description="how often a step is tried again after an error that can pass"
    )
    clean: bool = Field(False, description="a seed of whole datasets is a rebuild")
    verify: bool = Field(False, description="a seed ends with every check, as verify has them")
    refresh: Literal["roll", "rebuild"] = Field(
        "roll", description="what a refresh does: move the windows on, or bring all rows up to date"
    )
    rebuild_rows: int = Field(
        200_000, ge=0, description="rows up to which a rebuild is one transaction"
    )
    unmet: Literal["refuse", "report"] = Field(
        "refuse", description="a minimum that cannot be met: write nothing, or say so"
    )
    side_effects: dict[str, tuple[Literal["insert"], ...]] = Field(
        default_factory=dict,
        description="what triggers may do in the application's own tables while a reset removes "
        "our rows, by table; nobody may have anything updated or deleted",
    )
    made_by_triggers: dict[str, dict[str, dict[str, str]]] = Field(
        default_factory=dict,
        description="rows that the application's triggers make for ours and that go with ours, a "
        'section each dataset: order_log.order_id = "orders" says that its order_id is the key of '
        "a row in orders",
    )
    requirements: dict[str, dict[str, int | str]] = Field(
        default_factory=dict,
        description="minimums by name, and their level, a section each dataset",
    )
    services: Services = Field(
        Services(),  # type: ignore[call-arg]  # pydantic's defaults
        description="which adapter each service has",
    )
    guard: GuardRules = Field(
        GuardRules(),  # type: ignore[call-arg]  # pydantic's defaults
        description="what must hold before anything is written",
    )
    limits: Limits = Field(
        Limits(),  # type: ignore[call-arg]  # pydantic's defaults
        description="time-outs in seconds",
    )

    @property
    def divided(self) -> int:
        """In how many parts a large step is loaded, at most."""
        return self.parts or (1 if self.runner == "threads" else 2 * self.workers)


def check(model: type[AnyModel], values: Mapping[str, Any], where: str) -> AnyModel:
    """Validate values; the first problem becomes one sentence that names key and place.

    Raises:
        UnknownName: a key that the model does not have.
        BadSetting: a value of the wrong type or outside its bounds.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            above, _, last = name.rpartition(".")
            known = _section(model, first["loc"]).model_fields
            kind = f"setting of {where}" + (f" [{above}]" if above else "")
            raise UnknownName(kind, last, known) from None
        if first["type"] == "literal_error" and (given := _word(error)):
            words = re.findall(r"'([^']*)'", first["ctx"]["expected"])
            raise UnknownName(f"{name} of {where}", given, words) from None
        raise BadSetting(where, name, first["msg"][0].lower() + first["msg"][1:]) from None


def _word(error: ValidationError) -> str | None:
    """What stands where one of a few words has to."""
    given = error.errors(include_url=False)[0]["input"]
    return given if isinstance(given, str) else None


def _section(model: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel]:
    """The part of a model that holds the setting at `place`; numbers are places in a list."""
    for part in place[:-1]:
        if part in model.model_fields:
            annotation = model.model_fields[str(part)].annotation
            model = next(filter(_is_model, (annotation, *get_args(annotation))), model)
    return model


def _is_model(annotation: Any) -> bool:
    return isclass(annotation) and issubclass(annotation, BaseModel)
