"""Work: what a step needs, made anew in whatever process the step runs in.

A task's arguments are stored by Prefect and travel to its workers, so they are an
`Assignment`: names, dates and numbers. `work` turns one into connections, declaration and
prerequisites, once a process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedbed.context.datasets import dataset
from seedbed.context.embed import has_texts
from seedbed.context.where import (
    address_of,
    application,
    database_of,
    generator,
    profile_of,
    services_folder,
    with_triggers,
)
from seedbed.context.workers import Runner
from seedbed.declare.entity import Dataset, Entity
from seedbed.engine.plan import Standing
from seedbed.engine.run import Run
from seedbed.engine.settings import Environment, Profile
from seedbed.postgres import claims, fit, keyed, reflect, shape
from seedbed.postgres.candidates import mine
from seedbed.postgres.connection import redact
from seedbed.postgres.connection.database import Connection, Database
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.embedded import embedded, home
from seedbed.postgres.fence import Fence
from seedbed.postgres.fit import Fits
from seedbed.postgres.record import Author
from seedbed.postgres.shape import Shape
from seedbed.postgres.snapshot import Snapshot
from seedbed.server import api as server
from seedbed.services.adapters import SECRETS, Adapters
from seedbed.services.embeddings import KEY, Embedder, Hashed, embedder

if TYPE_CHECKING:
    from seedbed.services.queue import Jobs
    from seedbed.steps.anew import Anew


LOOKING, FILLING = ("plan", "verify"), ("seed", "refresh")
"""Verbs that write nothing and tell what does not fit, and those that make rows."""


@dataclass(frozen=True)
class Assignment:
    """One dataset's part of a run, in values that may be shown to anybody."""

    run: str
    verb: str
    environment: Environment
    dataset: str
    seed: int
    as_of: date
    anchor: date
    scale: int
    requirements: tuple[tuple[str, int | str], ...] = ()
    lease: int = 0
    stood: tuple[str, ...] = ()
    """Entities whose first set the run has removed itself."""


@dataclass(frozen=True)
class RunContext:
    """An assignment with everything that it takes."""

    assignment: Assignment
    dataset: Dataset
    database: Database
    run: Run
    author: Author
    adapters: Adapters
    fits: Fits
    """The columns that each step writes, and what does not fit; a reset needs neither."""
    texts: frozenset[str]
    """The steps whose rows have texts to embed."""
    embedder: Embedder
    runner: Runner
    """Who loads parts of large steps outside of this process."""
    queue: Jobs | None = None
    """Where jobs for the application's own worker go, in a run that hands it some."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """What the run was prepared for, by table; a reset needs keys and references only."""
    satisfied: dict[str, Standing] = field(default_factory=dict)
    """Steps that this run has seen to lack nothing."""
    claimed: list[bool] = field(default_factory=list)  # not empty once the database knows our keys
    anew: list[Anew] = field(default_factory=list)
    """In a rebuild step by step, what its steps bring the rows to."""

    def at(self, connection: Connection) -> Run:
        """The run over the rows that a transaction sees."""
        return self.run.reading(Snapshot(connection, self.dataset))

    @contextmanager
    def writing(self, *tables: str, removing: bool = False) -> Iterator[Fence]:
        """A transaction that writes to `tables`, held as they are, with a fence before its COMMIT.

        With `removing`, triggers may insert only where the profile's `side_effects` say so.

        Raises:
            KindClaimed: another dataset makes such keys.
            SchemaChanged: a table is not what the run was prepared for.
            Fenced, Unsettled, CountersOff: the transaction did something else than planned.
        """
        self._claim()
        aside = partial(self.database.aside, application(self.dataset.name, self.assignment.run))
        grows = self.profile.side_effects if removing else None
        with self.database.writing() as connection:
            shape.hold(connection, tables)
            shapes = shape.require(connection, tables, self.shapes)
            fence = Fence(connection, mine(self.dataset), aside, grows=grows)
            yield fence
            fence.settle()
            shape.require_same(connection, shapes)
            fence.look()

    def _claim(self) -> None:
        """Claim the dataset's kinds of keys, once a process and before its first row.

        In a transaction of its own: steps side by side would wait for each other's lines.
        """
        if self.assignment.verb in FILLING:
            with _claiming:
                if not self.claimed:
                    with self.database.writing() as connection:
                        claims.claim(connection, self.dataset)
                    self.claimed.append(True)

    @property
    def columns(self) -> dict[str, tuple[ColumnType, ...]]:
        """The columns that each step writes, with their types in the database."""
        return self.fits.columns

    @property
    def profile(self) -> Profile:
        """The environment's profile."""
        return self.database.profile

    def by_worker(self, entity: Entity) -> bool:
        """Whether the application's own worker writes an entity's rows."""
        queued = self.profile.services.embeddings.mode == "queue"
        return queued and entity.name in self.texts

    @property
    def kinds(self) -> tuple[str, ...]:
        """The adapter of every service that the dataset uses, a line each."""
        found = self.adapters.kinds(self.dataset)
        if self.texts:
            queued = self.profile.services.embeddings.mode == "queue"
            kind = "the application's own worker" if queued else self.embedder.kind
            found.append(f"embeddings: {kind}")
        return tuple(found)

    def chunk_rows(self, entity: Entity) -> int:
        """How many rows of an entity are made at a time."""
        limits = [self.profile.chunk_rows, entity.chunk]
        if entity.name in self.texts:
            limits.append(self.embedder.batch)
        return min(limit for limit in limits if limit)


_open: dict[Assignment, RunContext] = {}
_opening = threading.Lock()
_claiming = threading.Lock()


def context_of(assignment: Assignment) -> RunContext:
    """The work of an assignment; the first call in a process opens it.

    Raises:
        NoCredentials: a remote service's address or key is missing.
        SchemaMismatch: a table does not fit its entity; in a reset, lacks a key or a reference.
        OtherEncoding: the database cannot hold every character.
        PrerequisiteMissing: the application's own rows are missing.
        RequiredCircle: tables require rows of each other.
    """
    with _opening:
        if assignment not in _open:
            _open[assignment] = _make(assignment)
        return _open[assignment]


def close(assignment: Assignment) -> None:
    """Close the connections of an assignment in this process."""
    with _opening:
        made = _open.pop(assignment, None)
    if made is not None:
        _close(made)


@contextmanager
def opened(assignment: Assignment) -> Iterator[RunContext]:
    """A work of one's own, for a process that goes on to other runs."""
    made = _make(assignment)
    try:
        yield made
    finally:
        _close(made)


def _close(made: RunContext) -> None:
    made.runner.close()
    made.adapters.close()
    made.database.engine.dispose()


def _make(assignment: Assignment) -> RunContext:
    profile = profile_of(assignment.environment)
    chosen = with_triggers(dataset(assignment.dataset), profile)
    address = address_of(chosen, profile, os.environ)
    adapters = Adapters(profile.services, os.environ, services_folder(chosen, profile, address))
    adapters.used(chosen)  # what is missing is said before anything is begun
    for name in (*SECRETS, server.LOGIN, server.KEY):
        redact.register_secret(os.environ.get(name, "").strip())
    database = database_of(chosen, profile, assignment.run, assignment.lease, address)
    run = Run(
        assignment.dataset,
        assignment.seed,
        assignment.as_of,
        assignment.anchor,
        assignment.scale,
        dict(assignment.requirements),
        stood=frozenset(assignment.stood),
        look=adapters.frame,
        cache=home.within(embedded.home_folder(os.environ), "pools"),
    )
    with ExitStack() as undo:
        undo.callback(adapters.close)
        undo.callback(database.engine.dispose)
        with database.reading() as connection:
            if assignment.verb == "reset":
                if absent := reflect.unremovable(connection, chosen):
                    raise reflect.SchemaMismatch(absent)
                fits = Fits({}, ())
            else:
                lenient = assignment.verb in LOOKING
                fits = fit.fitted(connection, chosen, run, lenient=lenient)
            if assignment.verb in LOOKING:
                fits = replace(fits, misfits=(*fits.misfits, *keyed.unfit(connection, chosen)))
            else:
                keyed.require_keys(connection, chosen)
            written = chosen.tables if assignment.verb in FILLING else ()
            shapes = {table: shape.shape(connection, table) for table in written}
            empty = run.reading(Snapshot(connection, chosen, empty=True))
            texts = _texts(chosen, fits.columns, empty)
        # Before anything is written: a service may lack its address or key.
        settings = profile.services.embeddings
        queued = bool(texts) and settings.mode == "queue"
        queue = _jobs() if queued and assignment.verb in FILLING else None
        redact.register_secret(os.environ.get(KEY, "").strip())
        vectors = embedder(settings, os.environ) if texts and not queued else Hashed()
        undo.pop_all()  # from here on `close` does it
    author = Author(assignment.run, assignment.verb, assignment.environment, generator(chosen))
    runner = Runner(profile)  # opens nothing yet
    return RunContext(
        assignment,
        chosen,
        database,
        run,
        author,
        adapters,
        fits,
        texts,
        vectors,
        runner,
        queue,
        shapes,
    )


def _jobs() -> Jobs:
    from seedbed.services.queue import URL, jobs  # a fifth of a second, and few have a queue

    made = jobs(os.environ)
    redact.register_secret(urlsplit(os.environ[URL]).password or "")
    return made


def _texts(
    chosen: Dataset, columns: Mapping[str, Sequence[ColumnType]], empty: Run
) -> frozenset[str]:
    vectors = (
        one
        for one in chosen.entities
        if any(column.type == "vector" for column in columns.get(one.name, ()))
    )
    return frozenset(one.name for one in vectors if has_texts(one, empty))
