"""Worlds: one dataset with a database of its own, and what the laws do with it."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from seedbed.context.context import RunContext
from seedbed.context.datasets import dataset, sources
from seedbed.context.execution import Execution
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.reads import Step
from seedbed.engine.options import TAKEN
from seedbed.engine.plan import Removal
from seedbed.engine.report import StepReport
from seedbed.postgres.connection.address import Address
from seedbed.postgres.guard import guard as layers
from seedbed.postgres.ownership import any_of, by_table
from seedbed.run.counted import digests
from seedbed.run.invocation import Invocation
from seedbed.run.prepare import guard, locked, opened
from seedbed.run.rebuild import begin, begun_anew, end, rebuild, why_step_by_step
from seedbed.run.remove import remove
from seedbed.steps.kinds import perform

AS_OF = date(2026, 3, 31)

OUTSIDE = ("APP_ENV", "NODE_ENV", "SEEDBED_DATABASE_URL")
"""Variables of the developer's own shell that would change what a run does."""

STAMPED = {
    table if "." in table else f"public.{table}": chosen.stamped(table)
    for chosen in map(dataset, sources())
    for table in chosen.tables
}
"""Columns that the applications' triggers write at any time."""

Connection: TypeAlias = psycopg.Connection[Any]
Contents: TypeAlias = dict[str, set[str]]
"""Every row of every table as text."""


@dataclass(frozen=True)
class Cluster:
    """The server of the tests, as its superuser."""

    address: Address

    def connect(self, database: str | None = None) -> Connection:
        """A session in autocommit, with the settings that row texts depend on.

        `search_path` leaves out "$user": a superuser called seedbed would otherwise make its
        tables in the schema of our records.
        """
        keywords: dict[str, Any] = {**self.address.keywords()}
        if database:
            keywords["dbname"] = database
        settings = ("timezone=UTC", "datestyle=ISO,YMD", "intervalstyle=iso_8601")
        path = "search_path=public"
        keywords["options"] = " ".join(f"-c {setting}" for setting in (*settings, path))
        return psycopg.connect(autocommit=True, **keywords)

    def create(self, template: str = "template0") -> Address:
        """A new database, equal to the template."""
        name = f"seedbed_test_{uuid4().hex[:12]}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        known = self.address
        return Address(known.host, known.port, name, known.user, known.password, known.options)

    def drop(self, address: Address) -> None:
        """Remove a database with all sessions in it."""
        with self.connect() as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(address.database)))


def _toml(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[str]:
    """The lines of a profile; a dict is a section."""
    lines = [f"[{'.'.join(above)}]"] if above else []
    lines += [f"{n} = {json.dumps(v)}" for n, v in values.items() if not isinstance(v, dict)]
    for name, section in values.items():
        if isinstance(section, dict):
            lines += _toml(section, (*above, name))
    return lines


def services(address: Address) -> Path:
    """Where the local services keep what belongs to a database."""
    place = f"{address.host}-{address.port}"
    return Path(os.environ["SEEDBED_HOME"]) / "services" / place / address.database


def files(address: Address) -> dict[Path, tuple[int, int]]:
    """Everything that the local services hold: equal only if nothing was touched."""
    found = (path for path in services(address).rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in found}


def url(address: Address) -> str:
    """The address as a user would write it."""
    login = f"{quote(address.user or '', safe='')}:{quote(address.password or '', safe='')}"
    host = quote(address.host, safe="")  # a socket's folder has slashes
    return f"postgresql://{login}@{host}:{address.port}/{address.database}"


@dataclass(frozen=True)
class World:
    """A dataset, its database, and the folder of its profiles."""

    dataset: Dataset
    address: Address
    """As the product gets it."""
    owner: Address
    """The same database as its superuser."""
    profiles: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """Further environment variables of the run."""

    def profile(self, environment: str = "dev", /, **settings: Any) -> None:
        """Write a profile; a dict becomes a section."""
        values = {"datasets": [self.dataset.name], **settings}
        lines = _toml(values)
        (self.profiles / f"{environment}.toml").write_text("\n".join(lines))

    def mark(self, environment: str = "dev") -> None:
        """As the owner of a database of one's own does, once."""
        with self.superuser() as owner:
            layers.mark(owner, environment, 90, self.dataset.tables)

    def environ(self) -> dict[str, str]:
        """The environment variables by which the product finds this world."""
        return {
            f"SEEDBED_{self.dataset.name.upper()}_DATABASE_URL": url(self.address),
            "SEEDBED_ENVIRONMENTS": str(self.profiles),
            **self.variables,
        }

    @contextmanager
    def opened(
        self, verb: str = "seed", environment: str = "dev", **asked: Any
    ) -> Iterator[RunContext]:
        """Guard, lock and coordinates, as every flow begins."""
        usual = {"as_of": AS_OF} if "as_of" in TAKEN[verb] else {}
        asked = {**usual, "datasets": (self.dataset.name,), **asked}
        with pytest.MonkeyPatch.context() as patch:
            for name in OUTSIDE:
                patch.delenv(name, raising=False)
            for name, value in self.environ().items():
                patch.setenv(name, value)
            taken = {name: value for name, value in asked.items() if name in TAKEN[verb]}
            run = Invocation(verb, environment, taken, Execution())
            (name,) = run.datasets
            prepared = locked if run.writes else opened
            with prepared(guard(run, name)) as context:
                yield context

    def seed(self, environment: str = "dev", **asked: Any) -> dict[str, StepReport]:
        """Do every step, one after the other."""
        with self.opened("seed", environment, **asked) as opened:
            return fill_all(opened)

    def reset(self, *, strict: bool = False, **asked: Any) -> Removal:
        """Remove what is ours, in the database and in services."""
        with self.opened("reset", **asked) as opened:
            return remove(opened, strict=strict)

    def rebuild(self, environment: str = "dev", **asked: Any) -> Removal:
        """Bring all rows to what a seed after a reset would make; every step in turn."""
        with self.opened("refresh", environment, **asked) as context:
            anew = begun_anew(context)
            if not why_step_by_step(anew):
                return rebuild(anew).removal
            begin(anew)
            fill_all(anew)
            return end(anew)

    def digests(self, **asked: Any) -> dict[str, str]:
        """One digest a table, from a run that only reads."""
        with self.opened("verify", **asked) as opened:
            return digests(opened, frozenset())

    @contextmanager
    def superuser(self) -> Iterator[Connection]:
        """A session of a person with every right, in autocommit."""
        with Cluster(self.owner).connect() as connection:
            yield connection


def silent(sent: int) -> None:
    """Progress that nobody watches."""


def lingering() -> Callable[[int], None]:
    """Progress that holds one step's transaction open for a moment: time to kill it in."""
    pauses = iter([0.02])
    return lambda sent: time.sleep(next(pauses, 0.0))


def fill_all(
    context: RunContext,
    *,
    threads: int = 1,
    order: int = 0,
    progress: Callable[[], Callable[[int], None]] = lambda: silent,
) -> dict[str, StepReport]:
    """Do every step as soon as its upstream is done, in an order drawn from `order`."""
    graph: TopologicalSorter[Step] = TopologicalSorter(
        {one: one.above for one in context.dataset.steps}
    )
    graph.prepare()
    draw = random.Random(order)
    waiting: list[Step] = []
    running: dict[Future[StepReport], Step] = {}
    reports = {}
    with ThreadPoolExecutor(threads) as pool:
        while graph.is_active():
            waiting += graph.get_ready()
            while waiting and len(running) < threads:
                step = waiting.pop(draw.randrange(len(waiting)))
                running[pool.submit(perform, context, step, progress())] = step
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                step = running.pop(future)
                reports[step.name] = future.result()
                graph.done(step)
    return reports


def seed_in_child(name: str, address: Address, profiles: Path) -> None:
    """What a child process runs; it may be killed at any moment."""
    with World(dataset(name), address, address, profiles).opened() as opened:
        fill_all(opened, progress=lingering)


# -- looking ------------------------------------------------------------------------------------

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""


def tables(connection: Connection) -> list[tuple[str, str]]:
    """Schema and name of every table, schema `seedbed` included."""
    return connection.execute(_TABLES).fetchall()


def versions(connection: Connection) -> Contents:
    """Every row of every table with its place and version: equal only if nothing was written."""
    found = _rows(connection, "t.ctid::text || ' ' || t.xmin::text || ' ' || t::text")
    found["(sequences)"] = sequences(connection)
    return found


def contents(connection: Connection) -> Contents:
    """Every row of every table of the application, without what its triggers stamp."""
    return {
        f"{schema}.{name}": _texts(connection, f"{schema}.{name}")
        for schema, name in tables(connection)
        if schema != "seedbed"
    }


def _rows(connection: Connection, what: str) -> Contents:
    query = "SELECT {what} FROM {table} AS t"
    return {
        f"{schema}.{name}": {
            row[0]
            for row in connection.execute(
                sql.SQL(query).format(what=sql.SQL(what), table=sql.Identifier(schema, name))
            )
        }
        for schema, name in tables(connection)
    }


def _texts(connection: Connection, table: str, mine: sql.Composable | None = None) -> set[str]:
    """The rows of a table as text; stamped columns are written as "-"."""
    names = connection.execute(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped ORDER BY attnum",
        (identifier(table).as_string(connection),),
    ).fetchall()
    stamped = STAMPED.get(qualified(table), frozenset())
    query = sql.SQL("SELECT ({})::text FROM {} AS own WHERE {}").format(
        sql.SQL("ROW({})").format(
            sql.SQL(", ").join(
                sql.SQL("'-'") if name in stamped else sql.Identifier("own", name)
                for (name,) in names
            )
        ),
        identifier(table),
        mine or sql.SQL("true"),
    )
    return {row[0] for row in connection.execute(query)}


def sequences(connection: Connection) -> set[str]:
    """Every sequence with the value it stands at."""
    return {row[0] for row in connection.execute("SELECT s::text FROM pg_sequences AS s")}


def ours(connection: Connection, dataset: Dataset) -> Contents:
    """The rows that the dataset owns, by table."""
    return {
        table: _owned(connection, table, entities) for table, entities in by_table(dataset).items()
    }


def _owned(connection: Connection, table: str, entities: Iterable[Entity]) -> set[str]:
    return _texts(connection, table, any_of(entities, "own"))


def others(connection: Connection, dataset: Dataset) -> Contents:
    """The rows that the dataset does not own, by table."""
    found = contents(connection)
    for table, rows in ours(connection, dataset).items():
        found[qualified(table)] -= rows
    return found


def qualified(table: str) -> str:
    """The table's name with its schema: "orders" is "public.orders"."""
    return table if "." in table else f"public.{table}"


def identifier(table: str) -> sql.Identifier:
    """A table's quoted name."""
    return sql.Identifier(*qualified(table).split("."))


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
