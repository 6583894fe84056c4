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

from seedbed.postgres.embedded.errors import NotOurs
from seedbed.server import background, processes, signpost
from seedbed.server.errors import DidNotStart
from seedbed.server.processes import Process
from seedbed.server.state import HOST, PORT, State, free_port, read, write

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A short path below /tmp that the embedded server's own user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-background-"))
    folder.chmod(0o755)
    project = project_of(folder)
    for part in ("flows", "tasks", "deployments"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("prefect.yaml", "pyproject.toml"):
        shutil.copy(ROOT / file, project / file)
    try:
        yield folder
    finally:
        run(folder, "down")
        shutil.rmtree(folder)


def project_of(home: Path) -> Path:
    """A checkout of its own: `up` writes into it."""
    return home / "project"


def run(home: Path, verb: str, **more: str) -> tuple[int, dict[str, Any]]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "SEEDBED_"))
    }
    environ = {**kept, "SEEDBED_HOME": str(home), "CANARY_URL": "canary-value", **more}
    done = subprocess.run(
        [sys.executable, "-m", "seedbed.server.background", verb, "--json"],
        cwd=project_of(home),
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


def typed(home: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """`prefect …` as a person types it in the project's folder, without any variable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=project_of(home),
        env={**kept, "COLUMNS": "200", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def scheduled(status: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs of refresh/staging that wait for their night, as soon as there are any."""
    question = {
        "flows": {"name": {"any_": ["refresh"]}},
        "deployments": {"name": {"any_": ["staging"]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        place = status["api"].replace("://", f"://{status['login']}@")
        answer = httpx.post(f"{place}/flow_runs/filter", json=question, trust_env=False)
        runs: list[dict[str, Any]] = answer.json()
        if runs:
            return runs
        time.sleep(0.5)
    return []


def test_up_runs_everything_and_down_leaves_nothing(home: Path) -> None:
    code, status = run(home, "status")
    assert (code, status["running"]) == (1, False)

    with taken(PORT):
        code, status = run(home, "up", PREFECT_API_KEY="of another server")
    assert (code, status["running"]) == (0, True)
    assert status["api"] != f"http://{HOST}:{PORT}/api"
    assert status["export"] is None
    assert len(status["deployments"]) == 25
    known = read(home)
    assert known.server_runs()
    assert known.worker_runs()
    assert (home / "background.json").stat().st_mode & 0o777 == 0o600
    assert status["login"] == known.login

    page = httpx.get(f"{status['ui']}/ui-settings", trust_env=False).json()
    assert page["api_url"] == status["api"]
    assert (page["default_ui"], page["auth"]) == ("v1", "BASIC")

    runs = scheduled(status)
    assert runs
    assert {item["expected_start_time"][11:19] for item in runs} == {"02:00:00"}

    signpost = project_of(home) / "prefect.toml"
    assert signpost.stat().st_mode & 0o777 == 0o600
    code, said = typed(home, "deployment", "ls")
    assert (code, "seed/staging" in said) == (0, True), said

    started = time.monotonic()
    code, again = run(home, "up")
    assert (code, again["running"]) == (0, True)
    assert time.monotonic() - started < 5
    assert read(home) == known
    assert again["next_nightly"] is not None

    secrets = [(home / "postgres" / "password").read_text(), known.login, "canary-value"]
    for log in (home / "logs").iterdir():
        assert [one for one in secrets if one in log.read_text()] == []

    forward(home, known)

    code, document = run(home, "down")
    assert (code, document) == (0, {"stopped": True})
    assert ours(home) == []
    assert not known.server_runs()
    assert not known.worker_runs()
    assert not signpost.exists()
    code, document = run(home, "down")
    assert (code, document) == (0, {"stopped": False})


def forward(home: Path, known: State) -> None:
    """A server that lets everybody in, as an earlier version's does, is replaced."""
    content = json.loads((home / "background.json").read_text())
    del content["login"], content["told"]
    (home / "background.json").write_text(json.dumps(content))
    code, status = run(home, "up")
    assert (code, status["running"]) == (0, True)
    assert status["login"] not in {"", known.login}
    assert not known.server_runs()
    assert not known.worker_runs()
    assert len(status["deployments"]) == 25
    assert f'auth_string = "{status["login"]}"' in (project_of(home) / "prefect.toml").read_text()


def test_a_recycled_pid_is_never_signalled(tmp_path: Path) -> None:
    sleeper = processes.start(["sleep", "60"], os.environ, tmp_path, tmp_path / "log")
    Process(pid=sleeper.pid, started=sleeper.started - 100).stop(1)
    assert sleeper.alive()
    sleeper.stop(1)
    assert not sleeper.alive()


def test_a_process_that_was_started_as_something_else_is_never_signalled(tmp_path: Path) -> None:
    sleeper = processes.start(["sleep", "60"], os.environ, tmp_path, tmp_path / "log")
    for command in (("59",), ("60", "61"), ("-m", "prefect")):
        sleeper.model_copy(update={"command": command}).stop(1)
    assert sleeper.alive()
    sleeper.stop(1)
    assert not sleeper.alive()


def test_a_state_that_somebody_else_could_have_written_ends_no_process(tmp_path: Path) -> None:
    victim = processes.start(["sleep", "60"], os.environ, tmp_path, tmp_path / "log")
    forged = tmp_path / "forged"
    forged.mkdir()
    write(forged, State(server=victim, worker=victim))
    forged.chmod(0o777)
    with pytest.raises(NotOurs, match=r"forged can be written to by others \(mode 0777\)"):
        background.down(forged)
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "background.json").symlink_to(forged / "background.json")
    with pytest.raises(NotOurs, match=r"background\.json is a link"):
        background.down(linked)
    assert victim.alive()
    victim.stop(1)


def test_a_server_that_refuses_the_login_is_stopped_all_the_same(tmp_path: Path) -> None:
    code = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(401)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
    log = tmp_path / "log"
    server = processes.start([sys.executable, "-c", code], os.environ, tmp_path, log)
    deadline = time.monotonic() + 20
    while not log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    write(tmp_path, State(port=int(log.read_text()), login="seedbed:wrong", server=server))
    assert background.down(tmp_path) is True
    assert not server.alive()


def test_a_log_that_is_a_link_is_not_written_to(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "log").symlink_to(victim)
    with pytest.raises(NotOurs, match="log is a link"):
        processes.start(["echo", "more"], os.environ, tmp_path, tmp_path / "log")
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("other", ["[api]\nurl = 'https://mine'\n", ""])
def test_a_file_of_somebody_else_that_prefect_reads_is_left_alone(
    tmp_path: Path, other: str
) -> None:
    (tmp_path / "prefect.toml").write_text(other)
    assert signpost.put_up(tmp_path, tmp_path / "home", State(login="seedbed:1")) is None
    assert (tmp_path / "prefect.toml").read_text() == other


def test_the_signpost_of_another_home_stands_while_its_server_runs(tmp_path: Path) -> None:
    homes = [tmp_path / "first", tmp_path / "second"]
    for one in homes:
        one.mkdir()
    server = processes.start(["sleep", "60"], os.environ, tmp_path, tmp_path / "log")
    first, second = State(server=server, login="seedbed:1"), State(login="seedbed:2")
    place = signpost.put_up(tmp_path, homes[0], first)
    assert place == tmp_path / "prefect.toml"
    first = first.model_copy(update={"told": place})
    write(homes[0], first)
    assert signpost.put_up(tmp_path, homes[1], second) is None
    assert signpost.leads_to(first)
    server.stop(1)
    second = second.model_copy(update={"told": signpost.put_up(tmp_path, homes[1], second)})
    assert signpost.leads_to(second)
    signpost.take_down(first)
    assert signpost.leads_to(second)
    signpost.take_down(second)
    assert not (tmp_path / "prefect.toml").exists()


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
            assert chosen.getsockname()[1] > port


def test_a_chosen_port_is_nobody_else_s_from_then_on() -> None:
    with free_port() as first, free_port() as second:
        ports = [one.getsockname()[1] for one in (first, second)]
        assert ports[1] > ports[0]
        with socket.socket() as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="Address already in use"):
                stranger.bind((HOST, ports[0]))
    with free_port(ports[0]) as again:
        assert again.getsockname()[1] == ports[0]


def test_a_failed_start_names_the_log_and_shows_its_end(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("first\nlast\n")
    text = str(DidNotStart("Prefect server", "ended", log))
    expected = f"the Prefect server ended; see {log} and run `seedbed up` again\n  first\n  last"
    assert text == expected
