"""Role: layer 3 of the guard. A restricted role, which sees every row, on a primary server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from seedbed.engine.settings import Profile
from seedbed.postgres.guard.evidence import Evidence
from seedbed.postgres.guard.reach import STOPPED, AnyConnection, Reached

_ROLES = """
    SELECT r.rolname::text, r.rolsuper, r.rolbypassrls, r.rolreplication, r.rolcreaterole
    FROM pg_catalog.pg_roles r
    WHERE (r.rolsuper OR r.rolbypassrls AND NOT %s OR r.rolreplication OR r.rolcreaterole)
      AND (pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
           OR pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
    ORDER BY r.rolname IN (session_user, current_user) DESC, r.rolname
    LIMIT 1
"""
_ATTRIBUTES = ("SUPERUSER", "BYPASSRLS", "REPLICATION", "CREATEROLE")

_SERVER = """
    SELECT pg_catalog.pg_is_in_recovery(), current_setting('track_counts') = 'on',
           pg_catalog.pg_has_role(session_user, d.datdba, 'MEMBER')
             OR pg_catalog.pg_has_role(current_user, d.datdba, 'MEMBER')
    FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database()
"""


def examine_role(
    profile: Profile,
    connection: AnyConnection,
    reached: Iterable[Reached],
    *,
    beside: Iterable[Reached] = (),
) -> Evidence:
    """Layer 3: neither more nor less than what `seedbed grants` prints, also by membership.

    An owner could write the marker of layer 4 itself, so a run's role does not own the database.
    It may bypass row security where a table that it reaches has it, for otherwise it would not
    see the rows that it has to leave alone; and where a table has it that other datasets reach,
    `beside` this one in the same database, because one role serves them all.
    """
    needed = tuple(reached)
    secured = any(one.secured for one in (*needed, *beside))
    powerful = connection.execute(_ROLES, (secured,)).fetchone()
    server = connection.execute(_SERVER).fetchone()
    assert server is not None  # the current database is always listed
    standby, counts, owner = server
    return role_evidence(
        profile,
        powerful,
        owner=owner,
        standby=standby,
        counts=counts,
        lacks=_lacks(needed),
        hidden=_hidden(connection, [one for one in needed if one.bound]),
    )


def _lacks(reached: Sequence[Reached]) -> str | None:
    """The first table of those on which the role lacks a right, and how many more there are."""
    lacking = [one for one in reached if one.lacks]
    if not lacking:
        return None
    more = f", and lacks rights on {len(lacking) - 1} more tables" if lacking[1:] else ""
    return f"{', '.join(lacking[0].lacks)} on {lacking[0]}{more}"


def _hidden(connection: AnyConnection, bound: Sequence[Reached]) -> str | None:
    """The first table whose row security hides rows from the role, or stops it, and why."""
    for one in bound:
        if one.restrictive and one.hidden:
            return (
                f"hides rows of {one} from the role: policy {one.restrictive[0]!r} is restrictive"
            )
        if one.hidden:
            commands = ", ".join(one.hidden)
            return f"hides rows of {one} from the role: no policy for it says true ({commands})"
        if stopped := _stopped(connection, one):
            confine = "give it BYPASSRLS, or confine such policies by ALTER POLICY … TO"
            return f"of {one} stops the role ({stopped}: {confine})"
    return None


_TRIED = {
    "SELECT": "EXPLAIN SELECT FROM {table}",
    "INSERT": "EXPLAIN INSERT INTO {table} DEFAULT VALUES",
    "UPDATE": "EXPLAIN UPDATE {table} SET {column} = DEFAULT",
    "DELETE": "EXPLAIN DELETE FROM {table}",
}
"""Nothing of these is executed; but the server puts the policies in, and asks for their rights."""


def _stopped(connection: AnyConnection, one: Reached) -> str | None:
    """What the server says when it applies a table's policies, the other ones for the role, too.

    Policies that ask the table that they protect, or one that the role may not read, raise an
    error even where another policy lets everything pass.
    """
    parts = {"table": one.identifier, "column": sql.Identifier(one.column)}
    try:
        with connection.transaction():
            for command in one.does:
                connection.execute(sql.SQL(_TRIED[command]).format(**parts))
    except STOPPED as error:
        return error.diag.message_primary
    return None


def role_evidence(
    profile: Profile,
    powerful: Sequence[object] | None,
    *,
    owner: bool,
    standby: bool,
    counts: bool,
    lacks: str | None = None,
    hidden: str | None = None,
) -> Evidence:
    """Layer 3, from what the server answered; `powerful` is a row of `_ROLES`, `lacks` the rights
    that are missing, `hidden` what row security hides."""
    restrict = f"use a role that has only what `seedbed grants {profile.name}` prints"
    grant = f"let its owner run what `seedbed grants {profile.name}` prints"
    if powerful is not None:
        named = (word for word, held in zip(_ATTRIBUTES, powerful[1:], strict=True) if held)
        detail = f"the role has {', '.join(named)} (role {powerful[0]!r})"
        remedy = restrict
    elif owner:
        detail, remedy = "the role owns the database, or is a member of its owner", restrict
    elif lacks is not None:
        detail, remedy = f"the role may not use {lacks}", grant
    elif hidden is not None:
        detail, remedy = f"row security {hidden}", grant
    elif standby:
        detail, remedy = "the server is a standby", "name the primary server"
    elif not counts:
        detail, remedy = "track_counts is off", "set track_counts = on on the server"
    else:
        return Evidence(3, "role", True, "restricted role on a primary server")
    if profile.guard.shared:
        return Evidence(3, "role", False, detail, remedy)
    return Evidence(3, "role", True, f"warning: {detail}; a shared environment refuses it", remedy)
