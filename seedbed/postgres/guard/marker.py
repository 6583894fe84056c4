"""The marker: a line in a database's comment by which its owner allows an environment to write.

    seedbed:{"env":"staging","sysid":"77…","dboid":16384,"db":"stg","addr":"10.0.0.5","port":5432,
             "expires":"2027-02-01","marked":"2026-11-03T…","named":[],"rows":{"orders":100}}

A comment needs ownership and nothing else, the run's role cannot forge it, and a copy of the
database fails on the binding to server, address, port, oid and name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, timedelta

import psycopg
from psycopg import sql
from pydantic import AwareDatetime, Field, ValidationError

from seedbed.declare.errors import BadSetting
from seedbed.engine.settings import Model
from seedbed.postgres.connection.failures import sentence
from seedbed.postgres.guard import production
from seedbed.postgres.guard.errors import NoIdentifier, NotOwner
from seedbed.postgres.guard.facts import LINE, Facts, read_facts, show_it
from seedbed.postgres.guard.fingerprint import count_rows
from seedbed.postgres.guard.reach import AnyConnection

MAX_DAYS = 90
"""A marker has to be renewed every quarter, so that somebody looks."""


class Marker(Model):
    """What the line holds."""

    env: str
    sysid: str
    dboid: int
    db: str
    addr: str | None = Field(None, description="the server's own; an earlier version wrote none")
    port: int | None = None
    expires: date
    marked: AwareDatetime | None = Field(None, description="when `rows` were counted")
    named: tuple[str, ...] = Field((), description="names that say production and are not")
    rows: dict[str, int] = Field(default_factory=dict, description="rows a table had, by name")


def marker_of(facts: Facts) -> Marker | None:
    """The marker, or None when there is none, several or an unreadable one."""
    lines = facts.lines()
    if len(lines) != 1:
        return None
    try:
        return Marker.model_validate_json(lines[0].removeprefix("seedbed:"))
    except ValidationError:
        return None


def problem_with(facts: Facts, environment: str) -> str | None:
    """Why the marker does not allow this environment here and today; None when it does."""
    if not facts.lines():
        return f"database {facts.db!r} has no marker"
    marker = marker_of(facts)
    if marker is None:
        return f"the marker in the comment of database {facts.db!r} is unreadable"
    if marker.env != environment:
        return f"the marker is for environment {marker.env!r}, not {environment!r}"
    return elsewhere_bound(marker, facts) or _out_of_date(marker, facts.today)


def _out_of_date(marker: Marker, today: date) -> str | None:
    if marker.expires < today:
        return f"the marker expired on {marker.expires}"
    if marker.expires > today + timedelta(days=MAX_DAYS):
        return f"the marker expires on {marker.expires}, more than {MAX_DAYS} days from today"
    return None


def elsewhere_bound(marker: Marker, facts: Facts) -> str | None:
    """Which other server or database the marker was written for; None when for this one."""
    if marker.sysid != facts.sysid:
        return "the marker was written on another server; this database is a copy"
    if marker.dboid != facts.dboid:
        return "the marker was written for another database of this server"
    if marker.db != facts.db:
        return f"the marker is for database {marker.db!r}, this one is {facts.db!r}"
    if marker.addr is None or marker.port is None:
        return "an earlier version wrote the marker, without the server's address"
    if (marker.addr, marker.port) != (facts.addr, facts.port):
        return (
            f"the marker was written at {_at(marker.addr, marker.port)}, and this server is at "
            f"{_at(facts.addr, facts.port)}: it is a copy, or reached in another way"
        )
    return None


def _at(address: str, port: int) -> str:
    return f"{address or 'a Unix socket'} port {port}"


def marked_for(facts: Facts) -> str | None:
    """The environment of the marker for this very database; None where there is none."""
    marker = _here(facts)
    return marker.env if marker else None


def unnamed(facts: Facts, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that say production and do not stand in a marker for this database."""
    marker = _here(facts)
    named = marker.named if marker else ()
    return tuple(name for name in production.speaking(names) if name not in named)


def _here(facts: Facts) -> Marker | None:
    marker = marker_of(facts)
    return marker if marker and elsewhere_bound(marker, facts) is None else None


def mark(
    connection: AnyConnection,
    environment: str,
    days: int,
    tables: Sequence[str],
    *,
    named: Sequence[str] = (),
) -> str:
    """Write the marker, valid for `days`, with the row counts of `tables`; gives the line.

    Keeps the comment's other text, makes schema `seedbed` and commits. The database's owner
    runs it, at the address by which runs reach the server. `named` are names that say production
    and, as the owner knows, are none.

    Raises:
        BadSetting: `days` is not 1 to 90, or a name in `named` says nothing of production.
        NotOwner, NoIdentifier: the role lacks the owner's rights, or the one that it takes.
    """
    if not 1 <= days <= MAX_DAYS:
        raise BadSetting("seedbed mark", "days", f"must be 1 to {MAX_DAYS}, not {days}")
    for name in named:
        if not production.speaking([name]):
            problem = f"is for names that say production, which {name!r} does not; leave it out"
            raise BadSetting("seedbed mark", "--named-production", problem)
    came = connection.info
    try:
        with connection.transaction():
            facts = read_facts(connection)
    except psycopg.errors.InsufficientPrivilege:
        raise NoIdentifier(came.dbname, came.user, show_it(came.user)) from None
    try:
        with connection.transaction():
            now = connection.execute("SELECT pg_catalog.clock_timestamp()").fetchall()[0][0]
            marker = {
                "env": environment,
                "sysid": facts.sysid,
                "dboid": facts.dboid,
                "db": facts.db,
                "addr": facts.addr,
                "port": facts.port,
                "expires": str(facts.today + timedelta(days=days)),
                "marked": now.astimezone(UTC).isoformat(),
                "named": list(named),
                "rows": count_rows(connection, tables),
            }
            line = "seedbed:" + json.dumps(marker, separators=(",", ":"))
            _write(connection, facts, line)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotOwner(came.dbname, sentence(error)) from None
    connection.commit()
    return line


def _write(connection: AnyConnection, facts: Facts, line: str) -> None:
    comment = "\n".join(part for part in (LINE.sub("", facts.comment).strip("\n"), line) if part)
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(facts.db), sql.Literal(comment)
        )
    )
    connection.execute("CREATE SCHEMA IF NOT EXISTS seedbed")
