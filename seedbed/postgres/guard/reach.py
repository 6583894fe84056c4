"""Reach: the tables that a run writes and reads, and what keeps its role from their rows.

Beside the tables of a dataset and its prerequisites these are the tables whose foreign keys point
at what it writes, partitions included: a reset has to see which rows keep ours alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

AnyConnection = psycopg.Connection[Any]

STOPPED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidObjectDefinition)
"""How the server stops a role: by a right that is missing, or by policies that ask each other."""

COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")

# Not `to_regclass`, which raises where a schema is closed to the role.
FOUND = sql.SQL("""
    JOIN pg_catalog.pg_class c ON c.relname = t.name
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     AND (n.nspname = t.schema OR t.schema IS NULL AND pg_catalog.pg_table_is_visible(c.oid))
""")
"""The relations `c` that rows `t(schema, name)` name; see `parted`."""


def parted(tables: Sequence[str]) -> tuple[list[str | None], list[str]]:
    """Schemas, None where none is given, and names."""
    parts = [table.split(".", 1) for table in tables]
    return [one[0] if len(one) > 1 else None for one in parts], [one[-1] for one in parts]


_POLICIES = sql.SQL("""
    FROM pg_catalog.pg_policy p
    WHERE p.polrelid = {relation} AND (0 = ANY (p.polroles) OR EXISTS (
        SELECT FROM pg_catalog.pg_roles u, unnest(p.polroles) AS m(oid)
        WHERE u.rolname = {role} AND pg_catalog.pg_has_role(u.oid, m.oid, 'USAGE')))
""")
"""The policies of a relation that apply to a role: by name, by membership, or as all do."""

_UNPROVEN = sql.SQL("""ARRAY(
    SELECT k.command
    FROM (VALUES ('SELECT', 'r', true, false), ('INSERT', 'a', false, true),
                 ('UPDATE', 'w', true, true), ('DELETE', 'd', true, false))
         AS k(command, letter, reads, writes)
    WHERE k.command = ANY ({commands}) AND (
        EXISTS (SELECT {policies} AND p.polcmd IN ('*', k.letter) AND NOT p.polpermissive)
        OR k.reads AND NOT EXISTS (
            SELECT {policies} AND p.polcmd IN ('*', k.letter) AND p.polpermissive
               AND pg_catalog.pg_get_expr(p.polqual, p.polrelid) = 'true')
        OR k.writes AND NOT EXISTS (
            SELECT {policies} AND p.polcmd IN ('*', k.letter) AND p.polpermissive
               AND pg_catalog.pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid)
                   = 'true')))
""")


def _unproven(relation: sql.SQL, role: sql.SQL, commands: sql.SQL) -> sql.Composed:
    """Those of the commands for which policies may hide rows of a relation from a role.

    Proven is a command with a permissive policy for the role that says `true`, and no restrictive
    one. A policy without WITH CHECK checks by its USING, as PostgreSQL does.
    """
    policies = _POLICIES.format(relation=relation, role=role)
    return _UNPROVEN.format(commands=commands, policies=policies)


def sees(relation: sql.SQL) -> sql.Composed:
    """Whether no row of a relation is hidden from the current role."""
    hidden = _unproven(relation, sql.SQL("current_user"), sql.SQL("ARRAY['SELECT']"))
    return sql.SQL("NOT (row_security_active({}) AND cardinality({}) > 0)").format(relation, hidden)


_REACHED = sql.SQL("""
    WITH RECURSIVE named AS (
        SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[], %(written)s::bool[])
            AS t(schema, name, written)),
    managed AS (
        SELECT c.oid, bool_or(t.written AND c.relkind IN ('r', 'p')) AS written,
               min(concat_ws('.', t.schema, t.name)) AS asked
        FROM named t {found}
        GROUP BY c.oid),
    tree(oid) AS (
        SELECT oid FROM managed WHERE written
        UNION SELECT t.relid::oid FROM managed m, LATERAL pg_partition_tree(m.oid) t WHERE m.written
        UNION SELECT a::oid FROM managed m, LATERAL pg_partition_ancestors(m.oid) a
        WHERE m.written),
    wanted AS (
        SELECT oid, asked,
               CASE WHEN written THEN %(commands)s::text[] ELSE ARRAY['SELECT'] END AS does
        FROM managed
        UNION ALL
        SELECT DISTINCT f.conrelid, NULL, ARRAY['SELECT']
        FROM pg_catalog.pg_constraint f JOIN tree ON tree.oid = f.confrelid
        WHERE f.contype = 'f' AND f.conparentid = 0
          AND f.conrelid NOT IN (SELECT oid FROM managed))
    SELECT n.nspname::text, c.relname::text, w.asked, w.does,
           pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
           ARRAY(SELECT d FROM unnest(w.does) AS d
                 WHERE (pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
                        AND pg_catalog.has_table_privilege(r.oid, c.oid, d)) IS NOT TRUE) AS lacks,
           c.relrowsecurity AS secured,
           c.relrowsecurity AND (r.rolsuper OR r.rolbypassrls) IS NOT TRUE
             AND (c.relforcerowsecurity
                  OR pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE') IS NOT TRUE) AS bound,
           {hidden} AS hidden,
           ARRAY(SELECT p.polname::text {policies} AND NOT p.polpermissive) AS restrictive,
           pg_catalog.pg_has_role(c.relowner, 'USAGE') AS mine,
           (SELECT bool_and(pg_catalog.has_table_privilege(c.oid, d || ' WITH GRANT OPTION'))
            FROM unnest(w.does) AS d) AS grantable,
           (SELECT a.attname::text FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum LIMIT 1) AS first_column
    FROM wanted w
    JOIN pg_catalog.pg_class c ON c.oid = w.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_roles r ON r.rolname = %(role)s
    ORDER BY w.asked IS NULL, 1, 2
""").format(
    found=FOUND,
    hidden=_unproven(sql.SQL("c.oid"), sql.SQL("%(role)s"), sql.SQL("w.does")),
    policies=_POLICIES.format(relation=sql.SQL("c.oid"), role=sql.SQL("%(role)s")),
)


@dataclass(frozen=True)
class Reached:
    """One table of the database, for one role."""

    schema: str
    name: str
    asked: str | None
    """As the dataset calls it; None where only its foreign key leads to it."""
    does: tuple[str, ...]
    """The commands that a run needs there."""
    owner: str
    lacks: tuple[str, ...]
    """Those that the role may not use."""
    secured: bool
    """Whether it has row security."""
    bound: bool
    """Whether its row security binds the role."""
    hidden: tuple[str, ...]
    """The commands for which rows may be hidden from the role."""
    restrictive: tuple[str, ...]
    """The restrictive policies for the role, which no other policy lifts."""
    mine: bool
    """Whether the connection's role owns the table, or is a member of its owner."""
    grantable: bool
    """Whether the connection's role may grant what a run needs there."""
    column: str
    """Its first column."""

    @property
    def identifier(self) -> sql.Identifier:
        """Its quoted name."""
        return sql.Identifier(self.schema, self.name)

    def __str__(self) -> str:
        return self.asked or f"{self.schema}.{self.name}"


def reached(
    connection: AnyConnection, tables: Sequence[str], reads: Sequence[str], role: str | None = None
) -> tuple[Reached, ...]:
    """What a run that writes `tables` and reads `reads` reaches; tables that are not there are
    left out. For the connection's own role, unless another one is named, which need not exist.
    """
    schemas, names = parted((*tables, *reads))
    found = connection.execute(
        _REACHED,
        {
            "schemas": schemas,
            "names": names,
            "written": [True] * len(tables) + [False] * len(reads),
            "commands": list(COMMANDS),
            "role": role or _own_name(connection),
        },
    )
    return tuple(map(_reached, found))


def _reached(row: tuple[Any, ...]) -> Reached:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    one = Reached(*values)
    return one if one.bound else replace(one, hidden=(), restrictive=())


def policies_serve(connection: AnyConnection, tables: Sequence[str], reads: Sequence[str]) -> bool:
    """Whether row security binds this role somewhere, and hides nothing from it anywhere."""
    bound = [one for one in reached(connection, tables, reads) if one.bound]
    return bool(bound) and not any(one.hidden for one in bound)


def _own_name(connection: AnyConnection) -> str:
    row = connection.execute("SELECT current_user::text").fetchone()
    assert row is not None  # a SELECT without FROM
    return str(row[0])
