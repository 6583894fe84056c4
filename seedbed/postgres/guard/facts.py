"""Facts: what the server itself says about the database and who came, whatever the address said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import sql

from seedbed.postgres.guard.reach import AnyConnection

LINE = re.compile(r"^seedbed:.*$", re.MULTILINE)
"""A marker in a comment."""


@dataclass(frozen=True)
class Facts:
    """Read in one statement, in the transaction that is to write."""

    sysid: str
    dboid: int
    db: str
    comment: str
    today: date
    addr: str
    """The server's own address: a tunnel's or a pooler's does not show. Empty: a Unix socket."""
    port: int
    """The port that the server listens on, also where it was reached by its socket."""
    roles: tuple[str, ...]
    """Who logged in, and as whom it acts."""

    def lines(self) -> list[str]:
        """The comment's marker lines: one when all is well."""
        return LINE.findall(self.comment)


def facts_statement() -> sql.SQL:
    """The statement that reads what a marker is compared with."""
    return sql.SQL(
        """
        SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS sysid,
               d.oid::bigint AS dboid,
               d.datname::text AS db,
               coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '') AS comment,
               (pg_catalog.statement_timestamp() AT TIME ZONE 'UTC')::date AS today,
               coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), '') AS addr,
               coalesce(pg_catalog.inet_server_port(),
                        pg_catalog.current_setting('port')::integer) AS port,
               ARRAY[session_user, current_user]::text[] AS roles
        FROM pg_catalog.pg_database d
        WHERE d.datname = pg_catalog.current_database()
        """
    )


def read_facts(connection: AnyConnection) -> Facts:
    """Run `facts_statement` in the caller's transaction."""
    row = connection.execute(facts_statement()).fetchone()
    assert row is not None  # the current database is always listed
    values: list[Any] = [*row[:-1], tuple(row[-1])]
    return Facts(*values)


def show_it(role: str) -> str:
    """What to do where the server hides its system identifier from a role."""
    return f'let a superuser run GRANT EXECUTE ON FUNCTION pg_control_system() TO "{role}"'
