"""Grantor: who asks for the rights of a run's role, and what they may do about it themselves."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.postgres.guard.reach import AnyConnection

MANAGED_ROLES = 16_00_00
"""From this version on a role with CREATEROLE hands on BYPASSRLS that it has itself."""

_GRANTOR = """
    SELECT current_user::text, d.datname::text, pg_catalog.pg_get_userbyid(d.datdba)::text,
           me.rolsuper OR me.rolcreaterole,
           me.rolsuper OR me.rolcreaterole AND me.rolbypassrls
             AND current_setting('server_version_num')::integer >= %(managed)s
             AND (r.oid IS NULL
                  OR pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')),
           r.oid IS NOT NULL,
           pg_catalog.has_database_privilege(d.oid, 'CONNECT WITH GRANT OPTION')
             AND pg_catalog.has_database_privilege(d.oid, 'TEMP WITH GRANT OPTION'),
           pg_catalog.has_database_privilege(d.oid, 'CREATE'),
           pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
           pg_catalog.has_function_privilege(
               coalesce(r.rolname, 'public'), 'pg_catalog.pg_control_system()', 'EXECUTE'),
           pg_catalog.has_function_privilege(
               'pg_catalog.pg_control_system()', 'EXECUTE WITH GRANT OPTION')
    FROM pg_catalog.pg_database d
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
    LEFT JOIN pg_catalog.pg_roles r ON r.rolname = %(role)s
    WHERE d.datname = pg_catalog.current_database()
"""


@dataclass(frozen=True)
class Grantor:
    """Who asks for the rights of a role, and what they may do about it."""

    name: str
    database: str
    database_owner: str
    makes_roles: bool
    lifts_row_security: bool
    role_exists: bool
    grants_database: bool
    makes_schemas: bool
    reads_identifier: bool
    role_reads_identifier: bool
    grants_identifier: bool


def grantor(connection: AnyConnection, role: str) -> Grantor:
    """The connection's own role, with a view to the rights of another one."""
    known = {"role": role, "managed": MANAGED_ROLES}
    row = connection.execute(_GRANTOR, known).fetchone()
    assert row is not None  # the current database and role are always listed
    return Grantor(*row)
