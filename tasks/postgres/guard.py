"""The guard: proof, in six layers, that the target may be written.

Each layer is a function that looks and gives `Evidence`. A shared environment needs all six;
the others need layer 1, what their profile lists for layer 2, and layer 5, and layer 3 only
warns. No switch and no variable turns a layer off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from tasks.engine.errors import Refused
from tasks.engine.settings import Profile
from tasks.postgres.address import Address
from tasks.postgres.fingerprint import AnyConnection, grown, identifier, recorded
from tasks.postgres.grants import grants
from tasks.postgres.marker import (
    Facts,
    elsewhere_bound,
    mark,
    marker_statement,
    problem_with,
    read_facts,
)

__all__ = [
    "Evidence",
    "GuardRefused",
    "examine",
    "examine_place",
    "examine_variables",
    "grants",
    "mark",
    "marker_statement",
    "recheck",
    "require",
]

VARIABLES = ("APP_ENV", "NODE_ENV")


class GuardRefused(Refused):
    """A layer did not pass; nothing was written."""


@dataclass(frozen=True)
class Evidence:
    """What one layer found, and what to do when it did not pass."""

    layer: int
    name: str
    passed: bool
    detail: str
    remedy: str

    def __str__(self) -> str:
        ending = "" if self.passed else f"; {self.remedy}"
        return f"guard layer {self.layer} ({self.name}): {self.detail}{ending}"


def require(found: Iterable[Evidence]) -> None:
    """Go on only when every layer passed.

    Raises:
        GuardRefused: the first layer that did not pass.
    """
    for evidence in found:
        if not evidence.passed:
            raise GuardRefused(str(evidence))


def examine_variables(profile: Profile, environ: Mapping[str, str]) -> Evidence:
    """Layer 1: `APP_ENV` and `NODE_ENV`. Needs no connection."""
    given = {name: environ[name] for name in VARIABLES if name in environ}
    allowed = sorted({profile.name, *profile.guard.app_env})

    def evidence(passed: bool, detail: str, remedy: str = "") -> Evidence:
        return Evidence(1, "variables", passed, detail, remedy)

    for name, value in given.items():
        if "prod" in value.lower():
            return evidence(
                False, f"{name} is {value!r}", "seedbed never runs where a variable says production"
            )
        if profile.guard.shared and value not in allowed:
            remedy = f"set it to one of {', '.join(allowed)}, or add it to guard.app_env"
            return evidence(False, f"{name} is {value!r}", f"{remedy} in {profile.name}.toml")
    if profile.guard.shared and not given:
        remedy = f"run `export APP_ENV={profile.name}` where it runs"
        return evidence(False, f"neither {' nor '.join(VARIABLES)} is set", remedy)
    said = ", ".join(f"{name} is {value!r}" for name, value in given.items())
    return evidence(True, said or "no variable speaks of production")


def examine_place(profile: Profile, address: Address) -> Evidence:
    """Layer 2: host and database are listed in the profile. Needs no connection."""
    file = f"{profile.name}.toml"
    lists = {
        "hosts": (address.host, tuple(host.lower() for host in profile.guard.hosts)),
        "databases": (address.database, profile.guard.databases),
    }
    for name, (value, allowed) in lists.items():
        if not allowed and profile.guard.shared:
            detail, remedy = f"guard.{name} is empty", f'write {name} = ["{value}"]'
        elif allowed and value not in allowed:
            detail, remedy = f"{value!r} is not in guard.{name}", "correct the address, or add it"
        else:
            continue
        return Evidence(2, "place", False, detail, f"{remedy} under [guard] in {file}")
    return Evidence(2, "place", True, f"{address} is allowed", "")


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

_SECURED = """
    SELECT c.oid::regclass::text, pg_catalog.row_security_active(c.oid)
    FROM unnest(%s::text[]) AS t(quoted)
    JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(t.quoted)
    WHERE c.relrowsecurity
    ORDER BY 2 DESC, 1
    LIMIT 1
"""

_SERVER = """
    SELECT pg_catalog.pg_is_in_recovery(), current_setting('track_counts') = 'on',
           pg_catalog.pg_has_role(session_user, d.datdba, 'MEMBER')
             OR pg_catalog.pg_has_role(current_user, d.datdba, 'MEMBER')
    FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database()
"""


def examine_role(profile: Profile, connection: AnyConnection, tables: Sequence[str]) -> Evidence:
    """Layer 3: a restricted role, also by membership, on a primary server that counts rows.

    An owner could write the marker of layer 4 itself, so a run's role does not own the database.
    It may bypass row security where a managed table has it, for otherwise it would not see the
    rows that it has to leave alone.
    """
    quoted = [identifier(table).as_string(connection) for table in tables]
    secured = connection.execute(_SECURED, (quoted,)).fetchone()
    powerful = connection.execute(_ROLES, (secured is not None,)).fetchone()
    server = connection.execute(_SERVER).fetchone()
    assert server is not None  # the current database is always listed
    standby, counts, owner = server
    hidden = secured[0] if secured and secured[1] else None
    return role_evidence(
        profile, powerful, owner=owner, standby=standby, counts=counts, hidden=hidden
    )


def role_evidence(
    profile: Profile,
    powerful: Sequence[object] | None,
    *,
    owner: bool,
    standby: bool,
    counts: bool,
    hidden: str | None = None,
) -> Evidence:
    """Layer 3, from what the server answered; `powerful` is a row of `_ROLES`, `hidden` a table
    whose row security applies to the role."""
    restrict = f"use a role that has only what `seedbed grants {profile.name}` prints"
    if powerful is not None:
        named = (word for word, held in zip(_ATTRIBUTES, powerful[1:], strict=True) if held)
        detail = f"the role has {', '.join(named)} (role {powerful[0]!r})"
        remedy = restrict
    elif owner:
        detail, remedy = "the role owns the database, or is a member of its owner", restrict
    elif hidden is not None:
        detail = f"row security hides rows of {hidden} from the role"
        remedy = f"let its owner run what `seedbed grants {profile.name}` prints"
    elif standby:
        detail, remedy = "the server is a standby", "name the primary server"
    elif not counts:
        detail, remedy = "track_counts is off", "set track_counts = on on the server"
    else:
        return Evidence(3, "role", True, "restricted role on a primary server", "")
    if profile.guard.shared:
        return Evidence(3, "role", False, detail, remedy)
    return Evidence(3, "role", True, f"warning: {detail}; a shared environment refuses it", remedy)


def examine_marker(profile: Profile, facts: Facts) -> Evidence:
    """Layer 4: the marker in the database's comment is for this environment, here and today."""
    problem = problem_with(facts, profile.name)
    if problem is not None:
        return Evidence(4, "marker", False, problem, _mark_it(profile))
    marker = facts.marker()
    until = marker.expires if marker else None
    return Evidence(4, "marker", True, f"marked for {profile.name} until {until}", "")


def examine_again(profile: Profile, facts: Facts) -> Evidence:
    """Layer 5: what `recheck` asks before every write.

    A shared environment needs its marker. Any other one needs none, but it never writes to a
    database that is marked for another environment.
    """
    if profile.guard.shared:
        problem = problem_with(facts, profile.name)
    else:
        marker = facts.marker()
        binds = marker is not None and elsewhere_bound(marker, facts) is None
        other = marker is not None and marker.env != profile.name
        problem = problem_with(facts, profile.name) if binds and other else None
    if problem is not None:
        return Evidence(5, "recheck", False, problem, _mark_it(profile))
    return Evidence(5, "recheck", True, "the marker is read again before every write", "")


def examine_size(
    profile: Profile, facts: Facts, connection: AnyConnection, tables: Sequence[str]
) -> Evidence:
    """Layer 6: no managed table is far larger than when marked, beyond what our runs added."""
    marker = facts.marker()
    ours = recorded(connection, marker.marked if marker else None)
    larger = grown(connection, tables, marker.rows if marker else {}, ours)
    for table, (then, now) in larger.items():
        detail = f"table {table!r} had {then} rows when marked and has {now} or more now"
        return Evidence(6, "size", False, detail, _mark_it(profile))
    return Evidence(6, "size", True, f"{len(tables)} tables are about as large as when marked", "")


def _mark_it(profile: Profile) -> str:
    return f"if this is not production, let its owner run `seedbed mark {profile.name}`"


def examine(
    connection: AnyConnection,
    address: Address,
    profile: Profile,
    environ: Mapping[str, str],
    tables: Sequence[str],
) -> tuple[Evidence, ...]:
    """The evidence of every layer that this environment needs, in order; reads only."""
    shared = profile.guard.shared
    found = [examine_variables(profile, environ), examine_place(profile, address)]
    with connection.transaction():
        found.append(examine_role(profile, connection, tables))
        try:
            with connection.transaction():
                facts = read_facts(connection)
        except psycopg.errors.InsufficientPrivilege:
            return (*found, _cannot_read(profile, connection))
        if shared:
            found.append(examine_marker(profile, facts))
        found.append(examine_again(profile, facts))
        # Without a marker there is nothing to compare with, and the role may lack its rights yet.
        if shared and found[-1].passed:
            found.append(examine_size(profile, facts, connection, tables))
    return tuple(found)


def recheck(connection: AnyConnection, profile: Profile) -> None:
    """Layer 5: the first statement of every write transaction; uses no savepoint.

    Raises:
        GuardRefused: the marker no longer allows it.
    """
    try:
        facts = read_facts(connection)
    except psycopg.errors.InsufficientPrivilege:
        raise GuardRefused(str(_cannot_read(profile, connection))) from None
    require([examine_again(profile, facts)])


def _cannot_read(profile: Profile, connection: AnyConnection) -> Evidence:
    """Layer 4 cannot be judged: the server hides its system identifier from the role."""
    user = connection.info.user
    remedy = f'let a superuser run GRANT EXECUTE ON FUNCTION pg_control_system() TO "{user}"'
    detail = f"the role may not call pg_control_system(), which {profile.name} needs"
    return Evidence(4, "marker", False, detail, remedy)
