"""Every bad input: its exit code, its sentence, nothing written, and a password found nowhere.

One table. A row that says nothing about a database is refused before anything is opened; the others
get a database of their own, in which everything is right but for what the row arranges. The
password of every URL is a canary: at the end it is looked for in Prefect's database, in everything
that was written to disk, and in the list of processes. Profiles, URLs and the like that need no
command are in tests/unit (settings, address, minimums, pools) and test_command_line.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from psycopg import sql

from seedbed.cli.__main__ import main
from seedbed.cli.invoke import invoke
from seedbed.context.datasets import dataset
from seedbed.postgres.connection import connect
from seedbed.postgres.connection.lock import LEASE
from seedbed.postgres.embedded import binaries, cluster, embedded
from seedbed.postgres.guard import guard
from seedbed.server.api import Api
from seedbed.testing.contents import Contents, versions
from tests.flows.conftest import ROOT, Running
from tests.flows.runs import AS_OF

CANARY = "Zeisig-Canary/7F"
NEEDLE = "Zeisig-Canary"
"""What every spelling of it has in common; results are stored in base64."""
NEEDLES = (
    NEEDLE,
    *(base64.b64encode(b"x" * n + NEEDLE.encode())[4:-4].decode() for n in range(3)),
)
ROLE = "bad_input_runner"
COMMERCE = dataset("commerce")
SEED = "seed commerce --environment staging"
MARK_IT = "if this is not production, let its owner run `seedbed mark staging`"


@dataclass
class Place:
    """A database, marked for staging, in which the run's role has exactly its rights."""

    running: Running
    name: str
    owner: psycopg.Connection[Any]
    undo: ExitStack
    variables: dict[str, str] = field(default_factory=dict)
    user: str = ROLE
    password: str = CANARY
    host: str = "127.0.0.1"
    port: int = 0
    database: str = ""
    query: str = ""
    profile: str = ""
    allowed: str = ""
    changed: bool = False
    """Whether the next row needs another database."""

    def __post_init__(self) -> None:
        self.port, self.database = self.owner.info.port, self.name
        self.allowed = self.name

    @property
    def url(self) -> str:
        """As its user would write it."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{self.database}{self.query}"

    def does(self, statement: str) -> None:
        """As the application's owner."""
        self.changed = True
        self.owner.execute(statement.encode())

    def comment(self, text: str | None) -> None:
        """In place of the marker."""
        content = sql.SQL("NULL") if text is None else sql.Literal(text)
        name = sql.Identifier(self.name)
        self.owner.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, content))

    def marked(self, **change: object) -> None:
        """A marker with something else in it."""
        row = self.owner.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            (self.name,),
        ).fetchone()
        assert row is not None
        self.comment("seedbed:" + json.dumps(json.loads(row[0].removeprefix("seedbed:")) | change))

    def write_profile(self, folder: Path) -> None:
        """The profile `staging` for this place."""
        lines = f"""datasets = ["commerce"]
            retries = 0
            {self.profile}
            [database]
            variable = "SEEDBED_DATABASE_URL"
            [guard]
            shared = true
            hosts = ["127.0.0.1"]
            databases = ["{self.allowed}"]
            [limits]
            busy = 0
            connect = 2
        """
        (folder / "staging.toml").write_text(lines)


Arrange = Callable[[Place], object]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    about: str
    code: int
    said: str
    line: str = SEED
    arrange: Arrange | None = None
    environ: dict[str, str | None] = field(default_factory=dict)
    tries: int | None = None
    """How often it connects, where that matters."""
    seeded: bool = False
    """Whether the database holds the dataset before."""
    writes: bool = False
    """Whether what went well stays: steps that do not depend on the one that failed."""

    def __str__(self) -> str:
        return self.about


# -- exit 2: before anything is opened ------------------------------------------------------------


def url(about: str, value: str | None, said: str) -> Row:
    """A URL in the environment that cannot be right."""
    return Row(about, 2, said, environ={"SEEDBED_DATABASE_URL": value, "APP_ENV": "staging"})


def number(about: str, value: str, said: str, name: str = "CLIENT_POSTS") -> Row:
    """A count in the environment that cannot be right."""
    return Row(about, 2, said, "seed therapy", environ={f"SEEDBED_THERAPY_{name}": value})


P = quote(CANARY, safe="")
UNOPENED = [
    url("no URL", None, "names the variable SEEDBED_DATABASE_URL, which is not set; set it to"),
    url("an empty URL", "", "is empty; set it to postgresql://…, or unset it"),
    url("another database", f"mysql://u:{P}@h/d", "only PostgreSQL is supported"),
    url("no scheme", f"u:{P}@h/d", "does not begin with postgresql://"),
    url("letters for a port", f"postgresql://u:{P}@h:x/d", "write a number from 1 to 65535"),
    url("port 0", f"postgresql://u:{P}@h:0/d", "has a bad port"),
    url("port 65536", f"postgresql://u:{P}@h:65536/d", "has a bad port"),
    url("an @ in the password", f"postgresql://u:{P}@x@h/d", "write them as %40, %2F, %3F"),
    url("a / in the password", f"postgresql://u:{CANARY}@h/d", "write them as %40, %2F, %3F"),
    url("%zz in the password", f"postgresql://u:{P}%zz@h/d", "write % as %25"),
    url("a space in the password", f"postgresql://u:{P} x@h/d", "write a space as %20"),
    url("a line break at the end", f"postgresql://u:{P}@h/d\n", "has a space or a line break"),
    url("a [ without ]", f"postgresql://u:{P}@[::1/d", "write an IPv6 host as [::1]"),
    url("no host", f"postgresql://u:{P}@/d", "has no host"),
    url("two hosts", f"postgresql://u:{P}@h,i/d", "names several hosts"),
    url("no database", f"postgresql://u:{P}@h", "has no database; end it with /DATABASE"),
    url("options", f"postgresql://u:{P}@h/d?options=-csearch_path%3Dx", "sets options, which can"),
    url("a parameter with a letter too few", f"postgresql://u:{P}@h/d?sslmod=x", "'sslmode'?"),
    url("a host in the parameters", f"postgresql://u:{P}@h/d?host=prod", "unknown URL parameter"),
    url("an sslmode that there is not", f"postgresql://u:{P}@h/d?sslmode=on", "bad sslmode"),
    number("a negative count", "-1", "client_posts is '-1'; write a whole number from 0"),
    number("a fraction", "1.5", "client_posts is '1.5'; write a whole number from 0"),
    number("a word for a count", "many", "client_posts is 'many'; write a whole number from 0"),
    number("an absurd count", "9" * 30, "schema allows no more than"),
    number("an unknown level", "heavy", "level is 'heavy'; take light, medium, full", "LEVEL"),
    Row(
        "a misspelt requirement",
        2,
        "unknown environment variable SEEDBED_THERAPY_CLIENT_POST; did you mean "
        "SEEDBED_THERAPY_CLIENT_POSTS?",
        "seed therapy",
        environ={"SEEDBED_THERAPY_CLIENT_POST": CANARY},
    ),
    Row(
        "a misspelt dataset in a variable",
        2,
        "unknown environment variable SEEDBED_COMERCE_DATABASE_URL; did you mean "
        "SEEDBED_COMMERCE_DATABASE_URL?",
        "seed commerce",
        environ={"SEEDBED_COMERCE_DATABASE_URL": f"postgresql://u:{P}@h/d"},
    ),
    Row("a day that there is not", 2, "is no date", "seed commerce --as-of 2026-02-30"),
    Row("an unknown entity", 2, "did you mean 'orders'?", "plan commerce --only order"),
    Row("an unknown dataset", 2, "did you mean 'commerce'?", "reset comerce --confirm"),
    Row("reset without confirm", 2, "say --confirm to remove", "reset commerce"),
    Row("an empty folder of profiles", 2, "no environment in ", "plan", environ={"FOLDER": ""}),
    Row(
        "a misspelt setting",
        2,
        "unknown setting of dev.toml [limits] 'statment'; did you mean 'statement'?",
        "plan commerce",
        environ={"FOLDER": 'datasets = ["commerce"]\n[limits]\nstatment = 1'},
    ),
    Row(
        "a misspelt requirement in a profile",
        2,
        "unknown setting of [requirements.therapy] 'client_post'; did you mean 'client_posts'?",
        "plan therapy",
        environ={"FOLDER": 'datasets = ["therapy"]\n[requirements.therapy]\nclient_post = 1'},
    ),
    Row(
        "an unknown dataset in a profile",
        2,
        "unknown dataset 'comerce'; did you mean 'commerce'?",
        "plan",
        environ={"FOLDER": 'datasets = ["comerce"]'},
    ),
    *(
        Row(
            f"no folder for the state: {command} with {place}",
            2,
            f"has no access to {place}",
            command,
            environ={"SEEDBED_HOME": place, "PREFECT_API_URL": ""},
        )
        for place in (
            "/dev/null",
            "/dev/null/below",
            "/proc/nowhere",
            "/dev/zero",
            f"/tmp/{'x' * 300}",
        )
        for command in ("seed commerce", "db url commerce")
    ),
    *(
        Row(f"as of {day}", 2, f"as_of is {day}; take a day from 2000-01-01 to 2199-12-31", line)
        for line, day in (
            ("seed commerce --as-of 1970-01-05", "1970-01-05"),
            ("refresh commerce --as-of 9999-12-31", "9999-12-31"),
            ("plan commerce --as-of 0001-01-01", "0001-01-01"),
        )
    ),
    *(
        Row(
            f"no folder of profiles: {folder[:20]}",
            2,
            said,
            "plan commerce",
            environ={"SEEDBED_ENVIRONMENTS": folder},
        )
        for folder, said in {
            "/dev/zero": "no environment in /dev/zero: there is no file like dev.toml",
            f"/tmp/{'x' * 300}": "environments cannot be read (file name too long); correct its",
        }.items()
    ),
    Row(
        "a database that is not listed",
        3,
        "'shop' is not in guard.databases; correct the address, or add it",
        environ={
            "SEEDBED_DATABASE_URL": f"postgresql://u:{P}@127.0.0.1/shop",
            "APP_ENV": "staging",
        },
    ),
    Row(
        "a host that is not listed, in dev",
        3,
        "'db.prod' is not in guard.hosts",
        "seed commerce",
        environ={"SEEDBED_DATABASE_URL": f"postgresql://u:{P}@db.prod/commerce"},
    ),
]


# -- exit 1: cannot connect, or failed -------------------------------------------------------------


def served(answer: Callable[[socket.socket], None]) -> Arrange:
    """Something else listens where the server should."""

    def arrange(place: Place) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        place.port = int(listener.getsockname()[1])
        held: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    held.append(client)
                    with suppress(OSError):
                        answer(client)

        server = threading.Thread(target=serve, daemon=True)
        server.start()

        def stop() -> None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for one in held:
                one.close()
            server.join()

        place.undo.callback(stop)

    return arrange


def message(kind: bytes, content: bytes) -> bytes:
    """One message of PostgreSQL's protocol."""
    return kind + struct.pack("!I", len(content) + 4) + content


def started(client: socket.socket) -> None:
    """Decline encryption until the client sends its startup message."""
    while True:
        head = client.recv(8)
        length, code = struct.unpack("!II", head)
        if code not in (80877103, 80877104):
            client.recv(length)
            return
        client.sendall(b"N")


def old(client: socket.socket) -> None:
    """PostgreSQL 13."""
    started(client)
    told = {"server_version": "13.23", "client_encoding": "UTF8", "server_encoding": "UTF8"}
    client.sendall(message(b"R", struct.pack("!I", 0)))
    for name, value in told.items():
        client.sendall(message(b"S", f"{name}\0{value}\0".encode()))
    client.sendall(message(b"K", struct.pack("!II", 1, 1)) + message(b"Z", b"I"))


def fatal(code: str, text: str) -> Callable[[socket.socket], None]:
    """A server that turns everybody away."""

    def answer(client: socket.socket) -> None:
        started(client)
        client.sendall(message(b"E", f"SFATAL\0VFATAL\0C{code}\0M{text}\0\0".encode()))
        client.close()

    return answer


def web(client: socket.socket) -> None:
    """No PostgreSQL at all."""
    client.recv(8)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    client.close()


def silent(client: socket.socket) -> None:
    """Accepts, and says nothing."""


def closed(place: Place) -> None:
    """Nobody listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place.port = int(probe.getsockname()[1])


def at_its_limit(place: Place) -> None:
    """The role may not open one more connection."""
    place.does(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
    place.undo.callback(place.does, f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")


def put(name: str, value: Any) -> Arrange:
    """Another part of the address."""
    return lambda place: setattr(place, name, value)


def other_database(place: Place) -> None:
    """Listed, and not there."""
    place.database = place.allowed = "not_there"


def sql_of(*statements: str) -> Arrange:
    """The application has changed its schema."""
    return lambda place: place.does("; ".join(statements))


DROPS = """
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RETURN CASE WHEN NEW.order_number = ''STG-0007'' THEN NULL ELSE NEW END; END';
    CREATE TRIGGER swallows BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION swallow();
"""
VIEW = """
    CREATE TABLE elsewhere AS TABLE sellpage_stats_daily WITH NO DATA;
    DROP TABLE sellpage_stats_daily CASCADE;
    CREATE VIEW sellpage_stats_daily AS TABLE elsewhere;
    GRANT SELECT ON sellpage_stats_daily TO bad_input_runner;
"""
STATS = "sellpage_stats_daily"

FAILED = [
    Row("refused", 1, "does not accept connections there (3 tries)", arrange=closed, tries=3),
    Row("wrong password", 1, "did not accept user and password", tries=1,
        arrange=put("password", f"{CANARY}-wrong")),
    Row("unknown role", 1, "did not accept user and password", tries=1,
        arrange=put("user", "nobody_of_that_name")),
    Row("no such database", 1, "there is no such database", arrange=other_database, tries=1),
    Row("too many connections", 1, "too many connections are open (5 tries)", tries=5,
        arrange=at_its_limit),
    Row("too many clients", 1, "too many connections are open (5 tries)", tries=5,
        arrange=served(fatal("53300", "sorry, too many clients already"))),
    Row("starting up for ever", 1, "is still starting, stopping or recovering",
        arrange=served(fatal("57P03", "the database system is starting up"))),
    Row("no entry in pg_hba.conf", 1, "pg_hba.conf does not admit", tries=1,
        arrange=served(fatal("28000", 'no pg_hba.conf entry for host "::1", no encryption'))),
    Row("TLS mismatch", 1, "do not agree on encryption (TLS); correct sslmode", tries=1,
        arrange=put("query", "?sslmode=require")),
    Row("older than 14", 1, "the server is older than PostgreSQL 14", tries=1,
        arrange=served(old)),
    Row("not PostgreSQL", 1, "what answers there is not PostgreSQL", tries=1,
        arrange=served(web)),
    Row("silence", 1, "the server did not answer in time", tries=1, arrange=served(silent)),
    Row("unknown table", 1, f"table {STATS} does not exist or cannot be seen; nothing was written",
        arrange=sql_of(f"ALTER TABLE {STATS} RENAME TO put_away")),
    Row("unknown column", 1, f"table {STATS} has no column 'revenue'",
        arrange=sql_of(f"ALTER TABLE {STATS} DROP COLUMN revenue")),
    Row("a view in place of a table", 1, f"table {STATS} is not a table but a view or the like",
        arrange=sql_of(VIEW)),
    Row("a column that nothing fills", 1, f"table {STATS} requires 'added', which the declaration",
        arrange=sql_of(f"ALTER TABLE {STATS} ADD added int NOT NULL")),
    Row("a label that is gone", 1, "table campaigns takes no 'PAUSED' in 'status' (campaign_status)"
        ": 'PAUSED' is none of its labels ACTIVE, ON_HOLD, ARCHIVED, DELETED; declare one, or add",
        arrange=sql_of("ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'")),
    Row("a text that is too long", 1, "table campaigns takes no 'Cross-Sell Bundle Campaign' in",
        arrange=sql_of("ALTER TABLE campaigns ALTER name TYPE varchar(25)")),
    Row("a label that is gone, in a plan", 1, "every_declaration_fits has 3 violations, such as "
        "entity 'campaigns': table campaigns takes no 'PAUSED'",
        "plan commerce --environment staging",
        arrange=sql_of("ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'")),
    Row("a label that is gone, in verify", 1, "every_declaration_fits has 3 violations, such as "
        "entity 'campaigns': table campaigns takes no 'PAUSED'",
        "verify commerce --environment staging", seeded=True,
        arrange=sql_of("ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'")),
    Row("a rebuild that could not make them again", 1, "takes no 'PAUSED' in 'status'",
        "refresh commerce --environment staging --mode rebuild", seeded=True,
        arrange=sql_of("ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'")),
    Row("a reset without replica identity", 1, 'cannot delete from table "ads" because it does not '
        "have a replica identity", "reset commerce --environment staging --confirm", seeded=True,
        arrange=sql_of("CREATE PUBLICATION p FOR ALL TABLES",
                       "ALTER TABLE ads REPLICA IDENTITY NOTHING")),
    Row("rows missing after the load", 1, "orders failed", writes=True, arrange=sql_of(DROPS)),
]  # fmt: skip


# -- exit 3: refused -------------------------------------------------------------------------------


def superuser(place: Place) -> None:
    """The one who may do everything."""
    place.user, place.password = place.owner.info.user, place.owner.info.password


def busy(place: Place) -> None:
    """Another run of the dataset is active."""
    other = place.undo.enter_context(
        psycopg.connect(place.url, application_name="seedbed:commerce:0123abcd")
    )
    other.execute("SELECT pg_advisory_xact_lock(%s::int4, hashtext('commerce'))", (LEASE,))


def standby(place: Place) -> None:
    """A server that follows another one."""
    home = place.running.home / "standby"
    home.mkdir()
    home.chmod(0o755)
    server = embedded.ensure(home)
    embedded.create_database(server, place.name, COMMERCE.folder / "schema.sql")
    with psycopg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname=place.name,
        autocommit=True,
    ) as owner:
        guard.mark(owner, "staging", 30, COMMERCE.tables)
        create_role(owner)
        owner.execute(guard.grants(owner, COMMERCE.tables, ROLE, reads=COMMERCE.reads).encode())
    embedded.stop(home)
    folder = home / "postgres"
    (folder / "data" / "standby.signal").touch(mode=0o644)
    account = binaries.account_for(folder)
    cluster.start(folder, binaries.find(folder, os.environ, account))
    place.undo.callback(embedded.stop, home)
    place.port = int((folder / "port").read_text())


REAL = """
    INSERT INTO orders (id, seller_id, sellpage_id, order_number, customer_email)
    SELECT gen_random_uuid(), seller_id, id, 'REAL-1', 'real@person.example'
    FROM sellpages WHERE slug = 'staging-mouse-deal'
"""
AUDIT = """
    CREATE TABLE audit (what text);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.audit VALUES (OLD.id); RETURN NULL; END';
    CREATE TRIGGER tells AFTER DELETE ON sellers FOR EACH ROW EXECUTE FUNCTION tell();
"""
RESET = "reset commerce --environment staging --confirm"


def marker(about: str, said: str, arrange: Arrange) -> Row:
    """A marker that is not for here and today."""
    return Row(about, 3, f"guard layer 4 (marker): {said}", arrange=arrange)


REFUSED = [
    *(
        Row(f"APP_ENV {value!r}", 3, said, environ={"APP_ENV": value}, arrange=bool)
        for value, said in {
            "production": "guard layer 1 (variables): APP_ENV is 'production'; seedbed never runs",
            " staging": "guard layer 1 (variables): APP_ENV is ' staging'; set it to one of",
            "prod-eu": "guard layer 1 (variables): APP_ENV is 'prod-eu'; seedbed never runs",
            "": "guard layer 1 (variables): APP_ENV is ''",
        }.items()
    ),
    Row("APP_ENV unset", 3, "neither APP_ENV nor NODE_ENV is set; run `export APP_ENV=staging`",
        environ={"APP_ENV": None}, arrange=bool),
    marker("no marker", "database '{name}' has no marker; " + MARK_IT,
           lambda place: place.comment(None)),
    marker("a garbled marker", "the marker in the comment of database '{name}' is unreadable",
           lambda place: place.comment("seedbed:{garbage}")),
    marker("another environment's marker", "the marker is for environment 'test', not 'staging'",
           lambda place: place.marked(env="test")),
    marker("another cluster's marker", "the marker was written on another server",
           lambda place: place.marked(sysid="7000000000000000000")),
    marker("another oid's marker", "the marker was written for another database of this server",
           lambda place: place.marked(dboid=1)),
    marker("another name's marker", "the marker is for database 'shop', this one is '{name}'",
           lambda place: place.marked(db="shop")),
    marker("an expired marker", "the marker expired on 2026-01-01",
           lambda place: place.marked(expires="2026-01-01")),
    Row("superuser", 3, "guard layer 3 (role): the role has SUPERUSER", arrange=superuser),
    Row("row security hides rows", 3, "row security hides rows of orders from the role",
        arrange=sql_of("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")),
    Row("read-only", 3, 'default_transaction_read_only is on for database "bad_input"',
        arrange=sql_of("ALTER DATABASE bad_input SET default_transaction_read_only = on")),
    Row("standby", 3, "guard layer 3 (role): the server is a standby; name the primary server",
        arrange=standby),
    Row("another run is active", 3, "another run is active, seedbed:commerce:0123abcd since 20",
        arrange=busy),
    Row("prerequisite rows are missing", 3,
        "products lacks STAND-001 (by product_code); run the application's own migrations",
        arrange=sql_of("UPDATE products SET product_code = 'X' WHERE product_code = 'STAND-001'")),
    Row("upstream rows are missing", 3, "upstream rows are missing: orders (100 rows)",
        f"{SEED} --only order_items", arrange=bool),
    Row("pins under strict", 3, "nothing was removed, because rows that are not ours depend on",
        f"{RESET} --strict", arrange=sql_of(REAL), seeded=True),
    Row("fence", 3, "public.audit: 0 deleted instead of 0, 0 updated, 1 inserted", RESET,
        arrange=sql_of(AUDIT), seeded=True),
    Row("another seed", 3, "holds rows of seed 42, and this run asks for 43", f"{SEED} --seed 43",
        arrange=bool, seeded=True),
]  # fmt: skip


# -- the table -------------------------------------------------------------------------------------


def create_role(owner: psycopg.Connection[Any]) -> None:
    """The run's role, whose password is the canary."""
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    owner.execute(create.format(sql.Identifier(ROLE), sql.Literal(CANARY)))


class Watch:
    """Looks at the list of processes all the time."""

    def __init__(self) -> None:
        self.looks = 0
        self.found: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self.looks += 1
            for one in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    content = one.read_bytes()
                    if NEEDLE.encode() in content:
                        self.found.add(content)

    def end(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    """From the first row to the last."""
    made = Watch()
    yield made
    made.end()


@dataclass
class Templates:
    """What the databases are copied from: empty, and seeded as staging is."""

    running: Running
    began: float
    clean: bool = False
    """Whether the last row's database is as good as a new one."""

    def connect(self, name: str) -> psycopg.Connection[Any]:
        """As the superuser."""
        server = embedded.ensure(self.running.home)
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=name,
            autocommit=True,
            options="-c search_path=public",  # the superuser is called like our schema
        )

    def copied(self, name: str, template: str) -> None:
        """A database with that content."""
        with self.connect("postgres") as owner:
            owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


@pytest.fixture(scope="module")
def templates(running: Running, watch: Watch) -> Templates:
    """The empty one; `seeded` is made by the test that everything is right in."""
    made = Templates(running, time.time())
    server = embedded.ensure(running.home)
    embedded.create_database(server, "bad_empty", COMMERCE.folder / "schema.sql")
    with made.connect("bad_empty") as owner:
        create_role(owner)
        owner.execute(guard.grants(owner, COMMERCE.tables, ROLE, reads=COMMERCE.reads).encode())
    return made


@pytest.fixture
def place(templates: Templates, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A marked database for one row."""
    row = getattr(request, "param", None)
    seeded = row is not None and row.seeded
    if seeded or not templates.clean:
        templates.copied("bad_input", "bad_seeded" if seeded else "bad_empty")
    with ExitStack() as undo:
        owner = undo.enter_context(templates.connect("bad_input"))
        guard.mark(owner, "staging", 30, COMMERCE.tables)
        made = Place(templates.running, "bad_input", owner, undo)
        yield made
        templates.clean = row is not None and not (row.writes or seeded or made.changed)


@dataclass(frozen=True)
class Shell:
    """Where a command is typed: its variables, its profiles, and what it did."""

    folder: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    tries: list[int]
    """Every attempt to connect."""

    def set(self, **variables: str | None) -> None:
        """None leaves a variable unset."""
        for name, value in variables.items():
            if value is not None:
                self.patch.setenv(name, value)

    def at(self, place: Place, **variables: str | None) -> None:
        """The profile and the variables by which a command finds the place."""
        place.write_profile(self.folder)
        self.set(SEEDBED_ENVIRONMENTS=str(self.folder))
        self.set(**{"APP_ENV": "staging", "SEEDBED_DATABASE_URL": place.url, **variables})

    def run(self, line: str) -> tuple[int, str]:
        """A command: its exit code, and everything that it printed."""
        self.capsys.readouterr()
        try:
            code = main(line.split())
        except SystemExit as left:  # argparse's own
            code = int(str(left.code))
        printed = self.capsys.readouterr()
        text = printed.out + printed.err
        assert "Traceback" not in text
        assert NEEDLE not in text
        return code, " ".join(text.split())


@pytest.fixture
def shell(
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """With nothing of the developer's own shell, and leaving nothing of a command's own behind."""
    monkeypatch.setenv("PREFECT_HOME", "set by a command that starts a server of its own")
    for name in list(os.environ):
        if name in ("APP_ENV", "NODE_ENV", "PREFECT_HOME") or name.startswith(
            ("SEEDBED_", "SEED_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SEEDBED_HOME", str(running.home))
    for name, value in running.named.items():
        monkeypatch.setenv(name, value)
    # Pauses between two tries take no time, nor does waiting for a server that starts.
    monkeypatch.setattr(connect, "PAUSE", 0.01)
    monkeypatch.setattr(connect, "STARTUP_WAIT", 0.2)
    made = Shell(tmp_path, monkeypatch, capsys, [])
    real = connect._attempt

    def attempt(keywords: dict[str, Any]) -> Any:
        made.tries.append(1)
        return real(keywords)

    monkeypatch.setattr(connect, "_attempt", attempt)
    return made


@pytest.mark.parametrize("row", UNOPENED, ids=str)
@pytest.mark.usefixtures("watch")
def test_what_cannot_be_right_is_refused_before_anything_is_opened(row: Row, shell: Shell) -> None:
    home = shell.folder / "home"
    shell.set(PREFECT_API_URL="http://127.0.0.1:9/api", SEEDBED_HOME=str(home))
    given = dict(row.environ)
    if (profile := given.pop("FOLDER", None)) is not None:
        shell.set(SEEDBED_ENVIRONMENTS=str(shell.folder))
        if profile:
            (shell.folder / "dev.toml").write_text(profile)
    shell.set(**given)
    code, said = shell.run(row.line)
    assert (code, row.said in said) == (row.code, True), said
    assert shell.tries == []
    assert not home.exists()


def test_where_everything_is_right_it_seeds(
    place: Place, templates: Templates, shell: Shell
) -> None:
    shell.at(place)
    code, said = shell.run(f"{SEED} --as-of {AS_OF} --json")
    assert code == 0, said
    assert '"added": 840' in said
    place.owner.close()
    templates.copied("bad_seeded", "bad_input")


@pytest.mark.parametrize(
    ("row", "place"), [(one, one) for one in (*FAILED, *REFUSED)], ids=str, indirect=["place"]
)
def test_what_the_database_does_not_allow_is_refused_and_nothing_is_written(
    row: Row, place: Place, shell: Shell
) -> None:
    assert row.arrange is not None
    row.arrange(place)
    before = written(place)
    shell.at(place, **row.environ)
    line = row.line if row.line.startswith("reset") else f"{row.line} --as-of {AS_OF}"
    code, said = shell.run(f"{line} --json")
    expected = row.said.replace("{name}", place.name)
    assert (code, expected in said) == (row.code, True), said
    if row.tries is not None:
        assert len(shell.tries) == row.tries
    if not row.writes:
        assert written(place) == before


def written(place: Place) -> Contents:
    """Every row of every table with its place and version; an empty table is none."""
    return {table: rows for table, rows in versions(place.owner).items() if rows}


WORKERS = ["wrong password", "another name's marker", "APP_ENV 'production'", "unknown column"]
"""The rows whose errors arise in four different places."""


@pytest.mark.parametrize(
    ("row", "place"),
    [(one, one) for one in (*FAILED, *REFUSED) if one.about in WORKERS],
    ids=str,
    indirect=["place"],
)
def test_a_flow_that_no_command_looked_at_before_says_the_same(
    row: Row, place: Place, shell: Shell
) -> None:
    assert row.arrange is not None
    row.arrange(place)
    before = written(place)
    shell.at(place, **row.environ)
    ended = invoke(
        "seed", "staging", {"as_of": AS_OF}, api=Api(place.running.api, place.running.login)
    )
    assert ended.error is not None
    assert ended.error.exit_code == row.code
    assert row.said.replace("{name}", place.name) in ended.message
    assert NEEDLE not in repr(ended)
    assert written(place) == before


def test_a_run_of_a_worker_whose_environment_holds_the_password_leaves_no_trace_of_it(
    place: Place, shell: Shell
) -> None:
    place.password = f"{CANARY}-wrong"
    shell.at(place)
    api = place.running.inside
    deployment = httpx.get(f"{api}/deployments/name/seed/staging", trust_env=False).json()
    made = httpx.post(
        f"{api}/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"as_of": AS_OF}, "state": {"type": "PENDING"}},
        trust_env=False,
    ).json()
    done = subprocess.run(
        [sys.executable, "-m", "prefect.engine"],
        cwd=ROOT,
        env={**os.environ, "PREFECT__FLOW_RUN_ID": made["id"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    assert NEEDLE not in done.stdout
    found = httpx.get(f"{api}/flow_runs/{made['id']}", trust_env=False).json()
    assert found["state"]["type"] == "FAILED"
    assert "did not accept user and password" in found["state"]["message"]


# -- the canary ------------------------------------------------------------------------------------


def holding(owner: psycopg.Connection[Any], needle: str) -> list[str]:
    """The tables of a database in which a text is found."""
    names = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return [
        name
        for (name,) in names
        if owner.execute(
            sql.SQL("SELECT FROM {} AS t WHERE t::text LIKE {} LIMIT 1").format(
                sql.Identifier(name), sql.Literal(f"%{needle}%")
            )
        ).rowcount
    ]


def test_the_password_is_nowhere(templates: Templates, watch: Watch) -> None:
    from prefect.settings import PREFECT_HOME, PREFECT_LOCAL_STORAGE_PATH

    time.sleep(3)  # logs and events are sent every two seconds
    with templates.connect("prefect") as owner:
        assert {"flow_run", "flow_run_state", "artifact"} <= set(holding(owner, "seed-staging")) | {
            *holding(owner, "did not accept user and password"),
            *holding(owner, "as of 2026-11-21"),
        }
        assert [holding(owner, needle) for needle in NEEDLES] == [[], [], [], []]
    folders = {
        templates.running.home,
        PREFECT_HOME.value(),
        PREFECT_LOCAL_STORAGE_PATH.value(),
    }
    looked = hits = 0
    for folder in folders:
        for path in folder.rglob("*"):
            if "data" in path.parts or path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_mtime >= templates.began:
                looked += 1
                content = path.read_bytes()
                hits += any(needle.encode() in content for needle in NEEDLES)
    assert looked > 3
    assert hits == 0
    assert watch.looks > 10
    assert watch.found == set()
