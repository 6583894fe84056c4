"""The rights of a run's role, as SQL for the database's owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from tasks.engine.errors import SeedbedError
from tasks.postgres.fingerprint import AnyConnection, identifier

_PLACES = """
    SELECT DISTINCT n.nspname::text
    FROM unnest(%s::text[]) AS t(quoted)
    JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(t.quoted)
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ORDER BY 1
"""

_REFERRING = """
    SELECT DISTINCT n.nspname::text, c.relname::text
    FROM pg_catalog.pg_constraint f
    JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN unnest(%s::text[]) AS t(quoted) ON f.confrelid = pg_catalog.to_regclass(t.quoted)
    WHERE f.contype = 'f' AND f.conparentid = 0
      AND f.conrelid NOT IN (SELECT c.oid
                             FROM unnest(%s::text[]) AS t(quoted)
                             JOIN pg_catalog.pg_class c
                               ON c.oid = pg_catalog.to_regclass(t.quoted))
    ORDER BY 1, 2
"""


_SECURED = """
    SELECT FROM unnest(%s::text[]) AS t(quoted)
    JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(t.quoted)
    WHERE c.relrowsecurity
"""


class NoTables(SeedbedError):
    """There is nothing to grant on."""

    def __init__(self, database: str) -> None:
        super().__init__(
            f"database {database!r} has none of the dataset's tables; create them first, "
            "or name another database"
        )


def grants(
    connection: AnyConnection, tables: Sequence[str], role: str, *, reads: Sequence[str] = ()
) -> str:
    """The SQL that gives `role` what a run needs, and nothing else; it executes nothing.

    `tables` are written, `reads` are those of the prerequisites. The tables that refer to the
    written ones are read, too: a reset has to see which rows keep ours alive.

    Raises:
        NoTables: the database has none of the tables.
    """
    quoted = [identifier(table).as_string(connection) for table in tables]
    with connection.transaction():
        database = connection.execute("SELECT current_database()::text").fetchall()[0][0]
        schemas = [row[0] for row in connection.execute(_PLACES, (quoted,)).fetchall()]
        referring = connection.execute(_REFERRING, (quoted, quoted)).fetchall()
    seen = [identifier(table) for table in reads]
    seen += [sql.Identifier(*names) for names in referring if ".".join(names[1:]) not in reads]
    if not schemas:
        raise NoTables(database)
    to = sql.Identifier(role)
    rights = [
        _grant("CONNECT, TEMP ON DATABASE", [sql.Identifier(database)], to),
        _grant("USAGE ON SCHEMA", map(sql.Identifier, schemas), to),
        _grant("SELECT, INSERT, UPDATE, DELETE ON", map(identifier, tables), to),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS seedbed;"),
        _grant("ALL ON SCHEMA", [sql.Identifier("seedbed")], to),
        _grant("ALL ON ALL TABLES IN SCHEMA", [sql.Identifier("seedbed")], to),
    ]
    if connection.execute(_SECURED, (quoted,)).fetchall():
        # Its policies are for people; a run has to see every row that it must leave alone.
        rights.append(sql.SQL("ALTER ROLE {} BYPASSRLS;").format(to))
    if seen:
        rights.insert(3, _grant("SELECT ON", seen, to))
    return "\n".join(right.as_string(connection) for right in rights)


def _grant(what: str, on: Iterable[sql.Composable], to: sql.Identifier) -> sql.Composed:
    return sql.SQL("GRANT {what} {on} TO {to};").format(
        what=sql.SQL(what), on=sql.SQL(", ").join(on), to=to
    )
