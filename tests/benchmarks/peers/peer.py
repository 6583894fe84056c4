"""A peer: how it fills the table, in which process, and what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.peers import installed
from tests.benchmarks.stand import Stand

HERE = Path(__file__).parent
PATIENCE = 600
"""Seconds that a load may take."""

LARGE = 1_000_000
Figures = dict[str, float]
Result = dict[str, Any]


class Failed(Exception):
    """A load that ended with an error, or with other rows than were asked for."""


@dataclass(frozen=True)
class Peer:
    """Somebody who fills `table` in a process of its own; `rows` None is as many as asked for.

    `command` finds the program, or raises NotInstalled; it is given the number of rows as its
    last argument, and the database in `PEER_URL`.
    """

    name: str
    command: Callable[[], list[str]]
    table: str = "orders"
    database: str = "commerce"
    rows: int | None = None
    folder: Path = field(default_factory=Path.cwd)

    def load(self, place: Stand, rows: int) -> Figures:
        """Seconds and peak memory of the load, as the process says, and of its start."""
        environ = {**os.environ, "PEER_URL": place.url(self.database)}
        started = time.monotonic()
        try:
            done = subprocess.run(
                [*self.command(), str(rows)],
                env=environ,
                cwd=self.folder,
                timeout=PATIENCE,
                capture_output=True,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {PATIENCE} s") from None
        whole = time.monotonic() - started
        if done.returncode:
            raise Failed(_reason(done.stderr or done.stdout))
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        return figures | {"start": whole - figures["seconds"]}


@dataclass(frozen=True)
class Ours(Peer):
    """The flow of seedbed."""

    def load(self, place: Stand, rows: int) -> Figures:
        """As `make bench` measures it: with generation, load, counts and digest."""
        asked = {"datasets": ["commerce"], "only": ["orders"], "scale": rows // 100}
        started = time.monotonic()
        figures = place.flow("seed", asked)
        return figures | {"start": time.monotonic() - started - figures["seconds"]}


def _reason(said: str) -> str:
    """The line that names the error, shortened."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.()]*(Error|Violation|Exit)\b", line)]
    line: str = next(iter(named or lines), "it said nothing")
    return line.removeprefix("Error: ").rpartition("Violation: ")[2][:120]


def _module(name: str, needs: str, *arguments: str) -> Callable[[], list[str]]:
    module = f"tests.benchmarks.peers.{name}"
    return lambda: [installed.python(needs), "-m", module, *arguments]


def _drizzle() -> list[str]:
    return [installed.node("drizzle-seed"), str(HERE / "drizzle.cjs")]


def _pgbench() -> list[str]:
    module = "tests.benchmarks.peers.pgbench"
    return [sys.executable, "-m", module, installed.pgbench()]


def _nothing() -> list[str]:
    return []


PEERS: tuple[Peer, ...] = (
    Ours("seedbed", _nothing),
    Ours("seedbed", _nothing, rows=LARGE),
    Peer("dbsprout, direct (COPY)", _module("sprout", "dbsprout")),
    Peer("pandas to_sql, COPY callable", _module("frames", "pandas", "copy")),
    Peer("pandas to_sql, COPY callable", _module("frames", "pandas", "copy"), rows=LARGE),
    Peer("pandas to_sql", _module("frames", "pandas", "default")),
    Peer("pandas to_sql, multi", _module("frames", "pandas", "multi")),
    Peer("Faker, psycopg executemany", _module("faker_executemany", "faker")),
    Peer("factory_boy, bulk insert", _module("factories", "factory", "bulk")),
    Peer("factory_boy, create_batch", _module("factories", "factory", "create")),
    Peer("drizzle-seed", _drizzle, folder=installed.HOME),
    Peer(
        "pgbench -i (reference)",
        _pgbench,
        table="pgbench_accounts",
        database="pgbench",
        rows=LARGE,
    ),
)


def present(peer: Peer) -> str | None:
    """Why it cannot run here; None when it can."""
    try:
        peer.command()
    except installed.NotInstalled as reason:
        return str(reason)
    return None
