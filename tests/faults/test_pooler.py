"""Behind a pooler in transaction mode: whatever a run sets or holds ends with its transactions."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seedbed.declare.entity import Dataset
from seedbed.postgres.connection.address import Address
from seedbed.testing.cluster import eventually
from seedbed.testing.contents import others, ours, versions
from seedbed.testing.worlds import World
from tests.faults.runs import PATIENT, run, start
from tests.faults.server import Server

New = Callable[[Dataset], World]

CONFIG = """
[databases]
* = host={server.host} port={server.port} user={server.user} password={server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
logfile = {folder}/log
pidfile = {folder}/pid
"""


def program() -> str:
    """Where pgbouncer is; Debian keeps it where only root looks."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        pytest.skip("pgbouncer is not installed")
    return found


@pytest.fixture(scope="module")
def pooler(server: Server) -> Iterator[Address]:
    """pgbouncer before the tests' server, in transaction mode."""
    command = [program()]
    folder = Path(tempfile.mkdtemp(prefix="seedbed-pooler-", dir="/tmp"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    config = folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(server=server.address, port=port, folder=folder))
    if os.geteuid() == 0:  # it refuses to run as root
        command += ["-u", "nobody"]
        nobody = pwd.getpwnam("nobody")
        for path in (folder, config):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    process = subprocess.Popen([*command, "-q", str(config)])
    try:
        assert eventually(lambda: listens(port)), (folder / "log").read_text()
        yield replace(server.address, port=port)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def listens(port: int) -> bool:
    """Whether anybody does there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture
def pooled(pooler: Address, fresh: New, chosen: Dataset) -> World:
    """A world that a run reaches through the pooler only."""
    world = fresh(chosen)
    return replace(world, address=replace(world.address, port=pooler.port))


def test_seed_second_run_and_reset_are_as_without_it(seeded: World, pooled: World) -> None:
    pooled.profile(chunk_rows=100, workers=4)
    with pooled.superuser() as person:
        before = others(person, pooled.dataset)
        assert run(pooled).done
        assert pooled.digests() == seeded.digests()
        written = versions(person)
        assert run(pooled).done
        assert versions(person) == written
        assert run(pooled, "reset").done
        assert others(person, pooled.dataset) == before
        assert not any(ours(person, pooled.dataset).values())


@pytest.mark.parametrize("busy", [0, 60])
def test_of_two_runs_at_once_one_waits_or_is_told_so(
    seeded: World, pooled: World, busy: int
) -> None:
    pooled.profile(chunk_rows=100, limits={"busy": busy})
    children = [start(pooled), start(pooled)]
    ends = [child.end() for child in children]
    assert {end.error for end in ends if not end.done} <= ({"LockBusy"} if busy == 0 else set())
    assert any(end.done for end in ends)
    assert pooled.digests() == seeded.digests()


def test_nothing_of_a_run_is_left_in_the_sessions_that_others_get(pooled: World) -> None:
    assert run(pooled).done
    with pooled.superuser() as person:
        locks = """
            SELECT FROM pg_locks
            WHERE locktype = 'advisory'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
        assert person.execute(locks).rowcount == 0
    names = ("statement_timeout", "lock_timeout", "row_security", "extra_float_digits")
    shown = ", ".join(f"current_setting('{name}')" for name in names)
    keywords: dict[str, Any] = {**pooled.address.keywords()}
    with psycopg.connect(**keywords) as somebody:
        found = somebody.execute(f"SELECT pg_backend_pid(), {shown}".encode()).fetchone()
        assert found is not None
        assert found[1:] == ("0", "0", "on", "1")
        assert found[0] != somebody.info.backend_pid, "the pooler does not make processes up"


def test_killed_behind_the_pooler_the_next_run_ends_the_same(seeded: World, pooled: World) -> None:
    pooled.profile(chunk_rows=7, **PATIENT)
    child = start(pooled)
    with pooled.superuser() as person:
        there = "SELECT FROM users WHERE id::text LIKE '00000000-5eed%'"
        assert eventually(lambda: person.execute(there).rowcount > 0, 60)
    child.process.kill()
    child.process.join()
    child.pipe.close()
    assert run(pooled).done
    assert pooled.digests() == seeded.digests()
