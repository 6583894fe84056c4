"""The guard: proof, in six layers, that the target may be written.

Each layer is a function that looks and gives `Evidence`. Every database outside the embedded
server needs its owner's marker, whatever the environment. What a shared environment needs on
top is a listed variable and place (layers 1 and 2) and a restricted role (3, of which the others
are warned). No switch and no variable turns a layer off.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from seedbed.engine.settings import Profile
from seedbed.postgres.connection.address import Address
from seedbed.postgres.embedded import embedded
from seedbed.postgres.guard import production
from seedbed.postgres.guard.errors import GuardRefused
from seedbed.postgres.guard.evidence import Evidence, require
from seedbed.postgres.guard.facts import Facts, read_facts, show_it
from seedbed.postgres.guard.fingerprint import grown, recorded
from seedbed.postgres.guard.grants import grants
from seedbed.postgres.guard.marker import mark, marked_for, marker_of, problem_with, unnamed
from seedbed.postgres.guard.outside import examine_place, examine_variables
from seedbed.postgres.guard.reach import STOPPED, AnyConnection, Reached, reached
from seedbed.postgres.guard.role import examine_role

__all__ = [
    "Evidence",
    "GuardRefused",
    "examine",
    "examine_place",
    "examine_variables",
    "grants",
    "mark",
    "naming",
    "recheck",
    "require",
    "unnamed_after",
]


@dataclass(frozen=True)
class Target:
    """The database that was reached."""

    facts: Facts
    names: tuple[str, ...]
    """Of host, database and role, as the address has them and as the server does."""
    here: bool
    """Whether the embedded server itself answered: not by the address that led to it, but by its
    system identifier and its own address and port, as they stand in its folder."""

    def problem(self, profile: Profile) -> tuple[str, str] | None:
        """Why nothing may be written for this environment, and what to do; None when it may.

        The embedded server needs no marker for an environment of one's own; but what is marked
        for another environment is not written there either.
        """
        if said := unnamed(self.facts, self.names):
            detail = f"the name {said[0]!r} says production, and the marker does not name it"
            return detail, self.remedy(profile)
        if (
            self.here
            and not profile.guard.shared
            and marked_for(self.facts) in (None, profile.name)
        ):
            return None
        problem = problem_with(self.facts, profile.name)
        return None if problem is None else (problem, self.remedy(profile))

    def remedy(self, profile: Profile) -> str:
        """The command that marks it, with every name that has to be written into the marker."""
        command = f"seedbed mark {profile.name}{naming(production.speaking(self.names))}"
        return f"if this is not production, let its owner run `{command}`"


def target(connection: AnyConnection, environ: Mapping[str, str]) -> Target:
    """What the server says of itself, in the caller's transaction; uses no savepoint.

    Raises:
        psycopg.errors.InsufficientPrivilege: the role may not read the system identifier.
    """
    facts, came = read_facts(connection), connection.info
    own = embedded.identity(embedded.home_folder(environ))
    return Target(
        facts,
        tuple(dict.fromkeys([came.host, came.dbname, came.user, facts.db, *facts.roles])),
        own == (facts.sysid, facts.addr, facts.port),
    )


def unnamed_after(connection: AnyConnection, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names that still say production once the database has been marked."""
    there = target(connection, environ)
    return unnamed(there.facts, there.names)


def naming(names: Sequence[str]) -> str:
    """The options of `seedbed mark` that write names into the marker."""
    return "".join(f" --named-production {shlex.quote(name)}" for name in names)


def examine_marker(profile: Profile, target: Target) -> Evidence:
    """Layer 4: the marker in the database's comment is for this environment, here and today, and
    names what otherwise says production."""
    if problem := target.problem(profile):
        return Evidence(4, "marker", False, *problem)
    if problem_with(target.facts, profile.name) is not None:
        return Evidence(4, "marker", True, "the embedded server needs no marker")
    marker = marker_of(target.facts)
    until = marker.expires if marker else None
    return Evidence(4, "marker", True, f"marked for {profile.name} until {until}")


def examine_again(profile: Profile, target: Target) -> Evidence:
    """Layer 5: what `recheck` asks before every write."""
    if problem := target.problem(profile):
        return Evidence(5, "recheck", False, *problem)
    return Evidence(5, "recheck", True, "the marker is read again before every write")


def examine_size(
    profile: Profile, target: Target, connection: AnyConnection, needed: Sequence[Reached]
) -> Evidence:
    """Layer 6: no managed table is far larger than when marked, beyond what our runs added."""
    if problem := target.problem(profile):
        return Evidence(6, "size", False, "there is no marker to compare with", problem[1])
    marker = marker_of(target.facts)
    if marker is None or (target.here and not profile.guard.shared):
        return Evidence(6, "size", True, "the embedded server's tables are nobody else's")
    tables = [one.asked for one in needed if one.asked and len(one.does) > 1]
    for one in needed:
        if "SELECT" in one.lacks and one.asked in tables:
            return Evidence(6, "size", False, f"the role may not read {one}", _grant_it(profile))
    try:
        with connection.transaction():
            ours = recorded(connection, marker.marked)
            larger = grown(connection, tables, marker.rows, ours)
    except STOPPED as error:
        detail = f"the tables cannot be counted: {error.diag.message_primary}"
        return Evidence(6, "size", False, detail, _grant_it(profile))
    for table, (then, now) in larger.items():
        detail = f"table {table!r} had {then} rows when marked and has {now} or more now"
        return Evidence(6, "size", False, detail, target.remedy(profile))
    return Evidence(6, "size", True, f"{len(tables)} tables are about as large as when marked")


def _grant_it(profile: Profile) -> str:
    return f"let its owner run what `seedbed grants {profile.name}` prints"


def examine(
    connection: AnyConnection,
    address: Address,
    profile: Profile,
    environ: Mapping[str, str],
    tables: Sequence[str],
    *,
    reads: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> tuple[Evidence, ...]:
    """The evidence of every layer, in order; reads only.

    `tables` are written, `reads` are read, `beside` are written by the profile's other datasets
    in the same database.
    """
    found = [examine_variables(profile, environ), examine_place(profile, address)]
    with connection.transaction():
        connection.execute("SET LOCAL row_security = on")  # for what layer 3 has proved
        needed = reached(connection, tables, reads)
        others = reached(connection, beside, ())
        found.append(examine_role(profile, connection, needed, beside=others))
        try:
            with connection.transaction():
                there = target(connection, environ)
        except psycopg.errors.InsufficientPrivilege:
            return (*found, *(_cannot_read(profile, connection, layer) for layer in LATER))
        found += [examine_marker(profile, there), examine_again(profile, there)]
        found.append(examine_size(profile, there, connection, needed))
    return tuple(found)


def recheck(
    connection: AnyConnection, profile: Profile, environ: Mapping[str, str] = os.environ
) -> None:
    """Layer 5: the first statement of every write transaction; uses no savepoint.

    Raises:
        GuardRefused: the marker no longer allows it.
    """
    try:
        there = target(connection, environ)
    except psycopg.errors.InsufficientPrivilege:
        raise GuardRefused(str(_cannot_read(profile, connection, 4))) from None
    require([examine_again(profile, there)])


LATER = {4: "marker", 5: "recheck", 6: "size"}


def _cannot_read(profile: Profile, connection: AnyConnection, layer: int) -> Evidence:
    """A layer that needs the marker, where the server hides its system identifier."""
    detail = f"the role may not call pg_control_system(), which {profile.name} needs"
    return Evidence(layer, LATER[layer], False, detail, show_it(connection.info.user))
