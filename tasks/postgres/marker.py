"""The marker: a line in a database's comment by which its owner allows an environment to write.

    seedbed:{"env":"staging","sysid":"77…","dboid":16384,"db":"stg",
             "expires":"2027-02-01","marked":"2026-11-03T…","rows":{"orders":100}}  (one line)

A comment needs ownership and nothing else, the run's role cannot forge it, and a copy of the
database fails on the binding to server, oid and name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

import psycopg
from psycopg import sql
from pydantic import AwareDatetime, Field, ValidationError

from tasks.engine.errors import BadSetting, Refused, UnknownName
from tasks.engine.settings import ENVIRONMENTS, Model
from tasks.postgres.failures import sentence
from tasks.postgres.fingerprint import AnyConnection, count_rows

MAX_DAYS = 90
"""A marker has to be renewed every quarter, so that somebody looks."""

_LINE = re.compile(r"^seedbed:.*$", re.MULTILINE)


class NotOwner(Refused):
    """Marking needs the rights of the database's owner."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(
            f"database {database!r} can be marked by its owner only ({reason}); "
            "run this again as its owner"
        )


class Marker(Model):
    """What the line holds."""

    env: str
    sysid: str
    dboid: int
    db: str
    expires: date
    marked: AwareDatetime | None = Field(None, description="when `rows` were counted")
    rows: dict[str, int] = Field(default_factory=dict, description="rows a table had, by name")


@dataclass(frozen=True)
class Facts:
    """What the server says about the database, read in one statement."""

    sysid: str
    dboid: int
    db: str
    comment: str
    today: date

    def lines(self) -> list[str]:
        """The comment's marker lines: one when all is well."""
        return _LINE.findall(self.comment)

    def marker(self) -> Marker | None:
        """The marker, or None when there is none, several or an unreadable one."""
        lines = self.lines()
        if len(lines) != 1:
            return None
        try:
            return Marker.model_validate_json(lines[0].removeprefix("seedbed:"))
        except ValidationError:
            return None


def marker_statement() -> sql.SQL:
    """The statement that reads what a marker is compared with."""
    return sql.SQL(
        """
        SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS sysid,
               d.oid::bigint AS dboid,
               d.datname::text AS db,
               coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '') AS comment,
               (pg_catalog.statement_timestamp() AT TIME ZONE 'UTC')::date AS today
        FROM pg_catalog.pg_database d
        WHERE d.datname = pg_catalog.current_database()
        """
    )


def read_facts(connection: AnyConnection) -> Facts:
    """Run `marker_statement` in the caller's transaction."""
    row = connection.execute(marker_statement()).fetchone()
    assert row is not None  # the current database is always listed
    return Facts(*row)


def problem_with(facts: Facts, environment: str) -> str | None:
    """Why the marker does not allow this environment here and today; None when it does."""
    if not facts.lines():
        return f"database {facts.db!r} has no marker"
    marker = facts.marker()
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
    return None


def mark(connection: AnyConnection, environment: str, days: int, tables: Sequence[str]) -> str:
    """Write the marker, valid for `days`, with the row counts of `tables`; gives the line.

    Keeps the comment's other text, makes schema `seedbed` and commits. The database's owner
    runs it.

    Raises:
        UnknownName: no such environment.
        BadSetting: `days` is not 1 to 90.
        NotOwner: the role lacks the owner's rights.
    """
    if environment not in ENVIRONMENTS:
        raise UnknownName("environment", environment, ENVIRONMENTS)
    if not 1 <= days <= MAX_DAYS:
        raise BadSetting("seedbed mark", "days", f"must be 1 to {MAX_DAYS}, not {days}")
    try:
        with connection.transaction():
            line = _write(connection, environment, timedelta(days=days), tables)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotOwner(connection.info.dbname, sentence(error)) from None
    connection.commit()
    return line


def _write(
    connection: AnyConnection, environment: str, valid: timedelta, tables: Sequence[str]
) -> str:
    facts = read_facts(connection)
    now = connection.execute("SELECT pg_catalog.clock_timestamp()").fetchall()[0][0]
    marker = {
        "env": environment,
        "sysid": facts.sysid,
        "dboid": facts.dboid,
        "db": facts.db,
        "expires": str(facts.today + valid),
        "marked": now.astimezone(UTC).isoformat(),
        "rows": count_rows(connection, tables),
    }
    line = "seedbed:" + json.dumps(marker, separators=(",", ":"))
    comment = "\n".join(part for part in (_LINE.sub("", facts.comment).strip("\n"), line) if part)
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(facts.db), sql.Literal(comment)
        )
    )
    connection.execute("CREATE SCHEMA IF NOT EXISTS seedbed")
    return line
