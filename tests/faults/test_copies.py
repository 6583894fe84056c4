"""A copy of a marked database is not marked, however it was made."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from psycopg import sql

from seedbed.postgres.connection.address import Address
from seedbed.postgres.embedded import binaries, embedded
from seedbed.postgres.embedded.binaries import Programs
from seedbed.postgres.guard.errors import GuardRefused
from seedbed.postgres.guard.guard import mark
from seedbed.testing.cluster import Cluster, eventually
from seedbed.testing.contents import versions
from seedbed.testing.worlds import World
from tests.faults.proxy import Proxy
from tests.faults.server import Server

Program = Callable[..., None]


@pytest.fixture
def program(server: Server, tmp_path: Path) -> Program:
    """Runs one of the server's own client programs; a dump goes to `tmp_path`."""
    folder = server.home / "postgres"
    found = binaries.find(folder, os.environ, None)

    def run(name: str, *arguments: str, at: Address | None = None) -> None:
        known = at or server.address
        login = ["-h", known.host, "-p", str(known.port), "-U", known.user or ""]
        environ = {**os.environ, "PGPASSWORD": known.password or ""}
        subprocess.run(
            [found.place / name, *login, *arguments], env=environ, check=True, cwd=tmp_path
        )

    return run


def refused(world: World, database: str, said: str, **place: object) -> None:
    """A run of staging writes nothing to a copy."""
    copy = replace(world.address, database=database, **place)  # type: ignore[arg-type]  # mixed
    owner = replace(world.owner, database=database, **place)  # type: ignore[arg-type]  # mixed
    listed(replace(world, address=copy))
    with Cluster(owner).connect() as person:
        before = versions(person)
        with pytest.raises(GuardRefused, match=said):
            replace(world, address=copy).seed("staging")
        assert versions(person) == before


def listed(world: World) -> World:
    """With a profile in which its place is listed."""
    place = {"hosts": [world.address.host], "databases": [world.address.database]}
    world.profile("staging", guard={"shared": True, **place})
    return world


def comment(cluster: Cluster, source: str) -> str:
    """The comment of a database."""
    query = """
        SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s
    """
    with cluster.connect() as admin:
        [(found,)] = admin.execute(query, (source,)).fetchall()
    return str(found)


def write_comment(cluster: Cluster, database: str, text: str) -> None:
    """Carry a comment over by hand, as a careless script does."""
    with cluster.connect() as admin:
        admin.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(database), sql.Literal(text)
            )
        )


def test_a_copy_by_template_is_not_marked(cluster: Cluster, staging: World) -> None:
    staging.mark("staging")
    text = comment(cluster, staging.address.database)
    staging.seed("staging")
    copy = cluster.create(staging.address.database)
    try:
        refused(staging, copy.database, "has no marker")
        write_comment(cluster, copy.database, text)
        refused(staging, copy.database, "marker")
    finally:
        cluster.drop(copy)


@pytest.mark.parametrize("options", [[], ["--create"]], ids=["plain", "create"])
def test_a_restored_dump_is_not_marked(
    cluster: Cluster, staging: World, program: Program, options: list[str]
) -> None:
    """With --create the comment itself comes along; its binding to the database does not."""
    staging.mark("staging")
    staging.seed("staging")
    name = staging.address.database
    text = comment(cluster, name)
    program("pg_dump", "-Fc", "-f", "dump", *options, name)
    cluster.drop(staging.address)
    if options:
        program("pg_restore", "-d", "postgres", "--create", "dump")
        assert comment(cluster, name) == text
        refused(staging, name, "marker")
    else:
        with cluster.connect() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        program("pg_restore", "-d", name, "dump")
        refused(staging, name, "has no marker")
        write_comment(cluster, name, text)
        refused(staging, name, "marker")


def test_a_dump_restored_on_another_server_with_its_comment_is_not_marked(
    staging: World, program: Program
) -> None:
    staging.mark("staging")
    name, home = staging.address.database, Path(tempfile.mkdtemp(prefix="seedbed-other-"))
    home.chmod(0o755)
    program("pg_dump", "-Fc", "-f", "dump", "--create", name)
    other = Server(home)
    try:
        place = other.address
        with Cluster(place).connect() as admin:
            role = sql.Identifier(staging.address.user or "")
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'Kanarienvogel'").format(role))
        program("pg_restore", "-d", "postgres", "--create", "dump", at=place)
        assert comment(Cluster(place), name).startswith("seedbed:")
        login = {"port": place.port, "user": place.user, "password": place.password}
        world = replace(staging, owner=replace(staging.owner, **login))  # type: ignore[arg-type]
        refused(world, name, "the marker was written on another server", port=place.port)
    finally:
        other.stop()
        shutil.rmtree(home)


def test_a_renamed_database_is_not_marked(cluster: Cluster, staging: World) -> None:
    staging.mark("staging")
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    name = staging.address.database
    old, new = sql.Identifier(name), sql.Identifier(f"{name}_new")
    with cluster.connect() as admin:
        admin.execute(rename.format(old, new))
        try:
            refused(staging, f"{name}_new", f"the marker is for database {name!r}")
        finally:
            admin.execute(rename.format(new, old))


@dataclass(frozen=True)
class Copy:
    """A physical copy of the server, byte by byte, with the marker of the original."""

    folder: Path
    programs: Programs

    def start(self, host: str, port: int) -> None:
        """Start it there, and with a socket in its folder."""
        settings = {
            "listen_addresses": host,
            "port": port,
            "unix_socket_directories": self.folder,
            "shared_buffers": "16MB",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = self.folder / "log"
        done = self.programs.run("pg_ctl", "start", "-D", self.data, "-w", "-l", log, "-o", options)
        assert done.returncode == 0, done.stdout + log.read_text()

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.folder / "data"

    def control(self, *what: str) -> None:
        """Stop it, or promote it."""
        self.programs.run("pg_ctl", *what, "-D", self.data, "-w")


@pytest.fixture
def copied(server: Server, program: Program) -> Iterator[Callable[..., Copy]]:
    """Makes physical copies by pg_basebackup; they are stopped at the end."""
    made: list[Copy] = []

    def new(*options: str) -> Copy:
        folder = Path(tempfile.mkdtemp(prefix="seedbed-copy-", dir="/tmp"))
        account = binaries.account_for(server.home / "postgres")
        made.append(Copy(folder, binaries.find(server.home / "postgres", os.environ, account)))
        program("pg_basebackup", "-D", str(folder / "data"), "-c", "fast", *options)
        for path in (folder, *folder.rglob("*")):
            if account:
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        return made[-1]

    yield new
    for one in made:
        one.control("stop", "-m", "immediate")
        shutil.rmtree(one.folder)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


COPIED = "it is a copy, or reached in another way"


def test_a_physical_copy_is_not_marked_on_another_port_or_address_nor_by_its_socket(
    staging: World, copied: Callable[..., Copy]
) -> None:
    staging.mark("staging")
    copy = copied()
    port, name = free_port(), staging.address.database
    copy.start("127.0.0.1", port)
    refused(staging, name, f"this server is at 127.0.0.1 port {port}: {COPIED}", port=port)
    by_socket = {"host": str(copy.folder), "port": port}
    refused(staging, name, f"this server is at a Unix socket port {port}: {COPIED}", **by_socket)
    copy.control("stop", "-m", "fast")
    copy.start("127.0.0.2", staging.address.port)
    refused(staging, name, f"this server is at 127.0.0.2 port .*: {COPIED}", host="127.0.0.2")
    # A tunnel changes the address that leads there, not the one that the server has.
    with closing(Proxy(replace(staging.address, host="127.0.0.2"))) as tunnel:
        refused(staging, name, "this server is at 127.0.0.2", port=tunnel.address.port)
    with closing(Proxy(staging.address)) as tunnel:
        listed(replace(staging, address=tunnel.address)).seed("staging")


def test_a_promoted_standby_is_not_marked(staging: World, copied: Callable[..., Copy]) -> None:
    staging.mark("staging")
    copy = copied("-R")
    port, name = free_port(), staging.address.database
    copy.start("127.0.0.1", port)
    standby = replace(staging.owner, port=port)
    with Cluster(standby).connect() as person:
        assert person.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    with pytest.raises(GuardRefused, match="the server is a standby"):
        listed(replace(staging, address=replace(staging.address, port=port))).seed("staging")
    copy.control("promote")
    with Cluster(standby).connect() as person:
        again = "SELECT pg_is_in_recovery()"
        assert eventually(lambda: person.execute(again).fetchone() == (False,), 30)
    refused(staging, name, f"this server is at 127.0.0.1 port {port}: {COPIED}", port=port)


def test_a_copy_in_the_place_of_the_original_is_not_told_apart(
    server: Server, staging: World, copied: Callable[..., Copy]
) -> None:
    """The limit, as with two containers of equal addresses; docs/safety.md says so."""
    staging.mark("staging")
    copy = copied()
    server.stop()
    try:
        copy.start("127.0.0.1", staging.address.port)
        staging.seed("staging")
        copy.control("stop", "-m", "fast")
    finally:
        server.start()
    assert staging.seed("staging")  # the original is as it was


@pytest.mark.parametrize("environment", ["dev", "test", "ci", "ci-local"])
def test_the_embedded_server_is_known_through_a_tunnel_and_its_copy_is_not(
    server: Server,
    world: World,
    copied: Callable[..., Copy],
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
) -> None:
    name = sql.Identifier(world.address.database)
    with world.superuser() as owner:
        owner.execute(sql.SQL("COMMENT ON DATABASE {} IS NULL").format(name))
    world.profile(environment)
    with pytest.raises(GuardRefused, match="has no marker"):
        world.seed(environment)
    copy, port = copied(), free_port()
    copy.start("127.0.0.1", port)
    monkeypatch.setenv("SEEDBED_HOME", str(server.home))
    assert embedded.identity(server.home) is not None
    with closing(Proxy(world.address)) as tunnel:
        replace(world, address=tunnel.address).seed(environment)
    other = replace(world, address=replace(world.address, port=port))
    with Cluster(replace(world.owner, port=port)).connect() as person:
        before = versions(person)
        with pytest.raises(GuardRefused, match="has no marker"):
            other.seed(environment)
        assert versions(person) == before


def test_on_the_embedded_server_too_a_marker_for_others_keeps_us_out(
    server: Server, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDBED_HOME", str(server.home))
    with world.superuser() as owner:
        mark(owner, "staging", 1, world.dataset.tables)
    with pytest.raises(GuardRefused, match="for environment 'staging', not 'dev'"):
        world.seed()
