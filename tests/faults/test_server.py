"""A server that restarts or runs out of disk in the middle of a run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.testing.cluster import Cluster
from seedbed.testing.contents import others
from seedbed.testing.worlds import World, silent
from tests.faults.runs import PATIENT, run
from tests.faults.server import Server

New = Callable[[Dataset], World]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_after_a_restart_in_the_middle_the_next_run_ends_as_an_undisturbed_one(
    server: Server, seeded: World, fresh: New, how: signal.Signals
) -> None:
    expected, world = seeded.digests(), fresh(seeded.dataset)
    world.profile(chunk_rows=100, **PATIENT)
    with world.superuser() as person:
        person.execute("CHECKPOINT")
    chunks = iter(range(1_000))

    def restart(sent: int) -> None:
        if next(chunks) == 8:
            server.end(how)
            server.start()

    end = run(world, progress=lambda: restart)
    assert next(chunks) > 8
    assert end.error == "LeaseLost", end  # tried again, and then the lock was gone
    assert end.tries
    assert run(world, progress=lambda: silent).done
    assert world.digests() == expected


@contextmanager
def small_disk(server: Server, megabytes: int) -> Iterator[Path]:
    """A file system of that size, which the server may write to."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    place = Path(tempfile.mkdtemp(prefix="seedbed-disk-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        place.rmdir()
        pytest.skip("mounting is not allowed here")
    try:
        owner = server.data.stat()
        (place / "space").mkdir()
        os.chown(place / "space", owner.st_uid, owner.st_gid)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def test_on_a_full_disk_a_run_says_so_and_the_next_one_with_room_heals(
    server: Server, cluster: Cluster, seeded: World, fresh: New
) -> None:
    expected, small = seeded.digests(), fresh(seeded.dataset)
    space = f"small_{uuid4().hex[:8]}"
    with small_disk(server, 48) as place, cluster.connect() as admin:
        create = sql.SQL("CREATE TABLESPACE {} LOCATION {}")
        admin.execute(create.format(sql.Identifier(space), sql.Literal(str(place / "space"))))
        move = sql.SQL("ALTER DATABASE {} SET TABLESPACE {}")
        name = sql.Identifier(small.address.database)
        try:
            admin.execute(move.format(name, sql.Identifier(space)))
            assert run(small).done
            assert run(small, "reset").done
            fill_up(small, place, expected)
        finally:
            admin.execute(move.format(name, sql.Identifier("pg_default")))
            admin.execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(space)))


def fill_up(world: World, place: Path, expected: dict[str, str]) -> None:
    """Seed with less and less to spare on the disk, and with room again."""
    world = replace(world)
    world.profile(scale=4, chunk_rows=100)
    met = []
    with world.superuser() as person:
        person.execute("VACUUM")
        strangers = others(person, world.dataset)
        for spare in (0, 64_000, 256_000, 512_000):
            filler = place / "filler"
            free = os.statvfs(place)
            filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - spare)))
            end = run(world)
            filler.unlink()
            assert not end.done, spare
            met.append("SQLSTATE 53100" in end.said)
            assert "the server's disk is full; make room and run" in end.said
            assert end.tries == 0
            assert others(person, world.dataset) == strangers
    world.profile(scale=1)
    assert run(world, "reset").done
    assert run(world).done
    assert world.digests() == expected
    print(f"disk full {len(met)} times, {sum(met)} of them after the run had begun")
    assert any(met)
