"""Runs of deployments, as a person starts, watches, cancels and kills them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import psycopg

TERMINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
AS_OF = "2026-11-21"

PAUSED = """
    CREATE OR REPLACE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END';
    CREATE OR REPLACE TRIGGER pauses BEFORE INSERT ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION pause();
"""
"""The middle of a run: its first steps are committed, one is at work, the rest wait for it."""

WORKING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'seedbed:%'
      AND wait_event = 'PgSleep'
"""

LOCKED = """
    SELECT count(*) FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid IN (1592590336, 1592590337)
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Late(Exception):
    """It did not become true in time."""


def wait_for(true: Any, seconds: float, what: str) -> float:
    """How many seconds it takes until it is true."""
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > seconds:
            raise Late(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - started


@dataclass(frozen=True)
class Run:
    """One run of a deployment."""

    api: str
    id: str

    def read(self) -> dict[str, Any]:
        """What the server says; it may be away for a moment."""
        answer = httpx.get(f"{self.api}/flow_runs/{self.id}", trust_env=False, timeout=10)
        content: dict[str, Any] = answer.json()
        return content

    @property
    def state(self) -> str:
        """The type of its state: RUNNING, …"""
        with suppress(httpx.HTTPError):
            return str(self.read()["state"]["type"])
        return "UNKNOWN"

    @property
    def name(self) -> str:
        """The name of its state: AwaitingConcurrencySlot, …"""
        with suppress(httpx.HTTPError):
            return str(self.read()["state"]["name"])
        return "Unknown"

    def ended(self, seconds: float) -> str:
        """Wait for its end; the type of the state it ends in."""
        wait_for(lambda: self.state in TERMINAL, seconds, "the end of the run")
        return self.state

    def cancel(self) -> None:
        """What the UI's button does."""
        state = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
        path = f"{self.api}/flow_runs/{self.id}/set_state"
        httpx.post(path, json=state, trust_env=False, timeout=10).raise_for_status()

    def processes(self) -> list[psutil.Process]:
        """Its process, and what that started."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if one.environ().get("PREFECT__FLOW_RUN_ID") == self.id:
                    found.append(one)
        return found

    def kill(self) -> None:
        """End its process without a word."""
        for one in self.processes():
            with suppress(psutil.NoSuchProcess):
                os.kill(one.pid, signal.SIGKILL)


def start(api: str, name: str, **parameters: Any) -> Run:
    """Start a run of the deployment `flow/name`."""
    deployment = httpx.get(f"{api}/deployments/name/{name}", trust_env=False, timeout=10).json()
    made = httpx.post(
        f"{api}/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": parameters, "state": {"type": "SCHEDULED"}},
        trust_env=False,
        timeout=10,
    )
    made.raise_for_status()
    return Run(api, made.json()["id"])


def seed_commerce(api: str) -> Run:
    """The run that all of these tests disturb."""
    return start(api, "seed/dev", datasets=["commerce"], as_of=AS_OF)


@contextmanager
def paused(person: psycopg.Connection[Any], seconds: int = 45) -> Iterator[None]:
    """Whoever inserts orders takes so long, until the end of the block."""
    person.execute(PAUSED.format(seconds=seconds).encode())
    try:
        yield
    finally:
        person.execute("DROP TRIGGER IF EXISTS pauses ON orders")


def in_the_middle(person: psycopg.Connection[Any], seconds: float = 60) -> None:
    """Wait until a run is at work on the orders."""
    wait_for(lambda: _one(person, WORKING) > 0, seconds, "a run in the middle")


def lock_is_free(person: psycopg.Connection[Any], seconds: float) -> float:
    """How long it takes until no run holds the database's lock."""
    return wait_for(lambda: _one(person, LOCKED) == 0, seconds, "the lock's end")


def _one(person: psycopg.Connection[Any], question: str) -> int:
    row = person.execute(question.encode()).fetchone()
    assert row is not None
    return int(row[0])
