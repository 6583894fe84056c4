"""Opening: an assignment becomes the context of a run.

A flow run opens it once, while it prepares; a process that loads a part of a large step opens one
of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from seedbed.context.assignment import FILLING, LOOKING, Assignment
from seedbed.context.context import RunContext, forget
from seedbed.context.datasets import dataset
from seedbed.context.embed import has_texts
from seedbed.context.variables import KEY, LOGIN
from seedbed.context.where import (
    absent,
    database_of,
    generator,
    profile_of,
    services_folder,
    with_triggers,
)
from seedbed.context.workers import Runner
from seedbed.declare.entity import Dataset
from seedbed.engine.run import Run
from seedbed.postgres import fit, keyed, reflect, shape
from seedbed.postgres.catalogue import Catalogue, catalogue_of
from seedbed.postgres.connection import redact
from seedbed.postgres.connection.database import Connection, Database
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.embedded import embedded, home
from seedbed.postgres.errors import SchemaMismatch
from seedbed.postgres.fit import Fits
from seedbed.postgres.record import Author
from seedbed.postgres.snapshot import Snapshot
from seedbed.services import embeddings
from seedbed.services.adapters import SECRETS, Adapters
from seedbed.services.embeddings import Hashed, embedder


@contextmanager
def opened(assignment: Assignment) -> Iterator[RunContext]:
    """A context of one's own, for a process or a thread that goes on to other runs.

    Raises:
        as `made`.
    """
    profile = profile_of(assignment.environment)
    chosen = with_triggers(dataset(assignment.dataset), profile)
    database = database_of(chosen, profile, assignment.run, assignment.lease)
    with closing_of(database):
        with database.reading() as connection:
            catalogue = catalogue_of(connection, chosen, absent(chosen, profile))
            context = made(assignment, chosen, database, catalogue, connection)
        with served(context):
            yield context


@contextmanager
def closing_of(database: Database) -> Iterator[None]:
    """Close the database's connections after the block."""
    try:
        yield
    finally:
        database.pool.dispose()


@contextmanager
def served(context: RunContext) -> Iterator[None]:
    """Let the workers and the services of a context go after the block."""
    try:
        yield
    finally:
        forget(context)
        context.runner.close()
        context.adapters.close()


def made(
    assignment: Assignment,
    chosen: Dataset,
    database: Database,
    catalogue: Catalogue,
    connection: Connection,
    **more: Any,
) -> RunContext:
    """The context of an assignment; `more` are further fields of it.

    Raises:
        NoCredentials: a remote service's address or key is missing.
        SchemaMismatch: a table does not fit its entity; in a reset, lacks a key or a reference.
        OtherEncoding: the database cannot hold every character.
        PrerequisiteMissing: the application's own rows are missing.
        RequiredCircle: tables require rows of each other.
    """
    for name in (*SECRETS, embeddings.KEY, LOGIN, KEY):
        redact.register_secret(os.environ.get(name, "").strip())
    profile = database.profile
    folder = services_folder(chosen, profile, database.address)
    adapters = Adapters(profile.services, os.environ, folder)
    with ExitStack() as undo:
        undo.callback(adapters.close)
        adapters.used(chosen)  # what is missing is said before anything is begun
        run = _run(assignment, adapters)
        fits = _fits(assignment, chosen, catalogue, connection, run)
        fills = assignment.verb in FILLING
        texts = _texts(
            chosen, fits.columns, run.reading(Snapshot(connection, chosen, catalogue, empty=True))
        )
        # Before anything is written: a service may lack its address or key.
        settings = profile.services.embeddings
        queued = bool(texts) and settings.mode == "queue"
        context = RunContext(
            assignment=assignment,
            dataset=chosen,
            database=database,
            run=run,
            author=Author(
                assignment.run, assignment.verb, assignment.environment, generator(chosen)
            ),
            adapters=adapters,
            catalogue=catalogue,
            fits=fits,
            texts=texts,
            embedder=embedder(settings, os.environ) if texts and not queued else Hashed(),
            runner=Runner(profile),  # opens nothing yet
            queue=_jobs() if queued and fills else None,
            shapes=shape.shapes(connection, chosen.tables if fills else ()),
            **more,
        )
        undo.pop_all()  # from here on `served` does it
    return context


def another(context: RunContext, assignment: Assignment) -> RunContext:
    """The same context for another assignment of the same dataset in the same run."""
    return replace(
        context,
        assignment=assignment,
        run=_run(assignment, context.adapters),
        satisfied={},
        anew=[],
    )


def _run(assignment: Assignment, adapters: Adapters) -> Run:
    return Run(
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


def _fits(
    assignment: Assignment,
    chosen: Dataset,
    catalogue: Catalogue,
    connection: Connection,
    run: Run,
) -> Fits:
    """What of the dataset fits the tables; who writes refuses what does not, who looks tells it."""
    if assignment.verb == "reset":
        if absent := reflect.unremovable(catalogue, chosen):
            raise SchemaMismatch(absent)
        keyed.require_keys(connection, chosen)
        return Fits({}, ())
    if assignment.verb in LOOKING:
        fits = fit.fitted(connection, chosen, catalogue, run, lenient=True)
        return replace(fits, misfits=(*fits.misfits, *keyed.unfit(connection, chosen)))
    fits = fit.fitted(connection, chosen, catalogue, run, lenient=False)
    keyed.require_keys(connection, chosen)
    return fits


def _jobs() -> Any:
    from seedbed.services.queue import URL, jobs  # a fifth of a second, and few have a queue

    made = jobs(os.environ)
    redact.register_secret(urlsplit(os.environ[URL]).password or "")
    return made


def _texts(
    chosen: Dataset, columns: Mapping[str, Sequence[ColumnType]], empty: Run
) -> frozenset[str]:
    """The steps whose rows have texts to embed."""
    vectors = (
        entity
        for entity in chosen.entities
        if any(column.type == "vector" for column in columns.get(entity.name, ()))
    )
    return frozenset(entity.name for entity in vectors if has_texts(entity, empty))
