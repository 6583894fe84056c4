"""Connections and what their errors say, on a real server: the reason, and never a secret."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from seedbed.declare.errors import SeedbedError
from seedbed.engine.settings import Limits
from seedbed.postgres.connection import connect as module
from seedbed.postgres.connection import redact
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import connect, passing, pool, sentence, session
from seedbed.postgres.connection.connecting import ConnectFailure, connect_failure
from seedbed.postgres.connection.errors import (
    CannotConnect,
    EncryptionMismatch,
    LoginRefused,
    NoConnectRight,
    NoDatabase,
    NoEntry,
    NotPostgres,
    ReadOnlyServer,
    ReadOnlySetting,
    StartingUp,
    TimedOut,
    TooManyConnections,
    TooOld,
    UnknownHost,
    Unreachable,
)

Connection = psycopg.Connection[Any]

CANARY = "Kanarienvogel"
LIMITS = Limits.model_validate({"connect": 5})
NAME = "seedbed:test:connect"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The registered secrets, none at the start of a test."""
    fresh: set[str] = set()
    monkeypatch.setattr(redact, "_secrets", fresh)
    return fresh


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that `connect` made; none of them takes time."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


@pytest.fixture
def role(connection: Connection, address: Address) -> Iterator[Address]:
    """The address of a role whose password is the canary."""
    name = sql.Identifier(f"connect_{uuid4().hex[:8]}")
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(CANARY))
    run(connection, create)
    yield replace(address, user=name.as_string().strip('"'), password=CANARY)
    run(connection, sql.SQL("DROP ROLE {}").format(name))


def run(connection: Connection, statement: str | sql.Composed) -> None:
    connection.execute(statement)
    connection.commit()


def ask(connection: Connection, question: str) -> tuple[Any, ...]:
    rows: list[tuple[Any, ...]] = connection.execute(question).fetchall()
    assert len(rows) == 1
    return rows[0]


def failure(address: Address) -> ConnectFailure:
    """What `connect` raises; neither it nor its traceback holds the password."""
    with pytest.raises((CannotConnect, ReadOnlyServer)) as caught:
        connect(address, NAME, LIMITS)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert str(caught.value).startswith(f"{address}: ")
    error = caught.value
    assert isinstance(error, CannotConnect | ReadOnlyServer)
    return error


def test_a_connection_carries_its_name_and_the_settings_that_steps_rely_on(
    address: Address, secrets: set[str]
) -> None:
    with connect(address, f"{NAME}:{'long' * 20}", LIMITS) as connection:
        assert ask(connection, "SHOW application_name") == (f"{NAME}:{'long' * 20}"[:63],)
        assert connection.prepare_threshold is None
        assert ask(connection, "SHOW client_encoding") == ("UTF8",)
        assert ask(connection, "SELECT current_database()") == (address.database,)
    assert address.password in secrets


def test_the_environment_does_not_lead_elsewhere(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGDATABASE", "other")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=elsewhere")
    with connect(address, NAME, LIMITS) as connection:
        found = ask(connection, "SELECT current_database(), current_setting('search_path')")
    assert found == (address.database, '"$user", public')


def test_a_connection_that_only_reads_cannot_write(address: Address) -> None:
    with connect(address, NAME, LIMITS, read_only=True) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as caught:
            connection.execute("CREATE TABLE written (id int)")
        connection.rollback()
        assert ask(connection, "SELECT to_regclass('written') IS NULL") == (True,)
    assert sentence(caught.value) == (
        "ReadOnlySqlTransaction (SQLSTATE 25006): "
        "cannot execute CREATE TABLE in a read-only transaction"
    )


def test_a_wrong_password_is_tried_once(role: Address, sleeps: list[float]) -> None:
    error = failure(replace(role, password=f"{CANARY}-wrong"))
    assert type(error) is LoginRefused
    assert str(error) == (
        f"{role}: the server did not accept user and password; "
        "correct them in the URL, or in the passfile"
    )
    assert (sleeps, error.exit_code, passing(error)) == ([], 1, False)


def test_an_unknown_role_and_one_without_login_are_refused_like_a_wrong_password(
    connection: Connection, role: Address
) -> None:
    assert type(failure(replace(role, user="nobody_of_that_name"))) is LoginRefused
    name = sql.Identifier(role.user or "")
    run(connection, sql.SQL("ALTER ROLE {} NOLOGIN").format(name))
    assert type(failure(role)) is LoginRefused


def test_a_database_that_is_not_there_is_named_and_tried_once(
    role: Address, sleeps: list[float]
) -> None:
    error = failure(replace(role, database="not there"))
    assert type(error) is NoDatabase
    assert str(error) == (
        f"not there on {role.host}:{role.port}: there is no such database, "
        "or it accepts no connections; create it, or correct its name"
    )
    assert (sleeps, passing(error)) == ([], False)


def test_a_database_that_takes_no_connections_is_like_none(
    connection: Connection, role: Address
) -> None:
    name = sql.Identifier(role.database)
    with psycopg.connect(**keywords_of(connection), autocommit=True) as elsewhere:
        elsewhere.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            assert type(failure(role)) is NoDatabase
        finally:
            elsewhere.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def keywords_of(connection: Connection) -> dict[str, Any]:
    """How to reach the same server's `postgres` database."""
    info = connection.info
    return {
        "host": info.host,
        "port": info.port,
        "user": info.user,
        "password": info.password,
        "dbname": "postgres",
    }


def test_a_role_without_the_right_to_connect_is_told_what_gives_it(
    connection: Connection, role: Address
) -> None:
    name = sql.Identifier(role.database)
    run(connection, sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
    error = failure(role)
    assert type(error) is NoConnectRight
    assert str(error) == (
        f"{role}: the role may not connect to this database; "
        "let its owner run what `seedbed grants` prints"
    )


def test_a_server_that_has_no_tls_is_not_used_when_tls_is_demanded(role: Address) -> None:
    try:
        connect(replace(role, options={"sslmode": "require"}), NAME, LIMITS).close()
    except EncryptionMismatch as error:
        assert CANARY not in "".join(traceback.format_exception(error))
    else:
        pytest.skip("this server has TLS")


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_port_is_tried_three_times(
    role: Address, closed_port: int, sleeps: list[float]
) -> None:
    nowhere = replace(role, host="127.0.0.1", port=closed_port)
    error = failure(nowhere)
    assert type(error) is Unreachable
    assert str(error) == (
        f"{nowhere}: the server does not accept connections there (3 tries); "
        "start it, or correct host and port"
    )
    assert passing(error)
    first, second = sleeps
    assert 0.5 <= first <= 1
    assert 1 <= second <= 2


def test_a_role_at_its_limit_is_tried_five_times(
    connection: Connection, role: Address, sleeps: list[float]
) -> None:
    name = sql.Identifier(role.user or "")
    run(connection, sql.SQL("ALTER ROLE {} CONNECTION LIMIT 0").format(name))
    error = failure(role)
    assert type(error) is TooManyConnections
    assert (len(sleeps), passing(error)) == (4, True)


@contextmanager
def stranger(answer: bytes | None) -> Iterator[int]:
    """A server that is no PostgreSQL: it says `answer` and hangs up, or keeps silent."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                held.append(client)
                if answer is not None:
                    client.recv(1024)
                    client.sendall(answer)
                    client.close()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join()
        for client in held:
            client.close()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", NotPostgres), (b"", Unreachable)],
    ids=["something else", "nothing"],
)
@pytest.mark.usefixtures("sleeps")
def test_something_that_is_no_postgresql_is_told_from_one_that_hangs_up(
    role: Address, answer: bytes, kind: type[CannotConnect]
) -> None:
    with stranger(answer) as port:
        assert type(failure(replace(role, host="127.0.0.1", port=port))) is kind


def test_a_server_that_keeps_silent_is_given_up_in_the_profiles_time(role: Address) -> None:
    with stranger(None) as port, pytest.raises(TimedOut) as caught:
        limits = Limits.model_validate({"connect": 2})
        connect(replace(role, host="127.0.0.1", port=port), NAME, limits)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert passing(caught.value)


def test_a_read_only_server_is_refused_for_writing_and_serves_for_reading(
    connection: Connection, role: Address
) -> None:
    whose = {
        f'database "{role.database}"': f'ALTER DATABASE "{role.database}"',
        f'role "{role.user}"': f'ALTER ROLE "{role.user}"',
        f'role "{role.user}" in database "{role.database}"': (
            f'ALTER ROLE "{role.user}" IN DATABASE "{role.database}"'
        ),
    }
    for named, alter in whose.items():
        run(connection, f"{alter} SET default_transaction_read_only = on")
        with pytest.raises(ReadOnlySetting) as caught:
            connect(role, NAME, LIMITS)
        assert str(caught.value) == (
            f"{role}: default_transaction_read_only is on for {named}, so that nothing can be "
            f"written; unless that is meant, let its owner run {alter} SET "
            "default_transaction_read_only = off"
        )
        assert (caught.value.exit_code, passing(caught.value)) == (3, False)
    with connect(role, NAME, LIMITS, read_only=True) as reader:
        assert ask(reader, "SELECT 1") == (1,)
    for alter in whose.values():
        run(connection, f"{alter} SET default_transaction_read_only = off")
    connect(role, NAME, LIMITS).close()


def test_a_standby_is_told_apart_from_a_setting(
    role: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts(monkeypatch, ReadOnlyServer)  # the setting is off, so it must be a standby
    error = failure(role)
    assert type(error) is ReadOnlyServer
    assert str(error) == (
        f"{role}: the server is a standby, and takes no writes; name the primary server"
    )
    assert (error.exit_code, passing(error)) == (3, True)


def test_a_server_that_is_too_old_is_left_at_once(
    role: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OLDEST", 99_00_00)
    error = failure(role)
    assert type(error) is TooOld
    assert str(error) == f"{role}: the server is older than PostgreSQL 14; use a newer server"


def attempts(monkeypatch: pytest.MonkeyPatch, *kinds: type[ConnectFailure]) -> None:
    """Let the first attempts end so; those that follow are real."""
    left, real = list(kinds), module._attempt

    def attempt(keywords: dict[str, Any]) -> Connection | type[ConnectFailure]:
        return left.pop(0) if left else real(keywords)

    monkeypatch.setattr(module, "_attempt", attempt)


def test_a_starting_server_is_waited_for(
    address: Address, sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts(monkeypatch, *[StartingUp] * 20)
    with connect(address, NAME, LIMITS) as connection:
        assert ask(connection, "SELECT 1") == (1,)
    assert sleeps == [0.5] * 20


def test_a_server_that_starts_for_a_minute_is_given_up(
    role: Address, sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts(monkeypatch, *[StartingUp] * 1000)
    monkeypatch.setattr(time, "monotonic", lambda: 100 + sum(sleeps))
    error = failure(role)
    assert type(error) is StartingUp
    assert sum(sleeps) == 60


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", no encryption', NoEntry),
        ("FATAL:  the database system is starting up", StartingUp),
        ("FATAL:  the database system is not yet accepting connections", StartingUp),
        ("FATAL:  sorry, too many clients already", TooManyConnections),
        ("ERROR:  no more connections allowed (max_client_conn)", TooManyConnections),
        ("server is in hot standby mode", ReadOnlyServer),
        ("could not translate host name to address: Name or service not known", UnknownHost),
        (
            "failed to resolve host 'h': [Errno -3] Temporary failure in name resolution",
            Unreachable,
        ),
        ('root certificate file "/x/root.crt" does not exist', EncryptionMismatch),
        ("connection to server failed: Connection timed out", TimedOut),
        ("FATAL:  Passwort-Authentifizierung fehlgeschlagen", CannotConnect),
    ],
)
def test_libpqs_other_texts_are_told_apart(said: str, kind: type[ConnectFailure]) -> None:
    assert connect_failure(psycopg.OperationalError(said)) is kind


@pytest.fixture
def people(connection: Connection) -> Connection:
    """A table with one row, whose values no error may show."""
    run(
        connection,
        "CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL CHECK (email <> 'x'),"
        " boss int REFERENCES people)",
    )
    run(connection, "INSERT INTO people VALUES (4711, 'ann@example.org')")
    run(
        connection,
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'not for %', NEW.email USING ERRCODE = TG_ARGV[0]; END $$",
    )
    return connection


ROW = ("4711", "4712", "4713", "ann@", "bob@")
STATEMENTS = [
    (
        "INSERT INTO people VALUES (4711, 'bob@example.org')",
        "UniqueViolation (SQLSTATE 23505), constraint people_pkey, table public.people",
    ),
    (
        "INSERT INTO people VALUES (4712, NULL)",
        "NotNullViolation (SQLSTATE 23502), table public.people, column email",
    ),
    (
        "INSERT INTO people VALUES (4712, 'x')",
        "CheckViolation (SQLSTATE 23514), constraint people_email_check, table public.people",
    ),
    (
        "INSERT INTO people VALUES (4712, 'bob@example.org', 4713)",
        "ForeignKeyViolation (SQLSTATE 23503), constraint people_boss_fkey, table public.people",
    ),
    (
        "UPDATE people SET id = 'bob@example.org'",
        "InvalidTextRepresentation (SQLSTATE 22P02)",
    ),
    (
        "SELECT email::int FROM people",
        "InvalidTextRepresentation (SQLSTATE 22P02)",
    ),
    (
        "SELECT nothing FROM people",
        'UndefinedColumn (SQLSTATE 42703): column "nothing" does not exist',
    ),
    (
        "SELECT FROM nowhere",
        'UndefinedTable (SQLSTATE 42P01): relation "nowhere" does not exist',
    ),
    (
        "SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(1)",
        "QueryCanceled (SQLSTATE 57014): canceling statement due to statement timeout; "
        "raise limits.statement in the profile, or look for a foreign key without an index "
        "(`seedbed plan` names them)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "said"), STATEMENTS)
def test_an_error_of_a_statement_is_named_without_values_and_does_not_pass(
    people: Connection, statement: str, said: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        people.execute(statement.encode())
    assert sentence(caught.value) == said
    assert not any(value in sentence(caught.value) for value in ROW)
    assert not passing(caught.value)


@pytest.mark.parametrize("code", ["P0001", "42501", "53100"])
def test_what_a_trigger_says_is_not_repeated_whatever_code_it_gives(
    people: Connection, code: str
) -> None:
    people.execute(
        f"CREATE TRIGGER tells BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION tell('{code}')"
    )
    with pytest.raises(psycopg.Error) as caught:
        people.execute("INSERT INTO people VALUES (4712, 'bob@example.org')")
    assert caught.value.sqlstate == code
    assert "not for" not in sentence(caught.value)
    assert not any(value in sentence(caught.value) for value in ROW)


def test_a_lock_that_is_not_had_passes(people: Connection, address: Address) -> None:
    people.execute("LOCK TABLE people")
    with connect(address, NAME, LIMITS) as other:
        other.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            other.execute("SELECT FROM people")
        assert sentence(caught.value) == (
            "LockNotAvailable (SQLSTATE 55P03): canceling statement due to lock timeout; another "
            "session holds the lock; wait for its end, or raise limits.lock in the profile"
        )
        assert passing(caught.value)


def test_a_serialization_failure_passes(people: Connection, address: Address) -> None:
    people.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    people.execute("SELECT FROM people")
    with connect(address, NAME, LIMITS) as other:
        other.execute("UPDATE people SET email = 'bob@example.org'")
    with pytest.raises(psycopg.errors.SerializationFailure) as caught:
        people.execute("UPDATE people SET email = 'ann@example.org'")
    assert passing(caught.value)


def test_a_session_that_was_ended_passes_and_so_does_its_next_statement(
    people: Connection, address: Address
) -> None:
    with suppress(psycopg.OperationalError), connect(address, NAME, LIMITS) as lost:
        pid = lost.info.backend_pid
        people.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(psycopg.OperationalError) as first:
            lost.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError) as second:
            lost.execute("SELECT 1")
        assert passing(first.value)
        assert passing(second.value)
        assert sentence(second.value) == "the connection to the server was lost"


def test_a_wrong_call_of_psycopg_does_not_pass_and_shows_no_value(people: Connection) -> None:
    with pytest.raises(psycopg.ProgrammingError) as caught:
        people.execute("SELECT %s", ("ann@example.org", 4711))
    assert sentence(caught.value) == "psycopg refused the call: ProgrammingError"
    assert not passing(caught.value)
    assert not passing(ValueError("of the application"))


def test_a_pool_s_first_connection_asks_the_server_nothing_of_its_own(
    address: Address, people: Connection
) -> None:
    made = pool(address, NAME, LIMITS, 1)
    with closing(made.connect()) as pooled:
        connection = pooled.driver_connection
        assert isinstance(connection, psycopg.Connection)
        asked = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        (said,) = people.execute(asked, (connection.info.backend_pid,)).fetchone() or ("",)
        assert "version()" not in said
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people SELECT * FROM people")
    made.dispose()


def test_a_pool_opens_its_connections_as_connect_does(role: Address) -> None:
    made = pool(replace(role, password=f"{CANARY}-wrong"), NAME, LIMITS, 1)
    with pytest.raises(LoginRefused) as caught:
        made.connect()
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_session_does_not_wait_for_ever_behind_somebody_s_lock(
    address: Address, connection: Connection
) -> None:
    connection.execute("CREATE TABLE orders (id int)")
    connection.commit()
    connection.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
    limits = Limits.model_validate({"lock": 1})
    started = time.monotonic()
    with pytest.raises(SeedbedError) as caught, session(address, NAME, limits) as other:
        other.execute("SELECT FROM orders")
    assert 1 <= time.monotonic() - started < 5
    assert str(caught.value) == (
        "LockNotAvailable (SQLSTATE 55P03): canceling statement due to lock timeout; another "
        "session holds the lock; wait for its end, or raise limits.lock in the profile"
    )


def test_a_session_s_limits_end_with_its_transaction(address: Address) -> None:
    limits = Limits.model_validate({"lock": 7, "statement": 61})
    with session(address, NAME, limits, read_only=True) as other:
        assert other.execute("SHOW lock_timeout").fetchone() == ("7s",)
        assert other.execute("SHOW statement_timeout").fetchone() == ("61s",)
        other.rollback()
        assert other.execute("SHOW lock_timeout").fetchone() == ("0",)
