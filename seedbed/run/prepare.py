"""Prepare: everything that comes before the first step. Guard, then lock, then coordinates."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from seedbed.context.assignment import Assignment
from seedbed.context.context import RunContext
from seedbed.context.datasets import dataset
from seedbed.context.opening import closing_of, made, served
from seedbed.context.places import evidence
from seedbed.context.where import (
    absent,
    address_of,
    application,
    database_of,
    numbers_of,
    with_triggers,
)
from seedbed.declare.entity import Dataset
from seedbed.engine.options import RunOptions
from seedbed.engine.settings import check
from seedbed.postgres import claims, counters, read, record
from seedbed.postgres.catalogue import Catalogue, catalogue_of
from seedbed.postgres.connection import lock
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import session
from seedbed.postgres.connection.database import Connection, Database
from seedbed.postgres.guard import guard as layers
from seedbed.postgres.record import Recorded
from seedbed.run.errors import BeforeAnchor, OtherSeed
from seedbed.run.invocation import Invocation


@dataclass(frozen=True)
class Guarded:
    """One dataset's database, of which the guard has seen that it may be used so.

    Only `guard` makes one, and nothing is opened for writing without it.
    """

    run: Invocation
    dataset: Dataset
    address: Address
    since: float
    """When the preparation began, by the process's own clock."""


def today() -> date:
    """The date in UTC: the only look at a clock that decides a value.

    Raises:
        BadSetting: the clock is wrong by decades.
    """
    day = datetime.now(UTC).date()
    check(RunOptions, {"as_of": day}, "this machine's clock")
    return day


def guard(run: Invocation, name: str) -> Guarded:
    """Prove that the dataset's database may be used by this environment.

    Raises:
        GuardRefused: it may not; nothing was written.
        BadSetting: its address is missing or mistaken.
    """
    since, profile = time.monotonic(), run.profile
    chosen = with_triggers(dataset(name), profile)
    layers.require([layers.examine_variables(profile, os.environ)])
    address = address_of(chosen, profile, os.environ)
    layers.require([layers.examine_place(profile, address)])
    held_as = application(name, run.id)
    with session(address, held_as, profile.limits, read_only=True) as connection:
        layers.require(evidence(connection, chosen, profile, address))
    return Guarded(run, chosen, address, since)


@contextmanager
def locked(proof: Guarded) -> Iterator[RunContext]:
    """Hold the dataset's lock in its database while the block runs; it may write.

    Raises:
        LockBusy: another run of the dataset is active.
        as `opened`.
    """
    run, name = proof.run, proof.dataset.name
    held_as = application(name, run.id)
    with (
        lock.lease(proof.address, name, held_as, run.profile.limits) as lease,
        _prepared(proof, lease) as context,
    ):
        with context.database.writing() as connection:
            counters.require_counters(connection)
            record.prepare(connection)
        yield context


@contextmanager
def opened(proof: Guarded) -> Iterator[RunContext]:
    """Look at the dataset's database while the block runs; it cannot write.

    Raises:
        SchemaMismatch, PrerequisiteMissing: the database does not fit the declaration.
        OtherSeed, BeforeAnchor: its rows do not fit the run.
    """
    with _prepared(proof, 0) as context:
        yield context


@contextmanager
def _prepared(proof: Guarded, lease: int) -> Iterator[RunContext]:
    run, chosen = proof.run, proof.dataset
    database = database_of(chosen, run.profile, run.id, lease, proof.address)
    with closing_of(database):
        context = _made(proof, database)
        context.spent["prepare"] = time.monotonic() - proof.since
        with served(context):
            yield context


def _made(proof: Guarded, database: Database) -> RunContext:
    run, chosen = proof.run, proof.dataset
    with database.reading() as connection:
        catalogue = catalogue_of(connection, chosen, absent(chosen, run.profile))
        recorded = record.latest(connection, chosen.name)
        if recorded is not None and not _anything(connection, chosen, catalogue):
            recorded = None
        claims.require(connection, chosen, catalogue, recorded=recorded is not None)
        assignment = replace(_coordinates(run, chosen, recorded), lease=database.lease)
        return made(
            assignment,
            chosen,
            database,
            catalogue,
            connection,
            options=run.options,
            execution=run.execution,
        )


def _anything(connection: Connection, chosen: Dataset, catalogue: Catalogue) -> bool:
    there = (
        entity for entity in chosen.entities if entity.key.column in catalogue.columns(entity.table)
    )
    return any(read.some(connection, entity) for entity in there)


def _coordinates(run: Invocation, chosen: Dataset, recorded: Recorded | None) -> Assignment:
    options, profile, name = run.options, run.profile, chosen.name
    seed = profile.seed if options.seed is None else options.seed
    scale = profile.scale if options.scale is None else options.scale
    as_of = options.as_of or today()
    anchor = as_of
    if recorded is not None:
        anchor = recorded.anchor
        if options.seed is None or not run.fills:
            seed = recorded.seed
        if not run.fills and run.verb != "plan":
            as_of, scale = options.as_of or recorded.as_of, options.scale or recorded.scale
        if seed != recorded.seed:
            raise OtherSeed(name, recorded.seed, seed)
        if as_of < anchor:
            raise BeforeAnchor(name, anchor, as_of)
    return Assignment(
        run=run.id,
        verb=run.verb,
        environment=run.environment,
        dataset=name,
        seed=seed,
        as_of=as_of,
        anchor=anchor,
        scale=scale,
        requirements=tuple(numbers_of(chosen, profile).items()),
    )
