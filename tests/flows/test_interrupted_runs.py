"""Prefect's own faults: whatever happens to a run, the next one ends like an undisturbed one.

The first test is short. Those that wait for heartbeats and restarts take minutes: they run with
SEEDBED_TEST_SIZE=soak. What was measured is written to the file that SEEDBED_TEST_FIGURES names.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from seedbed.context.datasets import dataset
from seedbed.context.project import opened
from seedbed.server import background, processes
from seedbed.server.api import SERVERS_LOGIN, Api
from seedbed.server.state import free_port, read, write
from seedbed.testing.contents import ours
from tests.flows.conftest import ROOT, Running
from tests.flows.runs import Run, in_the_middle, lock_is_free, paused, seed_commerce, wait_for

MARKED = 90 + 30
"""Seconds until the automation has marked a run whose process is gone, at the very latest."""

COMMERCE = dataset("commerce")
Person = psycopg.Connection[Any]

SLOW = pytest.mark.skipif(
    os.environ.get("SEEDBED_TEST_SIZE") != "soak", reason="takes minutes: SEEDBED_TEST_SIZE=soak"
)


def emptied(running: Running) -> Person:
    """A superuser in a commerce database that was made anew."""
    with running.connect() as connection:
        name = connection.info.dbname
    with running.connect("therapy") as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    return running.connect()


@pytest.fixture
def person(running: Running) -> Iterator[Person]:
    """A superuser in a commerce database without rows."""
    with emptied(running) as connection:
        yield connection
        connection.execute("DROP TRIGGER IF EXISTS pauses ON orders")


@pytest.fixture(scope="module")
def undisturbed(running: Running) -> dict[str, set[str]]:
    """Every row of a database that one run seeded, with nothing happening to it."""
    with emptied(running) as connection:
        assert seed_commerce(running.inside).ended(60) == "COMPLETED"
        found = ours(connection, COMMERCE)
    assert sum(map(len, found.values())) == 2405
    return found


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Any:
    """Writes figures down."""

    def write_down(**figures: float) -> None:
        rounded = {name: round(value, 1) for name, value in figures.items()}
        if file := os.environ.get("SEEDBED_TEST_FIGURES"):
            with Path(file).open("a") as out:
                out.write(f"{request.node.name}: {json.dumps(rounded)}\n")

    return write_down


def up(running: Running) -> None:
    """What whoever looks after the machine does when something is gone."""
    environ = {name: one for name, one in running.environ.items() if name not in running.named}
    environ[SERVERS_LOGIN] = running.login  # a new server would have a new one otherwise
    command = [sys.executable, "-m", "seedbed.server.background", "up", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE)
    assert json.loads(done.stdout)["api"] == running.api


def kill(process: processes.Process | None) -> None:
    """End the server or the worker without a word."""
    assert process is not None
    assert process.alive()
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not process.alive(), 10, "its end")


def test_a_run_waits_for_the_one_before_and_does_what_a_killed_or_cancelled_one_left(
    running: Running, person: Person, undisturbed: dict[str, set[str]], note: Any
) -> None:
    with paused(person):
        killed = seed_commerce(running.inside)
        in_the_middle(person)
        cancelled = seed_commerce(running.inside)
        wait_for(lambda: cancelled.name == "AwaitingConcurrencySlot", 20, "the second one waiting")
        killed.kill()
        freed = lock_is_free(person, 20)
        crashed = wait_for(lambda: killed.state == "CRASHED", 30, "Crashed")
        turn = wait_for(lambda: cancelled.state == "RUNNING", 40, "the second one's turn")
        in_the_middle(person)
        cancelled.cancel()
        stopped = lock_is_free(person, 40)
        ended = wait_for(lambda: cancelled.state == "CANCELLED", 40, "Cancelled")
    started = time.monotonic()
    assert seed_commerce(running.inside).ended(60) == "COMPLETED"
    took = time.monotonic() - started
    assert ours(person, COMMERCE) == undisturbed
    note(freed=freed, crashed=crashed, turn=turn, stopped=stopped, cancelled=ended, next=took)


@pytest.mark.soak
@SLOW
def test_a_run_whose_worker_is_gone_too_is_marked_and_gives_its_slot_back(
    running: Running, person: Person, undisturbed: dict[str, set[str]], note: Any
) -> None:
    with paused(person):
        lost = seed_commerce(running.inside)
        in_the_middle(person)
        kill(read(running.home).worker)
        lost.kill()
        started = time.monotonic()
        freed = lock_is_free(person, 20)
        following = seed_commerce(running.inside)
        up(running)
    marked = wait_for(lambda: lost.state == "CRASHED", MARKED, "the automation") + freed
    assert "No heartbeat for 90 seconds" in lost.read()["state"]["message"]
    assert following.ended(60) == "COMPLETED"
    took = time.monotonic() - started
    assert took < MARKED + 30
    assert ours(person, COMMERCE) == undisturbed
    note(freed=freed, marked=marked, following=took)


@pytest.mark.soak
@SLOW
def test_a_run_ends_when_its_worker_is_killed_and_the_next_one_does_the_rest(
    running: Running, person: Person, undisturbed: dict[str, set[str]], note: Any
) -> None:
    with paused(person, 25):
        orphan = seed_commerce(running.inside)
        in_the_middle(person)
        kill(read(running.home).worker)
        up(running)
        started = time.monotonic()
        assert orphan.ended(120) == "CRASHED"
        over = time.monotonic() - started
        lock_is_free(person, 20)
    started = time.monotonic()
    assert seed_commerce(running.inside).ended(60) == "COMPLETED"
    note(over=over, next=time.monotonic() - started)
    assert ours(person, COMMERCE) == undisturbed


@pytest.mark.soak
@SLOW
def test_a_run_that_is_cancelled_while_no_worker_is_there_does_not_block_the_next(
    running: Running, person: Person, undisturbed: dict[str, set[str]], note: Any
) -> None:
    with paused(person):
        lost = seed_commerce(running.inside)
        in_the_middle(person)
        kill(read(running.home).worker)
        lost.kill()
        lost.cancel()
        started = time.monotonic()
        following = seed_commerce(running.inside)
        up(running)
        lock_is_free(person, 20)
    over = wait_for(lambda: lost.state == "CANCELLED", MARKED, "the server's own time-out")
    ended = following.ended(60)
    took = time.monotonic() - started
    assert took < MARKED + 30
    note(cancelled=over, following=took)
    assert (ended, lost.state) == ("COMPLETED", "CANCELLED")
    assert ours(person, COMMERCE) == undisturbed


def restart_server(running: Running) -> float:
    """Kill the server and start it as it was, as a supervisor does; the seconds it was away."""
    state = read(running.home)
    kill(state.server)
    started = time.monotonic()
    environ = {**os.environ, SERVERS_LOGIN: state.login}
    with free_port(state.port) as listening:
        server = background._start_server(running.home, environ, opened(), listening).server
    write(running.home, state.model_copy(update={"server": server}))
    wait_for(Api(running.api).healthy, 90, "the server")
    return time.monotonic() - started


def lease_of(run: Run) -> str:
    """What the run holds its deployment's slot by."""
    return str(run.read()["state"]["state_details"]["deployment_concurrency_lease_id"])


@pytest.mark.soak
@SLOW
def test_a_run_outlives_a_restart_of_the_server_and_keeps_its_slot(
    running: Running, person: Person, undisturbed: dict[str, set[str]], note: Any
) -> None:
    with paused(person, 50):
        run = seed_commerce(running.inside)
        in_the_middle(person)
        lease = lease_of(run)
        away = restart_server(running)
        renewed = httpx.post(
            f"{running.inside}/v2/concurrency_limits/leases/{lease}/renew",
            json={"lease_duration": 300},
            trust_env=False,
        )
        assert renewed.is_success
        second = seed_commerce(running.inside)
        wait_for(lambda: second.name == "AwaitingConcurrencySlot", 30, "the second one waiting")
        assert run.state == "RUNNING"
        assert run.ended(120) == "COMPLETED"
    assert second.ended(60) == "COMPLETED"
    assert ours(person, COMMERCE) == undisturbed
    note(away=away)


@pytest.mark.soak
@SLOW
def test_up_ends_a_run_whose_server_is_gone_and_the_next_one_does_the_rest(
    running: Running, person: Person, undisturbed: dict[str, set[str]], note: Any
) -> None:
    with paused(person):
        run = seed_commerce(running.inside)
        in_the_middle(person)
        kill(read(running.home).server)
        started = time.monotonic()
        up(running)
        assert run.state == "CRASHED"
        lock_is_free(person, 20)
    assert seed_commerce(running.inside).ended(60) == "COMPLETED"
    note(following=time.monotonic() - started)
    assert ours(person, COMMERCE) == undisturbed
