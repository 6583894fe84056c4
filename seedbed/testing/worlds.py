"""Worlds: one dataset with a database of its own, and what the laws do with it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from seedbed.context.context import RunContext
from seedbed.context.datasets import dataset
from seedbed.context.execution import Execution
from seedbed.declare.entity import Dataset
from seedbed.declare.reads import Step
from seedbed.engine.options import TAKEN
from seedbed.engine.plan import Removal
from seedbed.engine.report import StepReport
from seedbed.postgres.connection.address import Address
from seedbed.postgres.guard import guard as layers
from seedbed.run.counted import digests
from seedbed.run.invocation import Invocation
from seedbed.run.prepare import guard, locked, opened
from seedbed.run.rebuild import begin, begun_anew, end, rebuild, why_step_by_step
from seedbed.run.remove import remove
from seedbed.steps.kinds import perform
from seedbed.testing.cluster import Cluster, Connection

AS_OF = date(2026, 3, 31)
"""The day that the tests seed for."""

OUTSIDE = ("APP_ENV", "NODE_ENV", "SEEDBED_DATABASE_URL")
"""Variables of the developer's own shell that would change what a run does."""


def _toml(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[str]:
    """The lines of a profile; a dict is a section."""
    lines = [f"[{'.'.join(above)}]"] if above else []
    lines += [f"{n} = {json.dumps(v)}" for n, v in values.items() if not isinstance(v, dict)]
    for name, section in values.items():
        if isinstance(section, dict):
            lines += _toml(section, (*above, name))
    return lines


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


def lingering(seconds: float = 0.02) -> Callable[[int], None]:
    """Progress that holds one step's transaction open for a moment: time to kill it in."""
    pauses = iter([seconds])
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


def seed_in_child(name: str, address: Address, profiles: Path, seconds: float) -> None:
    """What a child process runs; it may be killed at any moment."""
    with World(dataset(name), address, address, profiles).opened() as opened:
        fill_all(opened, progress=lambda: lingering(seconds))
