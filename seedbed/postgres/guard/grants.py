"""Grants: the rights of a run's role, as SQL for the database's owner.

What the owner may grant stands there as it is to be run. What is left stands in comments, with
who can do it: on hosted services an owner is no superuser, and owns some of the tables only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from seedbed.postgres.guard.errors import NoTables
from seedbed.postgres.guard.grantor import Grantor, grantor
from seedbed.postgres.guard.reach import COMMANDS, AnyConnection, Reached, reached

RECORDS = "seedbed"
"""The schema in which runs are recorded."""

SUPERUSER = "a superuser"
INSTEAD = f"{SUPERUSER}, instead of every policy for the role"


@dataclass(frozen=True)
class Right:
    """One statement, and whether this owner may run it."""

    statement: sql.Composable
    allowed: bool = True
    others: str = SUPERUSER
    """Who may, where this owner may not."""


_SCHEMAS = """
    SELECT n.nspname::text, pg_catalog.pg_get_userbyid(n.nspowner)::text,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION'),
           pg_catalog.has_schema_privilege(coalesce(r.rolname, 'public'), n.oid, 'USAGE')
    FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_roles r ON r.rolname = %s
    WHERE n.nspname = ANY (%s)
    ORDER BY 1
"""

_RECORDED = """
    SELECT c.relname::text FROM pg_catalog.pg_class c
    WHERE c.relnamespace = pg_catalog.to_regnamespace('seedbed') AND c.relkind IN ('r', 'p')
    ORDER BY 1
"""


def grants(
    connection: AnyConnection,
    tables: Sequence[str],
    role: str,
    *,
    reads: Sequence[str] = (),
    made: bool = False,
) -> str:
    """The SQL that gives `role` what a run needs, and nothing else; it executes nothing.

    `tables` are written, `reads` are those of the prerequisites. The tables that refer to the
    written ones are read, too: a reset has to see which rows keep ours alive. `made`: what was
    printed for another database of the server makes the role.

    Raises:
        NoTables: the database has none of the tables.
    """
    with connection.transaction():
        owner = grantor(connection, role)
        needed = reached(connection, tables, reads, role)
        if not any(one.asked for one in needed):
            raise NoTables(owner.database)
        rights = [
            *_role(owner, role, made=made),
            *_places(connection, owner, needed, role),
            *_records(connection, owner, role),
            *_row_security(owner, needed, role),
        ]
    lines = [right.statement.as_string(connection) for right in rights if right.allowed]
    left = [right for right in rights if not right.allowed]
    if left:
        lines.append(_comment(f"What role {owner.name!r} may not do itself; give it to"))
    for who in dict.fromkeys(right.others for right in left):
        lines.append(_comment(f"{who}:"))
        lines += [
            _comment(right.statement.as_string(connection)) for right in left if right.others == who
        ]
    return "\n".join(lines)


def _comment(text: str) -> str:
    return "\n".join(f"-- {line}" for line in text.splitlines())


def _said(text: str) -> sql.Composable:
    return sql.SQL(_comment(text))  # a comment, every line of it


def _role(owner: Grantor, role: str, *, made: bool) -> Iterator[Right]:
    """The role itself, and that it may read what the marker is compared with."""
    to = sql.Identifier(role)
    if not owner.role_exists and not made:
        yield Right(
            _said(
                "The role is not there yet. A password does not belong into this text: set it with "
                "\\password in psql, which asks for it and sends it hashed, and keep it in the URL "
                "of the worker's environment or in its passfile."
            )
        )
        create = sql.SQL("CREATE ROLE {} LOGIN;").format(to)
        yield Right(create, owner.makes_roles, f"{SUPERUSER} or a role with CREATEROLE")
    grant = sql.SQL("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO {};")
    if not owner.reads_identifier:
        yield Right(grant.format(sql.Identifier(owner.name)), allowed=False)
    if not owner.role_reads_identifier:
        yield Right(grant.format(to), owner.grants_identifier)


def _places(
    connection: AnyConnection, owner: Grantor, needed: Sequence[Reached], role: str
) -> Iterator[Right]:
    """The database, the schemas and the tables that a run reaches."""
    to = sql.Identifier(role)
    yield Right(
        _grant("CONNECT, TEMP ON DATABASE", [sql.Identifier(owner.database)], to),
        owner.grants_database,
        _or_superuser(owner.database_owner),
    )
    schemas = connection.execute(_SCHEMAS, (role, sorted({one.schema for one in needed})))
    found = schemas.fetchall()
    mine = [sql.Identifier(name) for name, _, grantable, _ in found if grantable]
    if mine:
        yield Right(_grant("USAGE ON SCHEMA", mine, to))
    for name, its, grantable, held in found:
        if not grantable and not held:
            usage = _grant("USAGE ON SCHEMA", [sql.Identifier(name)], to)
            yield Right(usage, allowed=False, others=_or_superuser(its))
    for does in (COMMANDS, ("SELECT",)):
        ones = [one for one in needed if one.does == does]
        mine = [one.identifier for one in ones if one.grantable]
        if mine:
            yield Right(_grant(f"{', '.join(does)} ON", mine, to))
        for one in ones:
            if one.lacks and not one.grantable:
                rights = _grant(f"{', '.join(does)} ON", [one.identifier], to)
                yield Right(rights, allowed=False, others=_or_superuser(one.owner))


def _records(connection: AnyConnection, owner: Grantor, role: str) -> Iterator[Right]:
    """The schema in which runs are recorded, with what other roles' runs left there."""
    to, schema = sql.Identifier(role), sql.Identifier(RECORDS)
    there = connection.execute(_SCHEMAS, (role, [RECORDS])).fetchone()
    its = there[1] if there else owner.database_owner
    if there is None or owner.makes_schemas:
        create = sql.SQL("CREATE SCHEMA IF NOT EXISTS seedbed;")
        yield Right(create, owner.makes_schemas, _or_superuser(its))
    grantable = there[2] if there else owner.makes_schemas
    yield Right(_grant("ALL ON SCHEMA", [schema], to), grantable, _or_superuser(its))
    names = [f"{RECORDS}.{name}" for (name,) in connection.execute(_RECORDED).fetchall()]
    recorded = reached(connection, names, (), role)
    if all(one.grantable for one in recorded):
        yield Right(_grant("ALL ON ALL TABLES IN SCHEMA", [schema], to))
        return
    for one in recorded:
        if one.lacks or one.grantable:
            rights = _grant("ALL ON", [one.identifier], to)
            yield Right(rights, one.grantable, _or_superuser(one.owner))


def _row_security(owner: Grantor, needed: Sequence[Reached], role: str) -> Iterator[Right]:
    """That the role sees every row: policies are for people, and a run has to see every row that
    it must leave alone."""
    to = sql.Identifier(role)
    bound = [one for one in needed if one.bound]
    lift = sql.SQL("ALTER ROLE {} BYPASSRLS;").format(to)
    if not bound:
        return
    if owner.lifts_row_security:
        yield Right(lift)
        return
    for one in bound:
        if one.restrictive:
            said = f"policy {one.restrictive[0]!r} of {one} is restrictive: no other one lifts it."
            yield Right(_said(said), allowed=False, others=INSTEAD)
        elif one.hidden:
            yield Right(_policy(one, role), one.mine, _or_superuser(one.owner))
    yield Right(lift, allowed=False, others=INSTEAD)


def _policy(one: Reached, role: str) -> sql.Composed:
    """A policy by which the role sees and writes every row of a table."""
    what = "FOR SELECT TO {role} USING (true)"
    if one.does == COMMANDS:
        what = "FOR ALL TO {role} USING (true) WITH CHECK (true)"
    text = "DROP POLICY IF EXISTS {name} ON {table}; CREATE POLICY {name} ON {table} " + what + ";"
    return sql.SQL(text).format(
        name=sql.Identifier(f"seedbed {role}"), table=one.identifier, role=sql.Identifier(role)
    )


def _or_superuser(owner: str) -> str:
    return f"role {owner!r} or {SUPERUSER}"


def _grant(what: str, on: Iterable[sql.Composable], to: sql.Identifier) -> sql.Composed:
    return sql.SQL("GRANT {what} {on} TO {to};").format(
        what=sql.SQL(what), on=sql.SQL(", ").join(on), to=to
    )
