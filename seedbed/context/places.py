"""Places: which of a profile's datasets lie in the same database, and what the guard sees there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date

import pandas as pd

from seedbed.context.datasets import dataset
from seedbed.context.errors import TablesMissing
from seedbed.context.where import numbers_of
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import SeedbedError, UsageError
from seedbed.declare.resource import Resource
from seedbed.engine.run import Run
from seedbed.engine.settings import Profile
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.connection.address import Address, choose
from seedbed.postgres.connection.connect import sentence
from seedbed.postgres.fit import fitted
from seedbed.postgres.guard import guard
from seedbed.postgres.guard.reach import STOPPED, AnyConnection, reached


def _place(name: str, profile: Profile) -> tuple[str, int, str] | str:
    """Where a dataset's database is; the embedded server has one for each, called like it."""
    found = choose(name, profile, os.environ)
    return (found.host, found.port, found.database) if found else name


def together(names: Iterable[str], profile: Profile) -> tuple[tuple[Dataset, ...], ...]:
    """Datasets by their database.

    Raises:
        BadSetting, UnknownName: the address of one is missing or mistaken.
    """
    groups: dict[tuple[str, int, str] | str, list[Dataset]] = {}
    for name in names:
        groups.setdefault(_place(name, profile), []).append(dataset(name))
    return tuple(map(tuple, groups.values()))


def beside(names: Iterable[str], profile: Profile) -> tuple[Dataset, ...]:
    """The profile's other datasets in the same database: one role and one marker serve them all."""
    here = {_place(name, profile) for name in names}

    def there(name: str) -> bool:
        try:
            return _place(name, profile) in here
        except UsageError:  # the other one's own address is missing or mistaken
            return False

    return tuple(dataset(name) for name in profile.datasets if name not in names and there(name))


def tables_of(datasets: Iterable[Dataset]) -> tuple[str, ...]:
    """What they write, each table once."""
    return tuple(dict.fromkeys(table for one in datasets for table in one.tables))


def reads_of(datasets: Iterable[Dataset]) -> tuple[str, ...]:
    """What they read and none of them writes, each table once."""
    found = tuple(datasets)
    read = dict.fromkeys(table for one in found for table in one.reads)
    return tuple(table for table in read if table not in tables_of(found))


def evidence(
    connection: AnyConnection, chosen: Dataset, profile: Profile, address: Address
) -> tuple[guard.Evidence, ...]:
    """What the guard sees of a dataset's database, layer by layer."""
    others = beside([chosen.name], profile)
    return guard.examine(
        connection,
        address,
        profile,
        os.environ,
        chosen.tables,
        reads=chosen.reads,
        beside=tables_of(others) + reads_of(others),
    )


def fit(connection: AnyConnection, chosen: Dataset, profile: Profile) -> guard.Evidence:
    """Whether the database has the dataset's tables, as a run would find them."""
    there = {one.asked for one in reached(connection, chosen.tables, ())}
    absent = sorted(set(chosen.tables) - there)
    day = date(2026, 1, 1)  # any: no row is made
    run = Run(chosen.name, profile.seed, day, day, 1, numbers_of(chosen, profile), look=_empty)
    try:
        if absent:
            raise TablesMissing(chosen, absent)
        with connection.transaction():
            fitted(connection, chosen, catalogue_of(connection, chosen), run, lenient=False)
    except STOPPED as error:
        problem = sentence(error)
    except SeedbedError as error:
        problem = str(error).removesuffix("; nothing was written")
    else:
        return guard.Evidence(
            2, "tables", True, f"{len(chosen.tables)} tables of {chosen.name} fit"
        )
    remedy = (
        f"correct `datasets` in {profile.name}.toml or the address, or run the application's own "
        "migrations"
    )
    if choose(chosen.name, profile, os.environ) is None:
        remedy = f"run `seedbed db recreate {chosen.name}` if its schema.sql has changed"
    return guard.Evidence(2, "tables", False, f"{chosen.name} does not fit: {problem}", remedy)


def _empty(resource: Resource) -> pd.DataFrame:
    """What a service holds, for one that is not asked."""
    return pd.DataFrame(columns=["key", "id", "state", "playback"], dtype=object)
