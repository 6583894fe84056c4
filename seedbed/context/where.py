"""Where: a dataset's profile, numbers and database, from project and process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from seedbed.context.datasets import sources
from seedbed.context.profiles import read_profile
from seedbed.context.project import opened
from seedbed.context.variables import require_known, require_known_of
from seedbed.declare.entity import Dataset
from seedbed.declare.minimums import resolved
from seedbed.declare.owners import MadeByTrigger
from seedbed.engine import draws
from seedbed.engine.settings import Profile
from seedbed.postgres.catalogue import ABSENT
from seedbed.postgres.connection.address import Address, choose
from seedbed.postgres.connection.connect import pool
from seedbed.postgres.connection.database import Database
from seedbed.postgres.embedded import embedded, home


def profile_of(environment: str) -> Profile:
    """The environment's profile, from the project.

    Raises:
        UnknownName: the project has no such environment.
        UnknownVariable: the process's environment has a `SEEDBED_…` that nothing reads.
    """
    folder = opened().environments(os.environ)
    require_known(os.environ, folder, tuple(sources()))
    return read_profile(environment, folder)


def numbers_of(chosen: Dataset, profile: Profile) -> dict[str, int | str]:
    """The dataset's requirements: its own, then the profile's, then the environment's.

    Raises:
        UnknownName, BadSetting: a name or a value that cannot be; nothing was opened.
        UnknownVariable: a variable of the dataset that it does not have.
    """
    folder = opened().environments(os.environ)
    require_known_of(chosen, os.environ, folder, tuple(sources()))
    asked = profile.requirements.get(chosen.name, {})
    return resolved(chosen.name, chosen.requirements, asked, os.environ)


def with_triggers(chosen: Dataset, profile: Profile) -> Dataset:
    """The dataset, with the rows of which the profile says that triggers make them for ours.

    Raises:
        BadDeclaration: the profile names what cannot be.
    """
    more = tuple(
        MadeByTrigger(table, column, of)
        for table, columns in profile.made_by_triggers.get(chosen.name, {}).items()
        for column, of in columns.items()
    )
    return replace(chosen, made_by_triggers=(*chosen.made_by_triggers, *more)) if more else chosen


def address_of(chosen: Dataset, profile: Profile, environ: Mapping[str, str]) -> Address:
    """Where the dataset's database is; the embedded server where nothing else is named.

    Only there the schema comes from us; anywhere else it is the application's.
    """
    address = choose(chosen.name, profile, environ)
    if address is not None:
        return address
    at = embedded.ensure(embedded.home_folder(environ))
    embedded.create_database(at, chosen.name, chosen.folder / "schema.sql")
    return Address(at.host, at.port, chosen.name, at.user, at.password)


def database_of(
    chosen: Dataset, profile: Profile, run: str, lease: int = 0, address: Address | None = None
) -> Database:
    """The dataset's database with its pool; nothing is opened before the first transaction."""
    place = address or address_of(chosen, profile, os.environ)
    connections = pool(place, application(chosen.name, run), profile.limits, profile.workers)
    reaches = {"tables": chosen.tables, "reads": chosen.reads}
    return Database(place, connections, profile, chosen.name, lease, **reaches)


def application(name: str, run: str) -> str:
    """What the server shows as the name of a run's connections."""
    return f"seedbed:{name}:{run[:8]}"


def absent(chosen: Dataset, profile: Profile) -> str:
    """What is said of a table that is missing; on the embedded server the schema comes from us."""
    if choose(chosen.name, profile, os.environ) is not None:
        return ABSENT
    return (
        f"{ABSENT} (`seedbed db recreate {chosen.name}` makes the embedded database anew after a "
        "change of schema.sql)"
    )


def services_folder(chosen: Dataset, profile: Profile, address: Address) -> Path:
    """Where the local services keep what belongs to this database.

    The embedded server may change its port; it stays the same server.
    """
    place = f"{address.host}-{address.port}"
    if choose(chosen.name, profile, os.environ) is None:
        place = "embedded"
    return home.within(embedded.home_folder(os.environ), "services") / place / address.database


def generator(chosen: Dataset) -> str:
    """The version of what makes a dataset's values."""
    return f"{chosen.name}-{chosen.version}/{draws.ALGORITHM}"
