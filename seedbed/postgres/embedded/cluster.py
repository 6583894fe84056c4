"""The embedded server's cluster: its files, its process and its databases."""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import shutil
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from seedbed.postgres.embedded import home
from seedbed.postgres.embedded.binaries import Programs
from seedbed.postgres.embedded.errors import CommandFailed, OtherVersion, SchemaFailed

HOST = "127.0.0.1"
ROLE = "seedbed"
PATIENCE = 120.0
"""Seconds to start or stop: recovery after a crash replays at most `max_wal_size`."""

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "off",  # a crash may lose the last second's commits, never consistency
    "track_counts": "on",  # autovacuum and the statistics after a seed need it
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Given on the command line, so that they also hold for a cluster that an older version made."""

BUILTIN_LOCALES = 17
"""The first version with locales that do not depend on the operating system."""

APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND

PASSING = ("Address already in use", "is still in use")
"""In the log when another try can succeed: a port was taken, or the sessions of a killed
server have not noticed yet that it is gone."""

ANY_TABLE = """
SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LIMIT 1
"""


@dataclass(frozen=True)
class Server:
    """Where the running server listens; the role is a superuser."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    version: int
    """Major version: 18."""


def create(folder: Path, programs: Programs) -> None:
    """Make the cluster beside its place and move it there: a killed initdb leaves no `data`."""
    fresh, password = folder / f"data-{secrets.token_hex(4)}", folder / "password"
    fresh.mkdir(mode=0o700)
    password.unlink(missing_ok=True)
    home.written(password, secrets.token_urlsafe(24))
    for path, flags in ((fresh, os.O_RDONLY), (password, os.O_RDONLY), (folder / "log", APPEND)):
        _give(path, flags, programs.account)
    # The same sort order on every machine, whatever its operating system's locales are.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if programs.version < BUILTIN_LOCALES:
        locale = ["--lc-ctype=C.UTF-8"]
    access = ["-U", ROLE, f"--pwfile={password}", "--auth=scram-sha-256"]
    content = ["--encoding=UTF8", "--locale=C", *locale, "--data-checksums"]
    result = programs.run("initdb", "-D", fresh, *access, *content, "--no-instructions")
    if result.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CommandFailed("initdb", result.stdout)
    fresh.rename(folder / "data")


def _give(path: Path, flags: int, account: pwd.struct_passwd | None) -> None:
    """Make it the server's user's: what was opened, not what a link of that name leads to."""
    handle = os.open(path, flags | os.O_NOFOLLOW) if path.is_dir() else home.opened(path, flags)
    try:
        if account:
            os.fchown(handle, account.pw_uid, account.pw_gid)
    finally:
        os.close(handle)


def start(folder: Path, programs: Programs) -> None:
    """Start the cluster; returns without a server when another try can succeed."""
    data, log = folder / "data", folder / "log"
    made_by = int((data / "PG_VERSION").read_text())
    if made_by != programs.version:
        raise OtherVersion(data, made_by, programs.version)
    for left in folder.glob("data-*"):  # of a killed first start; its initdb may still run
        shutil.rmtree(left, ignore_errors=True)
    _forget_killed(data)
    settings = {**SETTINGS, "port": str(_port(folder / "port"))}
    options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
    written = log.lstat().st_size
    wait = ["-w", "-t", f"{PATIENCE:.0f}"]
    result = programs.run("pg_ctl", "start", "-D", data, "-l", log, "-o", options, *wait)
    if result.returncode:
        with os.fdopen(home.opened(log, os.O_RDONLY), errors="replace") as file:
            file.seek(written)
            said = file.read()
        if not any(words in said for words in PASSING):
            raise CommandFailed("pg_ctl start", f"{result.stdout}{said}")
        time.sleep(0.5)


def postmaster(data: Path) -> psutil.Process | None:
    """The living server process of this cluster."""
    try:
        process = psutil.Process(_recorded_pid(data))
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return None
        if not _serves(process, data):
            return None
        # Root in a container may not look at where another user's process works.
        with suppress(psutil.AccessDenied):
            return process if Path(process.cwd()) == data.resolve() else None
        return process
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def _serves(process: psutil.Process, data: Path) -> bool:
    """Whether the process was started for this cluster, by the user that it belongs to.

    The number alone stands in a file of the cluster, and is given to somebody else's process once
    ours is gone; `stop` signals it.
    """
    told = process.cmdline()
    places = [Path(place) for option, place in pairwise(told) if option == "-D"]
    owner = data.stat().st_uid
    return any(one.resolve() == data.resolve() for one in places) and process.uids().real == owner


def _recorded_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().partition("\n")[0])


def _forget_killed(data: Path) -> None:
    """Remove the pid file when its pid is a zombie or was given to another program.

    PostgreSQL takes either for a running server and would refuse to start for ever (in a
    container nobody may collect the zombie). It still notices sessions that are left.
    """
    with suppress(FileNotFoundError, ValueError):
        if psutil.pid_exists(_recorded_pid(data)):
            (data / "postmaster.pid").unlink()


def _port(file: Path) -> int:
    """The port of last time, if it is free, else a new one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((HOST, int(home.read(file))))
        except (OSError, ValueError):
            probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    home.written(file, str(port))
    return port


def create_database(server: Server, name: str, schema: Path | None) -> None:
    """Create the database unless it exists; apply `schema` to it while it has no table.

    One transaction holds the whole file, and a lock that ends with the session lets one
    process at a time do it, so that a process killed half-way leaves nothing to repair.
    """
    with _connected(server, "postgres") as server_wide:
        server_wide.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
        known = server_wide.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        if known.rowcount == 0:
            # template0: what somebody added to template1 must not make databases differ.
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
            server_wide.execute(create.format(sql.Identifier(name)))
            # The role is called like the schema that records runs: by default its sessions would
            # look for, and make, the application's tables there.
            path = sql.SQL("ALTER DATABASE {} SET search_path = public")
            server_wide.execute(path.format(sql.Identifier(name)))
        if schema is None:
            return
        with _connected(server, name) as database, database.transaction():
            if database.execute(ANY_TABLE).rowcount == 0:
                try:
                    database.execute(schema.read_bytes())
                except psycopg.Error as error:
                    raise SchemaFailed(schema, name, error) from error


def drop_database(server: Server, name: str) -> None:
    """Remove a database with all that is in it, ending the sessions in it."""
    with _connected(server, "postgres") as server_wide:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        server_wide.execute(drop.format(sql.Identifier(name)))


def _connected(server: Server, database: str) -> psycopg.Connection:
    """A session in autocommit; the options that the environment could spoil are set."""
    return psycopg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname=database,
        sslmode="disable",
        gssencmode="disable",
        connect_timeout=10,
        autocommit=True,
    )
