"""A browser on this machine, everything that `up` starts, and the two runs that people look at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from seedbed.context.datasets import dataset
from seedbed.context.profiles import read_profile
from seedbed.context.project import opened
from seedbed.context.where import database_of
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.connection.address import Address
from seedbed.postgres.digest import digest
from seedbed.postgres.embedded import embedded
from seedbed.server.state import HOST

SCREENSHOTS = "SEEDBED_TEST_SCREENSHOTS"
"""Names a folder that gets the pictures, too."""

AS_OF = "2026-03-31"
WIDTH, HEIGHT = 1400, 900
PATIENCE = 60.0
"""Seconds until a run ends, or until the server has recorded its steps."""

REBOUND = "rebound.test"
"""A name that belongs to somebody else and leads here."""

ARGUMENTS = (
    "--no-sandbox",  # containers run as root, where Chromium's sandbox does not start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What an attacker's DNS server answers: names of his that lead to this machine.
    f"--host-resolver-rules=MAP {REBOUND} {HOST}",
)

ENDED = {"Completed", "Failed", "Crashed", "Cancelled", "NotReady"}
"""State names; NotReady is a step whose upstream failed, and that Prefect leaves there."""


@dataclass(frozen=True)
class Background:
    """What `up` started: its folder, the UI's address and the API's, and the login of both."""

    home: Path
    ui: str
    api: str
    login: str = field(repr=False)

    @property
    def inside(self) -> str:
        """The API's address with the login, as httpx takes it."""
        return self.api.replace("://", f"://{self.login}@")

    def get(self, path: str) -> Any:
        """What the API knows."""
        return httpx.get(f"{self.inside}/{path}", trust_env=False).raise_for_status().json()

    def post(self, path: str, question: dict[str, Any]) -> Any:
        """What the API answers."""
        answer = httpx.post(f"{self.inside}/{path}", json=question, trust_env=False)
        return answer.raise_for_status().json()

    def run(self, deployment: str, *, steps: int, **parameters: Any) -> Run:
        """Run a deployment to its end, and wait until the server has recorded so many steps."""
        found = self.get(f"deployments/name/{deployment}")
        path = f"deployments/{found['id']}/create_flow_run"
        created = self.post(path, {"parameters": parameters})
        question = {"flow_runs": {"id": {"any_": [created["id"]]}}}
        deadline = time.monotonic() + PATIENCE
        while True:
            state = self.get(f"flow_runs/{created['id']}")["state"]
            listed = self.post("task_runs/filter", question)
            known = {one["name"]: one["state_name"] for one in listed}
            ended = ENDED.issuperset([state["name"], *known.values()])
            if ended and len(known) == steps:
                return Run(created["id"], state["name"], state["message"], known)
            assert time.monotonic() < deadline, f"{deployment} is {state['name']}, {known}"
            time.sleep(0.25)

    def connect(self) -> psycopg.Connection[Any]:
        """A superuser's session in the dataset's database, in autocommit."""
        keywords: dict[str, Any] = {**self._address().keywords()}
        return psycopg.connect(autocommit=True, **keywords)

    def digests(self) -> dict[str, str]:
        """The digests of the tables as they are now."""
        chosen, profile = dataset("commerce"), read_profile("dev", opened().own_environments)
        database = database_of(chosen, profile, "browser", address=self._address())
        try:
            with database.reading() as connection:
                held = catalogue_of(connection, chosen)
                return {table: digest(connection, chosen, table, held) for table in chosen.tables}
        finally:
            database.pool.dispose()

    def _address(self) -> Address:
        server = embedded.running(self.home)
        assert server is not None
        return Address(server.host, server.port, "commerce", server.user, server.password)


@dataclass(frozen=True)
class Run:
    """A flow run that has ended, and the names of its steps' states."""

    id: str
    state: str
    message: str
    steps: dict[str, str]


@dataclass(frozen=True)
class Seeded(Run):
    """A seed that went well, and the digests of the tables right after it."""

    digests: dict[str, str]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium; playwright never downloads one."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium; install one, on Debian `apt-get install chromium`")
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def background(browser: Browser) -> Iterator[Background]:
    """Database, server and worker in a short path that the database's own user can enter."""
    home = Path(tempfile.mkdtemp(prefix="seedbed-browser-", dir="/tmp"))
    home.chmod(0o755)
    try:
        status = _background(home, "up")
        yield Background(home, status["ui"], status["api"], status["login"])
    finally:
        _background(home, "down")
        shutil.rmtree(home)


def _background(home: Path, verb: str) -> dict[str, Any]:
    """`seedbed up` or `down`, without what the developer's own shell says."""
    outside = ("SEEDBED_", "PREFECT_", "PG", "APP_ENV", "NODE_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    if binaries := os.environ.get("SEEDBED_POSTGRES_BIN"):
        kept["SEEDBED_POSTGRES_BIN"] = binaries
    done = subprocess.run(
        [sys.executable, "-m", "seedbed.server.background", verb, "--json"],
        cwd=opened().folder,
        env={**kept, "SEEDBED_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="package")
def seeded(background: Background) -> Seeded:
    """A run of `seed/dev` into an empty database."""
    run = background.run("seed/dev", steps=18, as_of=AS_OF, datasets=["commerce"])
    return Seeded(run.id, run.state, run.message, run.steps, background.digests())


@pytest.fixture(scope="package")
def failed(background: Background, seeded: Seeded) -> Run:
    """The same after a reset, in a database whose campaigns may cost next to nothing."""
    assert (
        background.run("reset/dev", steps=1, confirm=True, datasets=["commerce"]).state
        == "Completed"
    )
    constraint = "ALTER TABLE campaigns ADD CONSTRAINT no_budget CHECK (budget < 1) NOT VALID"
    with background.connect() as connection:
        connection.execute(constraint)
    return background.run("seed/dev", steps=18, as_of=AS_OF, datasets=["commerce"])


@pytest.fixture(scope="package")
def window(browser: Browser, background: Background) -> Iterator[BrowserContext]:
    """One for all tests, so that the UI's scripts are loaded once, in which somebody logged in."""
    with browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, timezone_id="UTC"
    ) as context:
        with context.new_page() as page:
            page.goto(f"{background.ui}/deployments")
            page.get_by_placeholder("admin:pass").fill(background.login)
            page.get_by_role("button", name="Login").click()
            expect(page.get_by_text("25 Deployments")).to_be_visible()
        yield context


def hosts(addresses: Iterable[str]) -> set[str | None]:
    """The hosts of addresses; `data:` and `blob:` are the page's own memory."""
    places = [urlsplit(address) for address in addresses]
    return {one.hostname for one in places if one.scheme not in {"data", "blob"}}


@pytest.fixture
def asked() -> list[str]:
    """Every address that the page asked."""
    return []


@pytest.fixture
def page(window: BrowserContext, asked: list[str]) -> Iterator[Page]:
    """An empty page; whatever a test opens in it, it may ask nobody but this machine."""
    with window.new_page() as opened:
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("websocket", lambda socket: asked.append(socket.url))
        yield opened
    assert hosts(asked) <= {HOST}


@pytest.fixture
def picture(page: Page, tmp_path: Path) -> Callable[[str], bytes]:
    """Takes a picture of the page, into the test's folder and the one that is asked for."""
    folders = [tmp_path, *(Path(os.environ[name]) for name in (SCREENSHOTS,) if name in os.environ)]

    def take(name: str) -> bytes:
        taken = page.screenshot()
        for folder in folders:
            (folder / f"{name}.png").write_bytes(taken)
        return taken

    return take


@pytest.fixture(scope="package")
def enriched(background: Background) -> Run:
    """therapy, seeded through its deployment."""
    return background.run("seed/dev", steps=23, as_of=AS_OF, datasets=["therapy"])
