"""One Prefect server with database and worker for the flow tests, stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tasks.datasets import dataset
from tasks.postgres import embedded

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Running:
    """What `seedbed up` gave."""

    home: Path
    api: str

    @property
    def environ(self) -> dict[str, str]:
        """The variables for a command in a process of its own."""
        return {**os.environ, "SEEDBED_HOME": str(self.home), "PREFECT_API_URL": self.api}

    def connect(self, name: str = "commerce") -> psycopg.Connection[tuple[object, ...]]:
        """A superuser in a dataset's database of the embedded server."""
        server = embedded.ensure(self.home)
        embedded.create_database(server, name, dataset(name).folder / "schema.sql")
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=name,
            autocommit=True,
        )


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """The background, in a folder that the server's user can enter."""
    home = Path(tempfile.mkdtemp(prefix="seedbed-flows-"))
    home.chmod(0o755)
    environ = {**os.environ, "SEEDBED_HOME": str(home)}
    environ.pop("PREFECT_API_URL", None)
    command = [sys.executable, "-m", "deployments.background"]
    try:
        started = subprocess.run(
            [*command, "up", "--json"], cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE
        )
        yield Running(home, json.loads(started.stdout)["api"])
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, env=environ, check=True)
        shutil.rmtree(home, ignore_errors=True)
