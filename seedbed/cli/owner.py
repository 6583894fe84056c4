"""Owner: what is run beside the flows: marker, evidence, rights, the embedded database."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from seedbed.cli.errors import NoPsql, NoRole, WhichDataset
from seedbed.context import places
from seedbed.context.datasets import dataset, sources
from seedbed.context.places import beside, reads_of, tables_of, together
from seedbed.context.where import address_of, profile_of
from seedbed.declare.errors import SeedbedError
from seedbed.declare.resource import Resource
from seedbed.engine.settings import Limits
from seedbed.postgres import record
from seedbed.postgres.connection import lock
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import session
from seedbed.postgres.embedded import embedded
from seedbed.postgres.guard import guard
from seedbed.services.adapters import LOCAL_AUTH, Adapters
from seedbed.services.embeddings import embedder
from seedbed.services.errors import ServiceFailed
from seedbed.services.queue import jobs


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


def mark(environment: str, names: Sequence[str], days: int, named: Sequence[str]) -> Iterator[str]:
    """Write the marker into the datasets' databases; their owner runs this.

    It holds for a database: what the profile's other datasets have there is counted, too.
    """
    profile = profile_of(environment)
    for group in together(names, profile):
        address = address_of(group[0], profile, os.environ)
        others = beside([one.name for one in group], profile)
        with session(address, "seedbed:mark", profile.limits) as connection:
            tables = tables_of((*group, *others))
            line = guard.mark(connection, environment, days, tables, named=named)
            left = guard.unnamed_after(connection, os.environ)
        yield f"marked {address}: {line}"
        if left:
            yield (
                f"nothing is written there yet, for {left[0]!r} says production: if it is none, "
                f"mark it again with{guard.naming(left)}"
            )


def evidence(environment: str, name: str) -> Iterator[guard.Evidence]:
    """What the guard sees, layer by layer, and whether the dataset is one of this database."""
    chosen, profile = dataset(name), profile_of(environment)
    address = address_of(chosen, profile, os.environ)
    yield guard.examine_variables(profile, os.environ)
    yield guard.examine_place(profile, address)
    with session(address, "seedbed:guard", profile.limits, read_only=True) as connection:
        found = places.evidence(connection, chosen, profile, address)
        yield places.fit(connection, chosen, profile)
        yield from found[2:]


def where(environment: str, name: str) -> str:
    """A dataset's database, without user and password."""
    return str(address_of(dataset(name), profile_of(environment), os.environ))


def grants(environment: str, names: Sequence[str], role: str | None) -> Iterator[str]:
    """The SQL that gives a role exactly what runs need, database by database."""
    if not role:
        raise NoRole
    profile, servers = profile_of(environment), set()
    for group in together(names, profile):
        address = address_of(group[0], profile, os.environ)
        server = address.host, address.port
        with session(address, "seedbed:grants", profile.limits, read_only=True) as connection:
            yield f"-- {', '.join(one.name for one in group)}: {address}"
            yield guard.grants(
                connection,
                tables_of(group),
                role,
                reads=reads_of(group),
                made=server in servers,
            )
        servers.add(server)


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


def only_dataset(action: str) -> str:
    """The project's dataset, where it has one and it need not be said.

    Raises:
        WhichDataset: it has to be said.
    """
    known = list(sources())
    if len(known) != 1 or action == "recreate":
        raise WhichDataset(action, known)
    return known[0]


def recreate(name: str) -> str:
    """Make a dataset's database on the embedded server anew, from its schema.sql.

    Raises:
        LockBusy: a run of the dataset is active.
    """
    chosen = dataset(name)
    server = embedded.ensure(embedded.home_folder(os.environ))
    embedded.create_database(server, name, None)
    at = Address(server.host, server.port, name, server.user, server.password)
    with lock.lease(at, name, "seedbed:recreate", Limits.model_validate({"busy": 0})):
        pass  # nobody is in the middle of anything
    embedded.drop_database(server, name)
    embedded.create_database(server, name, chosen.folder / "schema.sql")
    return f"made {name} anew, without a row; run `seedbed seed {name}`"


def listed() -> Iterator[tuple[list[str], bool]]:
    """The lines of every dataset, with its entities in the order of their steps; does it work."""
    from seedbed.engine.order import ordered

    for name, source in sources().items():
        try:
            chosen = dataset(name)
        except SeedbedError as error:
            yield [f"{name}: broken, in {source.place}", f"  {error}"], False
            continue
        counted = f"{len(chosen.entities)} entities in {len(chosen.tables)} tables"
        lines = [f"  {one.name:<20} {one.about}" for one in ordered(chosen.entities)]
        yield [f"{name}: {counted}, from {source.place}", *lines], True


def last_run(environment: str, name: str) -> tuple[record.Line, ...]:
    """The steps of the last run that changed a dataset, from its own database."""
    chosen, profile = dataset(name), profile_of(environment)
    address = address_of(chosen, profile, os.environ)
    with session(address, "seedbed:runs", profile.limits, read_only=True) as connection:
        return record.last(connection, name)
