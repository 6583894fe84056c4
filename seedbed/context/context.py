"""Context: what a step needs to know, and how it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from seedbed.context.assignment import FILLING, Assignment
from seedbed.context.execution import Execution, Pending, Result, Task
from seedbed.context.where import application
from seedbed.context.workers import Runner
from seedbed.declare.entity import Dataset, Entity
from seedbed.engine.options import RunOptions
from seedbed.engine.plan import Standing
from seedbed.engine.run import Run
from seedbed.engine.settings import Profile
from seedbed.postgres import claims, shape
from seedbed.postgres.candidates import mine
from seedbed.postgres.catalogue import Catalogue
from seedbed.postgres.connection.database import Connection, Database
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.fence import Fence
from seedbed.postgres.fit import Fits
from seedbed.postgres.record import Author
from seedbed.postgres.shape import Shape
from seedbed.postgres.snapshot import Snapshot
from seedbed.services.adapters import Adapters
from seedbed.services.embeddings import Embedder

_claiming = threading.Lock()

_held: dict[Assignment, RunContext] = {}
"""The contexts of this process by their assignments, which is what a task is given."""


@dataclass(frozen=True)
class RunContext:
    """Everything that a step needs to know, read once for the run in this process."""

    assignment: Assignment
    dataset: Dataset
    database: Database
    run: Run
    author: Author
    adapters: Adapters
    catalogue: Catalogue
    """The columns of the dataset's tables when the run was prepared."""
    fits: Fits
    """The columns that each step writes, and what does not fit; a reset needs neither."""
    texts: frozenset[str]
    """The steps whose rows have texts to embed."""
    embedder: Embedder
    runner: Runner
    """Who loads parts of large steps outside of this process."""
    options: RunOptions = field(default_factory=RunOptions)
    execution: Execution = field(default_factory=Execution)
    """Who does the tasks of the run."""
    queue: Any = None  # services.queue.Jobs, whose library few need
    """Where jobs for the application's own worker go, in a run that hands it some."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """What the run was prepared for, by table; a reset needs keys and references only."""
    satisfied: dict[str, Standing] = field(default_factory=dict)
    """Steps that this run has seen to lack nothing."""
    spent: dict[str, float] = field(default_factory=dict)
    """Seconds of what is no step, by name."""
    claimed: list[bool] = field(default_factory=list)  # not empty once the database knows our keys
    anew: list[Any] = field(default_factory=list)
    """In a rebuild step by step, what its steps bring the rows to."""

    def snapshot(
        self, connection: Connection, *, only: Mapping[str, Collection[Any]] | None = None
    ) -> Snapshot:
        """The tables that declarations read, as a transaction sees them; see `Snapshot`."""
        return Snapshot(connection, self.dataset, self.catalogue, only=only)

    def at(self, connection: Connection) -> Run:
        """The run over the rows that a transaction sees."""
        return self.run.reading(self.snapshot(connection))

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
                        claims.claim(connection, self.dataset, self.catalogue)
                    self.claimed.append(True)

    def start(
        self,
        name: str,
        about: str,
        body: Callable[[RunContext], Result],
        *,
        says: Callable[[Result], str] = str,
        after: Sequence[Pending[Any]] = (),
    ) -> Pending[Result]:
        """Start a task of the run, named within its dataset; it begins when `after` are done."""
        _held[self.assignment] = self
        full = f"{self.dataset.name}.{name}"
        task = Task(full, about, partial(_in_context, body), says, self.profile.retries)
        return self.execution.start(self.assignment, task, after)

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


def _in_context(body: Callable[[RunContext], Result], assignment: Assignment) -> Result:
    return body(_held[assignment])


def forget(context: RunContext) -> None:
    """Let the contexts of a run go: its tasks have ended."""
    run, name = context.assignment.run, context.dataset.name
    for assignment in [held for held in _held if (held.run, held.dataset) == (run, name)]:
        del _held[assignment]
