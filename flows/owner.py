"""Owner: what is run beside the flows: marker, evidence, rights, the embedded database."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from tasks.datasets import DATASETS, dataset
from tasks.engine.errors import SeedbedError, UsageError
from tasks.engine.resource import Resource
from tasks.postgres import embedded, guard, record
from tasks.postgres.connect import session
from tasks.services.adapters import LOCAL_AUTH, Adapters
from tasks.services.embeddings import embedder
from tasks.services.port import ServiceFailed
from tasks.services.queue import jobs
from tasks.work import address_of, profile_of


class NoPsql(SeedbedError):
    """There is no psql on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "psql is not installed; install PostgreSQL's client, or give the output of "
            "`seedbed db url` to the client that you have"
        )


class NoRole(UsageError):
    """Rights need somebody to get them."""

    def __init__(self) -> None:
        super().__init__("seedbed grants: --role is missing; name the role that runs will use")


@dataclass(frozen=True)
class Looked:
    """One service of a dataset: its adapter, and what it says to its credentials."""

    port: str
    kind: str
    said: str
    passed: bool


def services(environment: str, name: str) -> Iterator[Looked]:
    """Ask every service that the dataset uses something that needs its credentials.

    Raises:
        NoCredentials, BadSetting: an address or key is missing, or mistaken.
    """
    chosen, settings = dataset(name), profile_of(environment).services
    places = {one.port: one.place for one in chosen.later if isinstance(one, Resource)}
    with closing(Adapters(settings, os.environ, Path())) as adapters:
        for port, adapter in adapters.used(chosen).items():
            if adapter is None:
                yield Looked(port, LOCAL_AUTH, "no credentials needed", True)
            else:
                place = places.get(port, "")
                yield _asked(port, adapter.kind, partial(adapter.check, place))
    if any(one.through == "embeddings" for one in chosen.entities):
        queued = settings.embeddings.mode == "queue"
        maker = jobs(os.environ) if queued else embedder(settings.embeddings, os.environ)
        yield _asked("embeddings", maker.kind, maker.check)


def _asked(port: str, kind: str, check: Callable[[], str]) -> Looked:
    try:
        return Looked(port, kind, check(), True)
    except ServiceFailed as failed:
        return Looked(port, kind, str(failed), False)


def mark(environment: str, name: str, days: int) -> str:
    """Write the marker into the dataset's database; its owner runs this."""
    chosen, profile = dataset(name), profile_of(environment)
    address = address_of(chosen, profile, os.environ)
    with session(address, "seedbed:mark", profile.limits) as connection:
        line = guard.mark(connection, environment, days, chosen.tables)
    return f"marked {address}: {line}"


def evidence(environment: str, name: str) -> tuple[guard.Evidence, ...]:
    """What the guard sees, layer by layer."""
    chosen, profile = dataset(name), profile_of(environment)
    address = address_of(chosen, profile, os.environ)
    with session(address, "seedbed:guard", profile.limits, read_only=True) as connection:
        return guard.examine(connection, address, profile, os.environ, chosen.tables)


def grants(environment: str, name: str, role: str | None) -> str:
    """The SQL that gives a role exactly what runs need."""
    if not role:
        raise NoRole
    chosen, profile = dataset(name), profile_of(environment)
    address = address_of(chosen, profile, os.environ)
    with session(address, "seedbed:grants", profile.limits, read_only=True) as connection:
        return guard.grants(connection, chosen.tables, role, reads=chosen.reads)


def url(name: str) -> str:
    """The URL of a dataset's database on the embedded server, started if need be."""
    chosen = dataset(name)
    server = embedded.ensure(embedded.home_folder(os.environ))
    embedded.create_database(server, chosen.name, chosen.folder / "schema.sql")
    password = quote(server.password, safe="")
    return f"postgresql://{server.user}:{password}@{server.host}:{server.port}/{chosen.name}"


def psql(name: str) -> None:
    """Become psql on a dataset's embedded database; the password travels in the environment."""
    program = shutil.which("psql")
    if program is None:
        raise NoPsql
    chosen = dataset(name)
    server = embedded.ensure(embedded.home_folder(os.environ))
    embedded.create_database(server, chosen.name, chosen.folder / "schema.sql")
    place = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user}
    secret = {"PGPASSWORD": server.password, "PGDATABASE": chosen.name}
    sys.stdout.flush()
    os.execve(program, [program], {**os.environ, **place, **secret})


def stop() -> str:
    """Stop the embedded server."""
    stopped = embedded.stop(embedded.home_folder(os.environ))
    return "stopped" if stopped else "was not running"


def listed() -> list[str]:
    """Every dataset with its entities, in the order of their steps."""
    from tasks.engine.order import ordered

    lines = []
    for name in DATASETS:
        chosen = dataset(name)
        lines.append(f"{name}: {len(chosen.entities)} entities in {len(chosen.tables)} tables")
        lines += [f"  {one.name:<20} {one.about}" for one in ordered(chosen.entities)]
    return lines


def last_run(environment: str, name: str) -> tuple[record.Line, ...]:
    """The steps of the last run that changed a dataset, from its own database."""
    chosen, profile = dataset(name), profile_of(environment)
    address = address_of(chosen, profile, os.environ)
    with session(address, "seedbed:runs", profile.limits, read_only=True) as connection:
        return record.last(connection, name)
