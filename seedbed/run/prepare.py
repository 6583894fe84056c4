"""Prepare: everything that comes before the first step. Guard, then lock, then coordinates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from prefect.context import FlowRunContext

from seedbed.context.context import LOOKING, Assignment, close, context_of
from seedbed.context.datasets import dataset
from seedbed.context.places import evidence
from seedbed.context.where import address_of, application, database_of, numbers_of, profile_of
from seedbed.context.workers import require_runner
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import Refused
from seedbed.engine.order import selected
from seedbed.engine.settings import Choice, Environment, Profile, check
from seedbed.postgres import claims, counters, read, record
from seedbed.postgres.connection import lock
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import session
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.guard import guard
from seedbed.postgres.record import Recorded
from seedbed.postgres.reflect import table_columns


class OtherSeed(Refused):
    """The rows in the database come from another seed."""

    def __init__(self, dataset: str, held: int, asked: int) -> None:
        super().__init__(
            f"{dataset}: the database holds rows of seed {held}, and this run asks for {asked}; "
            f"run `seedbed reset {dataset} --confirm` first, or keep seed {held}"
        )


class BeforeAnchor(Refused):
    """as_of lies before the day that the rows were made for."""

    def __init__(self, dataset: str, anchor: date, as_of: date) -> None:
        super().__init__(
            f"{dataset}: the database holds rows made as of {anchor}, and this run asks for "
            f"{as_of}, before that; run `seedbed reset {dataset} --confirm` first, or take a "
            "later --as-of"
        )


@dataclass(frozen=True)
class Intent:
    """What a flow was asked to do, before the database has been looked at."""

    run: str
    verb: str
    environment: Environment
    choice: Choice

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets asked for, or the profile's."""
        return self.choice.datasets or profile_of(self.environment).datasets

    @property
    def writes(self) -> bool:
        """Whether the run takes the lock."""
        return self.verb not in LOOKING

    @property
    def fills(self) -> bool:
        """Whether the run makes rows, and so has to fit those that are there."""
        return self.verb in ("seed", "refresh")


def intent(verb: str, environment: Environment, **asked: Any) -> Intent:
    """An intent from a flow's parameters; an empty list asks for nothing in particular.

    Raises:
        UnknownName, BadSetting: a dataset, entity or value that cannot be; nothing was opened.
        NotInstalled: the profile's runner needs a package that is missing.
    """
    given = {name: value for name, value in asked.items() if value not in (None, [], ())}
    choice = check(Choice, given, verb)
    made = Intent(run_id(), verb, environment, choice)
    for name in made.datasets:
        selected(dataset(name), choice.only, upstream=False)
        numbers_of(dataset(name), profile_of(environment))
    if made.fills:
        require_runner(profile_of(environment))
    return made


def run_id() -> str:
    """The flow run's own id, by which the database's records and Prefect's belong together."""
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else str(uuid4())


def today() -> date:
    """The date in UTC: the only look at a clock that decides a value.

    Raises:
        BadSetting: the clock is wrong by decades.
    """
    day = datetime.now(UTC).date()
    check(Choice, {"as_of": day}, "this machine's clock")
    return day


@contextmanager
def prepared(intent: Intent, name: str) -> Iterator[Assignment]:
    """Guard and, for a run that writes, lock one dataset's database while the block runs.

    Raises:
        GuardRefused: the database may not be written.
        LockBusy: another run of the dataset is active.
        SchemaMismatch, PrerequisiteMissing: the database does not fit the declaration.
        OtherSeed, BeforeAnchor: its rows do not fit the run.
    """
    chosen, profile = dataset(name), profile_of(intent.environment)
    guard.require([guard.examine_variables(profile, os.environ)])
    address = address_of(chosen, profile, os.environ)
    guard.require([guard.examine_place(profile, address)])
    _examine(intent, chosen, profile, address)
    if not intent.writes:
        yield from _assigned(intent, chosen, 0)
        return
    held_as = application(name, intent.run)
    with lock.lease(address, name, held_as, profile.limits) as lease:
        yield from _assigned(intent, chosen, lease)


def _examine(intent: Intent, chosen: Dataset, profile: Profile, address: Address) -> None:
    held_as = application(chosen.name, intent.run)
    with session(address, held_as, profile.limits, read_only=True) as connection:
        guard.require(evidence(connection, chosen, profile, address))


def _assigned(intent: Intent, chosen: Dataset, lease: int) -> Iterator[Assignment]:
    profile = profile_of(intent.environment)
    database = database_of(chosen, profile, intent.run, lease)
    try:
        with database.reading() as connection:
            recorded = record.latest(connection, chosen.name)
            if recorded is not None and not _anything(connection, chosen):
                recorded = None
            claims.require(connection, chosen, recorded=recorded is not None)
        assignment = _coordinates(intent, chosen.name, profile, recorded)
        assignment = replace(assignment, lease=lease)
        try:
            context_of(assignment)
            if intent.writes:
                with database.writing() as connection:
                    counters.require_counters(connection)
                    record.prepare(connection)
            yield assignment
        finally:
            close(assignment)
    finally:
        database.engine.dispose()


def _anything(connection: Connection, chosen: Dataset) -> bool:
    there = (
        one for one in chosen.entities if one.key.column in table_columns(connection, one.table)
    )
    return any(read.some(connection, one) for one in there)


def _coordinates(
    intent: Intent, name: str, profile: Profile, recorded: Recorded | None
) -> Assignment:
    choice = intent.choice
    seed = profile.seed if choice.seed is None else choice.seed
    scale = profile.scale if choice.scale is None else choice.scale
    as_of = choice.as_of or today()
    anchor = as_of
    if recorded is not None:
        anchor = recorded.anchor
        if choice.seed is None or not intent.fills:
            seed = recorded.seed
        if not intent.fills and intent.verb != "plan":
            as_of, scale = choice.as_of or recorded.as_of, choice.scale or recorded.scale
        if seed != recorded.seed:
            raise OtherSeed(name, recorded.seed, seed)
        if as_of < anchor:
            raise BeforeAnchor(name, anchor, as_of)
    numbers = numbers_of(dataset(name), profile)
    return Assignment(
        run=intent.run,
        verb=intent.verb,
        environment=intent.environment,
        dataset=name,
        seed=seed,
        as_of=as_of,
        anchor=anchor,
        scale=scale,
        requirements=tuple(numbers.items()),
    )
