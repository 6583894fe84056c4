"""The background from up to down: everything runs, is found again, and is gone afterwards."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deployments import processes
from deployments.processes import DidNotStart, Process
from deployments.state import HOST, PORT, State, free_port, read, write

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A short path below /tmp that the embedded server's own user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-background-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        run(folder, "down")
        shutil.rmtree(folder)


def run(home: Path, verb: str, **more: str) -> tuple[int, dict[str, Any]]:
    environ = {**os.environ, "SEEDBED_HOME": str(home), "CANARY_URL": "canary-value", **more}
    environ.pop("PREFECT_API_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "deployments.background", verb, "--json"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Somebody else listens there; it does not matter who."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            other.bind((HOST, port))
            other.listen()
        yield


def ours(home: Path) -> list[psutil.Process]:
    """Live processes that were given this home folder, or work in it."""
    found = []
    for one in psutil.process_iter():
        try:
            named = str(home) in " ".join(one.cmdline())
            told = one.environ().get("SEEDBED_HOME") == str(home)
            if (named or told) and alive(one):
                found.append(one)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def alive(one: psutil.Process) -> bool:
    """Nobody may collect the dead in a container, so a zombie counts as gone."""
    try:
        return one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def scheduled(api: str) -> list[dict[str, Any]]:
    """The runs of refresh/staging that wait for their night, as soon as there are any."""
    question = {
        "flows": {"name": {"any_": ["refresh"]}},
        "deployments": {"name": {"any_": ["staging"]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = httpx.post(f"{api}/flow_runs/filter", json=question, trust_env=False, timeout=10)
        runs: list[dict[str, Any]] = answer.json()
        if runs:
            return runs
        time.sleep(0.5)
    return []


def test_up_runs_everything_and_down_leaves_nothing(home: Path) -> None:
    code, status = run(home, "status")
    assert (code, status["running"]) == (1, False)

    with taken(PORT):
        code, status = run(home, "up")
    assert (code, status["running"]) == (0, True)
    assert status["api"] != f"http://{HOST}:{PORT}/api"
    assert status["export"] == f"export PREFECT_API_URL={status['api']}"
    assert len(status["deployments"]) == 25
    known = read(home)
    assert known.server_runs()
    assert known.worker_runs()
    assert (home / "background.json").stat().st_mode & 0o777 == 0o600

    page = httpx.get(f"{status['ui']}/ui-settings", trust_env=False).json()
    assert page["api_url"] == status["api"]
    assert page["default_ui"] == "v1"

    runs = scheduled(status["api"])
    assert runs
    assert {item["expected_start_time"][11:19] for item in runs} == {"02:00:00"}

    started = time.monotonic()
    code, again = run(home, "up")
    assert (code, again["running"]) == (0, True)
    assert time.monotonic() - started < 5
    assert read(home) == known
    assert again["next_nightly"] is not None

    password = (home / "postgres" / "password").read_text().strip()
    for log in (home / "logs").iterdir():
        assert password not in log.read_text()
        assert "canary-value" not in log.read_text()

    code, document = run(home, "down")
    assert (code, document) == (0, {"stopped": True})
    assert ours(home) == []
    assert not known.server_runs()
    assert not known.worker_runs()
    code, document = run(home, "down")
    assert (code, document) == (0, {"stopped": False})


def test_a_recycled_pid_is_never_signalled(tmp_path: Path) -> None:
    sleeper = processes.start(["sleep", "60"], os.environ, tmp_path, tmp_path / "log")
    Process(pid=sleeper.pid, started=sleeper.started - 100).stop(1)
    assert sleeper.alive()
    sleeper.stop(1)
    assert not sleeper.alive()


def test_a_process_that_ignores_sigterm_ends_with_its_children(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 61 & wait; wait"
    stubborn = processes.start(["sh", "-c", script], os.environ, tmp_path, tmp_path / "log")
    deadline = time.monotonic() + 5
    children: list[psutil.Process] = []
    while not children and time.monotonic() < deadline:
        children = psutil.Process(stubborn.pid).children()
    stubborn.stop(0.5)
    assert not stubborn.alive()
    assert not any(alive(one) for one in children)


def test_state_survives_a_restart_and_a_spoilt_file(tmp_path: Path) -> None:
    state = State(port=4211, server=Process(pid=1, started=2.5))
    write(tmp_path, state)
    assert read(tmp_path) == state
    (tmp_path / "background.json").write_text("{")
    assert read(tmp_path) == State()


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with free_port(port) as chosen:
            assert chosen > port


def test_two_that_start_at_once_get_two_ports() -> None:
    with free_port() as first, free_port() as second:
        assert second > first
    with free_port(first) as again:
        assert again == first


def test_a_failed_start_names_the_log_and_shows_its_end(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("first\nlast\n")
    text = str(DidNotStart("Prefect server", "ended", log))
    expected = f"the Prefect server ended; see {log} and run `seedbed up` again\n  first\n  last"
    assert text == expected
