"""The guard on a real server: what is found, what is refused, and what the sentences say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from seedbed.declare.errors import BadSetting
from seedbed.engine.run import Run
from seedbed.engine.settings import Limits, Profile
from seedbed.postgres import record
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.connect import connect
from seedbed.postgres.errors import EarlierRecord
from seedbed.postgres.guard.errors import GuardRefused, NoTables, NotOwner
from seedbed.postgres.guard.facts import read_facts
from seedbed.postgres.guard.grants import grants
from seedbed.postgres.guard.guard import Evidence, examine, mark, recheck, require

Connection = psycopg.Connection[Any]

TABLES = ("orders", "sales.invoices")
APP = {"APP_ENV": "staging"}
MARK_IT = "if this is not production, let its owner run `seedbed mark staging`"


def run(connection: Connection, statement: str | sql.Composed) -> None:
    connection.execute(statement)
    connection.commit()


def profile(address: Address, name: str = "staging", **guard: object) -> Profile:
    rules = {"shared": True, "hosts": (address.host,), "databases": (address.database,)}
    return Profile.model_validate(
        {"name": name, "datasets": ("commerce",), "guard": guard or rules}
    )


@pytest.fixture
def owner(connection: Connection) -> Connection:
    """The fresh database with two managed tables, and one that refers to them."""
    run(connection, "CREATE TABLE orders (id int PRIMARY KEY)")
    run(connection, "CREATE SCHEMA sales")
    run(connection, "CREATE TABLE sales.invoices (id int PRIMARY KEY)")
    run(connection, 'CREATE TABLE sales."Late fees" (invoice int REFERENCES sales.invoices)')
    run(connection, "INSERT INTO orders SELECT generate_series(1, 100)")
    return connection


@pytest.fixture
def restricted(owner: Connection, address: Address) -> Iterator[Address]:
    """The address of a role that has what `grants` prints."""
    role = f"Seed {uuid4().hex[:8]}"
    name = sql.Identifier(role)
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal("Kanarienvogel"))
    run(owner, create)
    run(owner, grants(owner, TABLES, role))
    yield replace(address, user=role, password="Kanarienvogel")
    run(owner, sql.SQL("DROP OWNED BY {}").format(name))
    run(owner, sql.SQL("DROP ROLE {}").format(name))


@pytest.fixture
def role(restricted: Address) -> Iterator[Connection]:
    """A connection of the restricted role, as `connect` opens it."""
    with connect(restricted, "seedbed:test:guard", Limits.model_validate({})) as connection:
        yield connection


def refusal(found: tuple[Evidence, ...]) -> str:
    with pytest.raises(GuardRefused) as caught:
        require(found)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_all_six_layers_pass_for_a_marked_database_and_a_restricted_role(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    found = examine(role, address, profile(address), APP, TABLES)
    assert [(one.layer, one.name, one.passed) for one in found] == [
        (1, "variables", True),
        (2, "place", True),
        (3, "role", True),
        (4, "marker", True),
        (5, "recheck", True),
        (6, "size", True),
    ]
    until = read_facts(owner).today + timedelta(days=30)
    assert found[3].detail == f"marked for staging until {until}"
    require(found)
    recheck(role, profile(address))


def test_a_superuser_is_refused_in_a_shared_environment(
    owner: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    said = refusal(examine(owner, address, profile(address), APP, TABLES))
    assert said.startswith("guard layer 3 (role): the role has SUPERUSER")
    assert said.endswith("; use a role that has only what `seedbed grants staging` prints")


@pytest.mark.parametrize("attribute", ["BYPASSRLS", "REPLICATION", "CREATEROLE"])
def test_a_role_with_more_than_it_needs_is_refused(
    owner: Connection, role: Connection, address: Address, attribute: str
) -> None:
    mark(owner, "staging", 30, TABLES)
    name = sql.Identifier(role.info.user)
    run(owner, sql.SQL("ALTER ROLE {} {}").format(name, sql.SQL(attribute)))
    found = examine(role, address, profile(address), APP, TABLES)
    assert found[2].detail == f"the role has {attribute} (role {role.info.user!r})"
    assert not found[2].passed


def test_membership_in_a_superuser_role_is_refused(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    strong = sql.Identifier(owner.info.user)
    run(owner, sql.SQL("GRANT {} TO {}").format(strong, sql.Identifier(role.info.user)))
    found = examine(role, address, profile(address), APP, TABLES)
    assert not found[2].passed
    assert f"(role {owner.info.user!r})" in found[2].detail


OWNS = "guard layer 3 (role): the role owns the database, or is a member of its owner; "
RESTRICT = "use a role that has only what `seedbed grants staging` prints"


@pytest.fixture
def owned(owner: Connection, role: Connection, address: Address) -> Iterator[sql.Identifier]:
    """The run's role, which owns the database while the test runs."""
    name, database = sql.Identifier(role.info.user), sql.Identifier(address.database)
    give = sql.SQL("ALTER DATABASE {} OWNER TO {}")
    run(owner, give.format(database, name))
    yield name
    run(owner, give.format(database, sql.Identifier(owner.info.user)))


@pytest.mark.usefixtures("owned")
def test_a_role_that_owns_the_database_could_mark_it_and_is_refused(
    role: Connection, address: Address
) -> None:
    mark(role, "staging", 30, ("orders",))
    assert refusal(examine(role, address, profile(address), APP, TABLES)) == OWNS + RESTRICT


def test_membership_in_the_owner_is_refused_even_where_it_is_not_inherited(
    owner: Connection, role: Connection, address: Address, owned: sql.Identifier
) -> None:
    group = sql.Identifier(f"Owners {uuid4().hex[:8]}")
    mark(owner, "staging", 30, TABLES)
    run(owner, sql.SQL("CREATE ROLE {} NOLOGIN").format(group))
    run(owner, sql.SQL("ALTER ROLE {} NOINHERIT").format(owned))
    run(owner, sql.SQL("GRANT {} TO {}").format(group, owned))
    database = sql.Identifier(address.database)
    run(owner, sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, group))
    try:
        said = refusal(examine(role, address, profile(address), APP, TABLES))
    finally:
        role.rollback()
        run(owner, sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, owned))
        run(owner, sql.SQL("DROP ROLE {}").format(group))
    assert said == OWNS + RESTRICT


@pytest.mark.usefixtures("owned")
def test_an_environment_of_ones_own_may_own_its_database(
    role: Connection, address: Address
) -> None:
    dev = profile(address, "dev", shared=False)
    mark(role, "dev", 30, TABLES)
    found = examine(role, address, dev, {}, TABLES)
    require(found)
    assert found[2].detail == (
        "warning: the role owns the database, or is a member of its owner; "
        "a shared environment refuses it"
    )


def test_a_database_without_marker_is_refused_with_the_command_that_marks_it(
    role: Connection, address: Address
) -> None:
    said = refusal(examine(role, address, profile(address), APP, TABLES))
    missing = f"database {address.database!r} has no marker"
    assert said == f"guard layer 4 (marker): {missing}; {MARK_IT}"


OTHER = {
    "garbage": (None, "the marker in the comment of database '{db}' is unreadable"),
    "environment": ({"env": "test"}, "the marker is for environment 'test', not 'staging'"),
    "cluster": (
        {"sysid": "7000000000000000000"},
        "the marker was written on another server; this database is a copy",
    ),
    "oid": ({"dboid": 1}, "the marker was written for another database of this server"),
    "name": ({"db": "shop"}, "the marker is for database 'shop', this one is '{db}'"),
    "port": (
        {"port": 1},
        "the marker was written at 127.0.0.1 port 1, and this server is at 127.0.0.1 port {port}: "
        "it is a copy, or reached in another way",
    ),
    "address": (
        {"addr": "10.0.0.5"},
        "the marker was written at 10.0.0.5 port {port}, and this server is at 127.0.0.1 port "
        "{port}: it is a copy, or reached in another way",
    ),
    "earlier": (
        {"addr": None, "port": None},
        "an earlier version wrote the marker, without the server's address",
    ),
    "expired": ({"expires": "{yesterday}"}, "the marker expired on {yesterday}"),
    "too far": (
        {"expires": "{far}"},
        "the marker expires on {far}, more than 90 days from today",
    ),
}


@pytest.mark.parametrize(("change", "problem"), OTHER.values(), ids=OTHER)
def test_a_marker_that_is_not_for_here_and_today_is_refused(
    owner: Connection,
    role: Connection,
    address: Address,
    change: dict[str, object] | None,
    problem: str,
) -> None:
    line = mark(owner, "staging", 90, TABLES)
    today = read_facts(owner).today
    days = {"yesterday": str(today - timedelta(days=1)), "far": str(today + timedelta(days=91))}

    def fill(text: object) -> object:
        return (
            text.format(db=address.database, port=address.port, **days)
            if isinstance(text, str)
            else text
        )

    content = json.loads(line.removeprefix("seedbed:"))
    changed = {**content, **{key: fill(value) for key, value in (change or {}).items()}}
    written = "seedbed:{garbage}" if change is None else f"seedbed:{json.dumps(changed)}"
    comment_on(owner, address, written)
    said = refusal(examine(role, address, profile(address), APP, TABLES))
    assert said == f"guard layer 4 (marker): {fill(problem)}; {MARK_IT}"
    with pytest.raises(GuardRefused):
        recheck(role, profile(address))


def comment_on(owner: Connection, address: Address, text: str) -> None:
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    run(owner, statement.format(sql.Identifier(address.database), sql.Literal(text)))


def test_a_host_or_database_that_is_not_listed_is_refused(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    other_host = profile(address, shared=True, hosts=("h",), databases=(address.database,))
    other_name = profile(address, shared=True, hosts=(address.host,), databases=("d",))
    said = refusal(examine(role, address, other_host, APP, TABLES))
    assert said.startswith(f"guard layer 2 (place): {address.host!r} is not in guard.hosts; ")
    said = refusal(examine(role, address, other_name, APP, TABLES))
    assert said.startswith(
        f"guard layer 2 (place): {address.database!r} is not in guard.databases; "
    )


def test_a_marker_that_goes_away_stops_the_next_write_transaction(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    with role.transaction():
        recheck(role, profile(address))
    comment_on(owner, address, "no longer")
    with pytest.raises(GuardRefused) as caught, role.transaction():
        recheck(role, profile(address))
    missing = f"database {address.database!r} has no marker"
    assert str(caught.value) == f"guard layer 5 (recheck): {missing}; {MARK_IT}"


@pytest.mark.parametrize(
    ("rows", "then", "passes"),
    [
        (10_100, "ANALYZE orders", True),
        (10_101, "ANALYZE orders", False),
        (10_100, "SELECT 'not analysed'", True),
        (10_101, "SELECT 'not analysed'", False),
    ],
)
def test_a_table_that_grew_tenfold_and_by_ten_thousand_rows_is_refused(
    owner: Connection, role: Connection, rows: int, then: str, passes: bool
) -> None:
    run(owner, "ALTER TABLE orders SET (autovacuum_enabled = off)")
    mark(owner, "staging", 30, TABLES)
    run(owner, f"INSERT INTO orders SELECT generate_series(101, {rows})")
    run(owner, then)
    address = Address(owner.info.host, owner.info.port, owner.info.dbname)
    size = examine(role, address, profile(address), APP, TABLES)[-1]
    assert (size.layer, size.passed) == (6, passes)
    if not passes:
        said = "table 'orders' had 100 rows when marked and has 10101 or more now"
        assert (size.detail, size.remedy) == (said, MARK_IT)


def write_record(owner: Connection, added: int, removed: int = 0) -> None:
    """A step of a run of ours, as the run itself records it."""
    record.prepare(owner)
    author = record.Author(str(uuid4()), "seed", "staging", "commerce-1")
    day = date(2026, 1, 1)
    coordinates = Run("commerce", 42, day, day, 1)
    record.write(owner, author, coordinates, "orders", added=added, removed=removed)
    owner.commit()


def size_of(owner: Connection, role: Connection, address: Address, rows: int) -> Evidence:
    """Layer 6, once `orders` has so many rows."""
    run(owner, f"INSERT INTO orders SELECT generate_series(101, {rows})")
    run(owner, "ANALYZE orders")
    return examine(role, address, profile(address), APP, TABLES)[-1]


@pytest.mark.parametrize(("rows", "passes"), [(30_100, True), (30_101, False)])
def test_rows_that_our_own_runs_added_since_the_mark_are_not_suspicious(
    owner: Connection, role: Connection, address: Address, rows: int, passes: bool
) -> None:
    mark(owner, "staging", 30, TABLES)
    write_record(owner, added=25_000)
    write_record(owner, added=0, removed=5_000)
    run(owner, grants(owner, TABLES, role.info.user))
    size = size_of(owner, role, address, rows)
    assert (size.layer, size.passed) == (6, passes)


def test_rows_that_our_runs_added_before_the_mark_allow_nothing(
    owner: Connection, role: Connection, address: Address
) -> None:
    write_record(owner, added=25_000)
    mark(owner, "staging", 30, TABLES)
    run(owner, grants(owner, TABLES, role.info.user))
    assert not size_of(owner, role, address, 10_101).passed


def test_runs_that_removed_more_than_they_added_take_nothing_away(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    write_record(owner, added=0, removed=5_000)
    run(owner, grants(owner, TABLES, role.info.user))
    assert size_of(owner, role, address, 10_100).passed


def test_a_record_that_the_role_may_not_read_allows_nothing(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    write_record(owner, added=25_000)
    assert not size_of(owner, role, address, 10_101).passed


def test_an_older_marker_that_does_not_say_when_it_was_written_allows_nothing(
    owner: Connection, role: Connection, address: Address
) -> None:
    content = json.loads(mark(owner, "staging", 30, TABLES).removeprefix("seedbed:"))
    del content["marked"]
    comment_on(owner, address, f"seedbed:{json.dumps(content)}")
    write_record(owner, added=25_000)
    run(owner, grants(owner, TABLES, role.info.user))
    found = examine(role, address, profile(address), APP, TABLES)
    require(found)
    assert not size_of(owner, role, address, 10_101).passed


OWN = ["dev", "test", "ci", "ci-local"]


@pytest.mark.parametrize("name", OWN)
def test_an_environment_of_ones_own_needs_the_marker_too_and_only_warns_of_a_superuser(
    owner: Connection, address: Address, name: str
) -> None:
    dev = profile(address, name, shared=False)
    said = f"database {address.database!r} has no marker"
    remedy = f"if this is not production, let its owner run `seedbed mark {name}`"
    found = examine(owner, address, dev, {}, TABLES)
    assert [(one.layer, one.passed) for one in found] == [
        *((1, True), (2, True), (3, True)),
        *((4, False), (5, False), (6, False)),
    ]
    assert refusal(found) == f"guard layer 4 (marker): {said}; {remedy}"
    with pytest.raises(GuardRefused):
        recheck(owner, dev)
    mark(owner, name, 30, TABLES)
    found = examine(owner, address, dev, {}, TABLES)
    assert [(one.layer, one.passed) for one in found] == [(n, True) for n in range(1, 7)]
    assert found[2].detail.startswith("warning: the role has SUPERUSER")
    recheck(owner, dev)


def test_no_other_environment_writes_to_a_marked_database(
    owner: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    dev = profile(address, "dev", shared=False)
    said = "the marker is for environment 'staging', not 'dev'"
    assert refusal(examine(owner, address, dev, {}, TABLES)) == (
        f"guard layer 4 (marker): {said}; "
        "if this is not production, let its owner run `seedbed mark dev`"
    )


def test_a_server_that_hides_its_identifier_is_refused_with_the_grant_that_helps(
    owner: Connection, role: Connection, address: Address
) -> None:
    mark(owner, "staging", 30, TABLES)
    run(owner, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    said = refusal(examine(role, address, profile(address), APP, TABLES))
    assert said == (
        "guard layer 4 (marker): the role may not call pg_control_system(), which staging needs; "
        "let a superuser run GRANT EXECUTE ON FUNCTION pg_control_system() TO "
        f'"{role.info.user}"'
    )
    with pytest.raises(GuardRefused):
        recheck(role, profile(address))
    role.rollback()
    found = examine(role, address, profile(address), APP, TABLES)
    assert [(one.layer, one.passed) for one in found] == [
        *((1, True), (2, True), (3, True)),
        *((4, False), (5, False), (6, False)),
    ]


def test_marking_keeps_the_comment_and_replaces_the_older_marker(
    owner: Connection, address: Address
) -> None:
    comment_on(owner, address, "Owned by Ann's team.\nAsk in #db.")
    mark(owner, "test", 1, TABLES)
    line = mark(owner, "staging", 30, TABLES)
    facts = read_facts(owner)
    assert facts.comment == f"Owned by Ann's team.\nAsk in #db.\n{line}"
    content = json.loads(line.removeprefix("seedbed:"))
    marked = datetime.fromisoformat(content.pop("marked"))
    assert timedelta(0) <= datetime.now(UTC) - marked < timedelta(minutes=5)
    assert content == {
        "env": "staging",
        "sysid": facts.sysid,
        "dboid": facts.dboid,
        "db": address.database,
        "addr": "127.0.0.1",
        "port": address.port,
        "named": [],
        "expires": str(facts.today + timedelta(days=30)),
        "rows": {"orders": 100, "sales.invoices": 0},
    }
    schemas = owner.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'seedbed'").fetchall()
    assert schemas == [(1,)]


def test_only_the_owner_marks(role: Connection, address: Address) -> None:
    with pytest.raises(NotOwner) as caught:
        mark(role, "staging", 30, ("orders",))
    assert str(caught.value) == (
        f"database {address.database!r} can be marked by its owner only "
        "(InsufficientPrivilege (SQLSTATE 42501): "
        f"must be owner of database {address.database}); run this again as its owner"
    )


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_marker_is_valid_for_one_to_ninety_days(owner: Connection, days: int) -> None:
    with pytest.raises(BadSetting) as caught:
        mark(owner, "staging", days, TABLES)
    assert str(caught.value) == f"seedbed mark: days must be 1 to 90, not {days}"


def test_grants_are_printed_in_full(owner: Connection, address: Address) -> None:
    database = sql.Identifier(address.database).as_string(owner)
    assert grants(owner, TABLES, 'se"ed').splitlines() == [
        "-- The role is not there yet. A password does not belong into this text: set it with "
        "\\password in psql, which asks for it and sends it hashed, and keep it in the URL of the "
        "worker's environment or in its passfile.",
        'CREATE ROLE "se""ed" LOGIN;',
        f'GRANT CONNECT, TEMP ON DATABASE {database} TO "se""ed";',
        'GRANT USAGE ON SCHEMA "public", "sales" TO "se""ed";',
        'GRANT SELECT, INSERT, UPDATE, DELETE ON "public"."orders", "sales"."invoices" TO '
        '"se""ed";',
        'GRANT SELECT ON "sales"."Late fees" TO "se""ed";',
        "CREATE SCHEMA IF NOT EXISTS seedbed;",
        'GRANT ALL ON SCHEMA "seedbed" TO "se""ed";',
        'GRANT ALL ON ALL TABLES IN SCHEMA "seedbed" TO "se""ed";',
    ]


def test_without_the_tables_there_is_nothing_to_grant(
    connection: Connection, address: Address
) -> None:
    with pytest.raises(NoTables) as caught:
        grants(connection, TABLES, "seed")
    assert str(caught.value) == (
        f"database {address.database!r} has none of the dataset's tables; create them first, "
        "or name another database"
    )


def test_a_record_of_runs_that_an_earlier_version_made_for_another_role_names_the_statement(
    owner: Connection, role: Connection
) -> None:
    record.prepare(owner)
    run(owner, "ALTER TABLE seedbed.runs DROP COLUMN updated")
    run(owner, grants(owner, TABLES, role.info.user))
    with pytest.raises(EarlierRecord) as caught:
        record.prepare(role)
    assert str(caught.value) == (
        "table seedbed.runs was made by an earlier version; let its owner run `ALTER TABLE "
        "seedbed.runs ADD COLUMN updated int8 NOT NULL DEFAULT 0`, then run again"
    )
