"""The stand of a benchmark: a database and a Prefect server of its own, gone afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from seedbed.context.datasets import dataset
from seedbed.postgres.embedded import embedded
from tests.benchmarks import narrow

RESULTS = Path("bench-results")

Connection = psycopg.Connection[tuple[Any, ...]]


def timed(action: Callable[[], object]) -> float:
    """Seconds."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


def written(name: str, result: dict[str, Any]) -> Path:
    """The file in `RESULTS` that holds the figures from now on."""
    target = RESULTS / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    return target


@dataclass(frozen=True)
class Stand:
    """Where everything runs: the folder, the servers and the environment that leads to them."""

    home: Path
    environ: dict[str, str]
    server: embedded.Server

    def database(self, name: str) -> Connection:
        """The database of a dataset, which is made with the dataset's own schema."""
        schema = dataset(name).folder / "schema.sql"
        embedded.create_database(self.server, name, schema)
        return psycopg.connect(self.url(name), autocommit=True)

    def url(self, name: str) -> str:
        """Where a database is, for processes of others."""
        at = self.server
        return f"postgresql://{at.user}:{at.password}@{at.host}:{at.port}/{name}"

    def flow(self, verb: str, argument: object) -> dict[str, Any]:
        """A measured run in a new process."""
        command = [sys.executable, "-m", "tests.benchmarks.flow", verb, json.dumps(argument)]
        done = subprocess.run(command, env=self.environ, check=True, stdout=subprocess.PIPE)
        measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return measured


@contextmanager
def stand() -> Iterator[Stand]:
    """Servers that are up, and are stopped and deleted at the end."""
    narrow.register()
    home = Path(tempfile.mkdtemp(prefix="seedbed-bench-"))
    home.chmod(0o755)  # the server's user has to reach its folder
    environ = {**os.environ, "SEEDBED_HOME": str(home)}
    environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    try:
        status = _background("up", environ)
        environ |= {"PREFECT_API_URL": status["api"], "PREFECT_API_AUTH_STRING": status["login"]}
        yield Stand(home, environ, embedded.ensure(home))
    finally:
        _background("down", environ)
        shutil.rmtree(home, ignore_errors=True)


def _background(verb: str, environ: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "seedbed.server.background", verb, "--json"]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE)
    content: dict[str, Any] = json.loads(done.stdout)
    return content
