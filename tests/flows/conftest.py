"""One Prefect server with database and worker for the flow tests, stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from seedbed.context.datasets import dataset
from seedbed.postgres.embedded import embedded

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Running:
    """What `seedbed up` gave."""

    home: Path
    api: str
    login: str = field(repr=False)

    @property
    def inside(self) -> str:
        """The API's address with the login, as httpx takes it."""
        return self.api.replace("://", f"://{self.login}@")

    @property
    def environ(self) -> dict[str, str]:
        """The variables for a command in a process of its own."""
        return {**os.environ, "SEEDBED_HOME": str(self.home), **self.named}

    @property
    def named(self) -> dict[str, str]:
        """The variables by which Prefect finds the server and is let in."""
        return {"PREFECT_API_URL": self.api, "PREFECT_API_AUTH_STRING": self.login}

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
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        environ.pop(name, None)
    command = [sys.executable, "-m", "seedbed.server.background"]
    try:
        started = subprocess.run(
            [*command, "up", "--json"], cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE
        )
        status = json.loads(started.stdout)
        yield Running(home, status["api"], status["login"])
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, env=environ, check=True)
        shutil.rmtree(home, ignore_errors=True)
