"""Where the parts of large steps run changes no row, and a worker that is killed none either."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from seedbed.cli.__main__ import main
from seedbed.context.datasets import dataset
from seedbed.postgres.embedded import embedded
from tests.flows.conftest import ROOT, Running
from tests.flows.runs import in_the_middle, lock_is_free, paused, wait_for

PROFILE = """
datasets = ["commerce"]
scale = 20
retries = {retries}
workers = 2
parts = 4
chunk_rows = 100
runner = "{runner}"
"""
ORDERS = 2000
AS_OF = "2026-11-21"
PAUSE = 5
"""Seconds: long enough to be found in the middle."""

HALF = "right(id::text, 1) < '8'"

CLUSTERS = [
    pytest.param(name, marks=pytest.mark.skipif(not find_spec(package), reason=f"no {package}"))
    for name, package in (("dask", "prefect_dask"), ("ray", "prefect_ray"))
]


@dataclass(frozen=True)
class Ended:
    """What the command said."""

    code: int
    said: str
    document: dict[str, Any]

    def step(self, name: str) -> dict[str, Any]:
        """One entity's figures."""
        found: dict[str, Any] = next(
            one for one in self.document["entities"] if one["name"] == name
        )
        return found


@dataclass(frozen=True)
class Place:
    """A database of its own, and a profile."""

    running: Running
    url: str
    profiles: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The variables of the command; the workers find the database by the same."""
        mine = {"SEEDBED_COMMERCE_DATABASE_URL": self.url, **self.more}
        return {**self.running.environ, "SEEDBED_ENVIRONMENTS": str(self.profiles), **mine}

    def profile(self, runner: str, *lines: str, retries: int = 0) -> None:
        """Write the profile `dev`."""
        text = PROFILE.format(runner=runner, retries=retries)
        (self.profiles / "dev.toml").write_text("\n".join([text, *lines]))

    def start(self, verb: str, *options: str) -> subprocess.Popen[str]:
        """The command, in a process of its own."""
        command = [sys.executable, "-m", "seedbed.cli", verb, "commerce", *options, "--json"]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environ, stdout=pipe, stderr=pipe, text=True
        )

    def seed(self) -> Ended:
        """Seed, and wait for it."""
        return ended(self.start("seed", "--as-of", AS_OF))

    def connect(self) -> psycopg.Connection[Any]:
        """The database's superuser."""
        return psycopg.connect(self.url, autocommit=True)


def ended(run: subprocess.Popen[str]) -> Ended:
    """How a command ended."""
    out, err = run.communicate(timeout=300)
    document = json.loads(out)
    assert "Traceback" not in err
    return Ended(run.returncode, err, document)


@contextmanager
def place(running: Running, folder: Path, name: str) -> Iterator[Place]:
    """An empty database of that name."""
    server = embedded.ensure(running.home)
    embedded.create_database(server, name, dataset("commerce").folder / "schema.sql")
    login = f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}"
    try:
        yield Place(running, f"{login}/{name}", folder)
    finally:
        with psycopg.connect(f"{login}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def here(running: Running, tmp_path: Path) -> Iterator[Place]:
    """A place for one test."""
    with place(running, tmp_path, "runners") as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(running: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of a run in one part, in this process."""
    with place(running, tmp_path_factory.mktemp("profiles"), "undisturbed") as made:
        made.profile("threads")
        file = made.profiles / "dev.toml"
        file.write_text(file.read_text().replace("parts = 4", "parts = 1"))
        done = made.seed()
    assert (done.code, done.step("orders")["added"]) == (0, ORDERS)
    digests: dict[str, str] = done.document["digests"]
    return digests


def task_runs(api: str, run: str) -> dict[str, str]:
    """The run's task runs with their states, as the UI has them."""
    asked = {"flow_runs": {"id": {"any_": [run]}}, "limit": 200}
    found = httpx.post(f"{api}/task_runs/filter", json=asked, trust_env=False, timeout=10).json()
    return {re.sub("-[0-9a-f]{3}$", "", one["name"]): one["state_type"] for one in found}


@pytest.mark.parametrize("runner", ["threads", "processes", *CLUSTERS])
def test_every_runner_makes_the_same_rows(
    here: Place, undisturbed: dict[str, str], runner: str
) -> None:
    here.profile(runner)
    done = here.seed()
    assert (done.code, done.said) == (0, "")
    assert done.document["digests"] == undisturbed
    assert (done.step("orders")["present"], done.step("orders")["added"]) == (0, ORDERS)
    with here.connect() as connection:
        transactions = connection.execute("SELECT count(*) FROM orders GROUP BY xmin").fetchall()
    assert transactions == [(500,)] * 4
    seen = task_runs(here.running.inside, done.document["run"])
    names = {f"commerce.orders, part {number} of 4" for number in (1, 2, 3, 4)}
    assert names & seen.keys() == (names if runner in ("dask", "ray") else set())


def test_what_is_left_of_a_large_load_is_loaded_in_parts_too(
    here: Place, undisturbed: dict[str, str]
) -> None:
    here.profile("processes")
    assert here.seed().code == 0
    with here.connect() as connection:
        gone = connection.execute(f"DELETE FROM orders WHERE {HALF}".encode()).rowcount
        done = here.seed()
        query = f"SELECT count(*) FROM orders WHERE {HALF} GROUP BY xmin"
        transactions = connection.execute(query.encode()).fetchall()
    assert (done.code, done.document["digests"]) == (0, undisturbed)
    assert len(transactions) == 4
    assert done.step("orders")["added"] == sum(rows for (rows,) in transactions) == gone


def workers(run: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes in which parts are loaded; Ray's are named after what they do."""
    below = psutil.Process(run.pid).children(recursive=True)
    titles = [" ".join(one.cmdline()) for one in below]
    return [
        one
        for one, title in zip(below, titles, strict=True)
        if "seedbed.steps.worker" in title or re.match("ray::(?!IDLE|.*Agent)", title)
    ]


def go_on(person: psycopg.Connection[Any]) -> None:
    """Nobody pauses any more; a statement that has begun to, ends its pause."""
    person.execute(
        "CREATE OR REPLACE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"
    )


def test_a_killed_worker_fails_the_step_with_a_sentence_and_the_next_run_does_the_rest(
    here: Place, undisturbed: dict[str, str]
) -> None:
    here.profile("processes")
    with here.connect() as person:
        with paused(person, PAUSE):
            run = here.start("seed", "--as-of", AS_OF)
            in_the_middle(person)
            os.kill(workers(run)[0].pid, signal.SIGKILL)
            go_on(person)
            done = ended(run)
        assert done.code == 1
        assert person.execute("SELECT count(*) FROM orders").fetchone() == (ORDERS * 3 // 4,)
        assert re.search(
            r"orders failed: [^;]*commerce\.orders, part \d of 4: its worker ended without a word "
            r"\(signal 9: killed, or out of memory\?\); what other parts have loaded "
            r"stays, run it again; commerce: not run because of that: order_items, order_events",
            done.said,
        )
        lock_is_free(person, 20)
    following = here.seed()
    assert (following.code, following.document["digests"]) == (0, undisturbed)


@pytest.mark.parametrize("runner", ["processes", *(one for one in CLUSTERS if "ray" in one.values)])
def test_a_step_whose_worker_was_killed_is_tried_again_where_the_profile_says_so(
    here: Place, undisturbed: dict[str, str], runner: str
) -> None:
    here.profile(runner, retries=4)
    with here.connect() as person, paused(person):
        run = here.start("seed", "--as-of", AS_OF)
        in_the_middle(person)
        os.kill(workers(run)[0].pid, signal.SIGKILL)
        person.execute("DROP TRIGGER pauses ON orders")
        done = ended(run)
    assert done.code == 0, done.said
    assert (done.said == "") == (runner == "processes")  # Ray has its own word on it
    assert done.document["digests"] == undisturbed


def test_the_workers_end_with_the_run_that_is_killed(
    here: Place, undisturbed: dict[str, str]
) -> None:
    here.profile("processes")
    with here.connect() as person:
        with paused(person):
            run = here.start("seed", "--as-of", AS_OF)
            in_the_middle(person)
            left = workers(run)
            assert left
            run.kill()
            run.communicate()
            _, alive = psutil.wait_procs(left, timeout=5)
            assert alive == []
        lock_is_free(person, 20)
    following = here.seed()
    assert (following.code, following.document["digests"]) == (0, undisturbed)


@contextmanager
def dask_cluster(place: Place) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers of the machine's owner, with the database in *their* variables;
    its address and the workers."""
    file = place.profiles / "scheduler.json"
    quiet: dict[str, Any] = {"env": place.environ, "cwd": ROOT, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "distributed.cli"]
    host = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = [*dask[:2], "distributed.cli.dask_scheduler", *host, "--port", "0"]
    worker = [*dask[:2], "distributed.cli.dask_worker", "--scheduler-file", str(file)]
    begun = [subprocess.Popen([*scheduler, "--scheduler-file", str(file)], **quiet)]
    try:
        wait_for(lambda: file.exists() and file.stat().st_size, 60, "the scheduler")
        options = ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
        begun += [subprocess.Popen([*worker, *options], **quiet) for _ in range(2)]
        yield json.loads(file.read_text())["address"], begun[1:]
    finally:
        for one in reversed(begun):
            one.kill()
            one.wait()


@pytest.mark.skipif(not find_spec("prefect_dask"), reason="no prefect_dask")
def test_a_cluster_finds_the_database_by_its_own_variables_and_outlives_a_worker(
    here: Place, undisturbed: dict[str, str]
) -> None:
    with here.connect() as person, dask_cluster(here) as (address, processes):
        here.profile("dask", f'cluster = "{address}"', retries=4)
        with paused(person, PAUSE):
            run = here.start("seed", "--as-of", AS_OF)
            in_the_middle(person)
            processes[0].kill()  # Dask hands its parts to the other one
            go_on(person)
            done = ended(run)
        seen = task_runs(here.running.inside, done.document["run"])
        left = person.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'seedbed:%'"
        ).fetchone()
    assert (done.code, done.document["digests"]) == (0, undisturbed)
    assert "commerce.orders, part 1 of 4" in seen
    assert left == (0,)
    with suppress(httpx.HTTPError):
        stored = httpx.post(
            f"{here.running.inside}/task_runs/filter", json={"limit": 200}, trust_env=False
        )
        password = re.search(":([^:@]+)@", here.url)
        assert password is not None
        assert password[1] not in stored.text


CLUSTER = """
import json, sys, tempfile
from seedbed.context.locked import cluster
with tempfile.TemporaryDirectory() as folder, cluster(1, folder) as made:
    print(json.dumps(made.scheduler_address), flush=True)
    sys.stdin.read()
"""
STRANGER = """
import os, sys
from distributed import Client, Security
given = {"security": Security.temporary()} if sys.argv[2] == "tls" else {}
with Client(sys.argv[1], timeout=3, **given) as client:
    print(client.submit(os.getenv, "SEEDBED_DATABASE_URL").result())
"""


@pytest.fixture(scope="module")
def locked() -> Iterator[tuple[str, list[int]]]:
    """A cluster as a run starts it: its address, and every port that its processes listen on."""
    pipe = subprocess.PIPE
    environ = {**os.environ, "SEEDBED_DATABASE_URL": "canary-url"}
    command = [sys.executable, "-c", CLUSTER]
    run = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe, text=True)
    assert run.stdin is not None
    assert run.stdout is not None
    with run:
        address = json.loads(run.stdout.readline())
        first = psutil.Process(run.pid)
        listening = [
            one.laddr.port
            for process in (first, *first.children(recursive=True))
            for one in process.net_connections("inet")
            if one.status == psutil.CONN_LISTEN
        ]
        yield address, sorted(set(listening))
        run.stdin.close()


@pytest.mark.skipif(not find_spec("prefect_dask"), reason="no prefect_dask")
@pytest.mark.parametrize("how", ["plain", "tls"])
def test_a_local_cluster_runs_nothing_of_somebody_else(
    locked: tuple[str, list[int]], how: str
) -> None:
    address, _ = locked
    plain = address.replace("tls://", "tcp://")
    command = [sys.executable, "-c", STRANGER, address if how == "tls" else plain, how]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "canary" not in done.stdout + done.stderr
    assert "Error" in done.stderr


@pytest.mark.skipif(not find_spec("prefect_dask"), reason="no prefect_dask")
def test_every_port_of_a_local_cluster_wants_its_certificate_and_none_serves_a_page(
    locked: tuple[str, list[int]],
) -> None:
    address, ports = locked
    assert int(address.rpartition(":")[2]) in ports
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for port in ports:
        asked = b"GET /metrics HTTP/1.0\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            plain.sendall(asked)
            with suppress(ConnectionResetError):
                assert not plain.recv(100).startswith(b"HTTP")
        with suppress(ssl.SSLError, ConnectionError):
            bare = socket.create_connection(("127.0.0.1", port), 5)
            with bare, context.wrap_socket(bare) as inside:
                inside.sendall(asked)
                assert inside.recv(100) == b""


# -- mistaken profiles: nothing is started -------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('runner = "proceses"', "unknown runner of dev.toml 'proceses'; did you mean 'processes'?"),
        (
            'runner = "processes"\ncluster = "tcp://10.0.0.1:8786"',
            "dev.toml: cluster goes with runner dask or ray, not with processes",
        ),
        ('runner = "dask"\ncluster = "tcp://me:secret@h:1"', "dev.toml: cluster string should"),
    ],
)
def test_a_mistaken_runner_is_wrong_use(
    lines: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "dev.toml").write_text(f'datasets = ["commerce"]\n{lines}')
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path))
    assert main(["seed", "commerce"]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert "secret" not in printed


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_a_runner_whose_package_is_missing_says_what_to_install(
    runner: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "dev.toml").write_text(f'datasets = ["commerce"]\nrunner = "{runner}"')
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr("seedbed.context.workers.find_spec", lambda package: None)
    assert main(["seed", "commerce"]) == 2
    assert capsys.readouterr().err == (
        f"seedbed: dev.toml: runner '{runner}' needs the package prefect-{runner}; install "
        f"seedbed[{runner}], here and where the workers are\n"
    )


@pytest.mark.skipif(not find_spec("prefect_dask"), reason="no prefect_dask")
def test_a_cluster_that_does_not_answer_is_told_at_once(here: Place) -> None:
    here.profile("dask", 'cluster = "tcp://127.0.0.1:9"')
    done = here.seed()
    assert done.code == 1
    assert (
        "orders failed: no dask cluster at tcp://127.0.0.1:9 (ConnectionRefusedError); start it, "
        "or correct `cluster` in the profile"
    ) in done.said
