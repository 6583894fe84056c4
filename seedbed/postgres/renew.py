"""Renew: rows of ours are brought to what their declaration says, where they are.

A row that is to be made again is not removed first: its key stays, and with it what people attached
to it; an update of other columns than the key does not even keep them waiting. Only a row that
moves within a unique index, or to another partition, goes and comes back, unless something points
at it: two rows that change places could not do so one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.declare.values import Columns
from seedbed.engine.rows import Rows
from seedbed.postgres.compare import edited, literal
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.copy.encode import ColumnType
from seedbed.postgres.copy.load import copy
from seedbed.postgres.errors import RenewalRefused
from seedbed.postgres.ownership import identifier

_MOVING = """
    SELECT DISTINCT a.attname::text FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0 AND (
        EXISTS (
            SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid
              AND (i.indisunique OR i.indisexclusion)
              AND (a.attnum = ANY(i.indkey) OR EXISTS (
                  SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                    AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)))
        OR EXISTS (
            SELECT FROM pg_catalog.pg_partitioned_table p
            WHERE p.partrelid = a.attrelid AND a.attnum = ANY(p.partattrs)))
"""

_FIXED = """
    SELECT attname::text FROM pg_catalog.pg_attribute
    WHERE attrelid = %(table)s::regclass AND attnum > 0 AND attidentity = 'a'
"""


class Renewal:
    """What the present rows of one entity shall hold, in a temporary table of its own.

    With `stamps`, columns that the application itself may write at any time are written, too: their
    rows are made for another day. Nobody asks afterwards whether they hold it.
    """

    def __init__(
        self,
        connection: Connection,
        entity: Entity,
        columns: tuple[ColumnType, ...],
        *,
        stamps: bool = False,
    ) -> None:
        self._connection, self.entity, self._columns = connection, entity, columns
        quoted = {"table": identifier(entity.table).as_string(connection)}
        fixed = {row[0] for row in connection.execute(_FIXED, quoted)}
        left_out = {entity.key.column, *fixed}
        self._due = [column for column in columns if column.name not in left_out]
        self._compared = [column for column in self._due if column.name not in entity.stamped]
        if not stamps:
            self._due = self._compared
        moving = {row[0] for row in connection.execute(_MOVING, quoted)}
        self._moving = [column for column in self._compared if column.name in moving]
        self._made = sql.Identifier(f"seedbed_made_{entity.name}"[:63])
        self._names = {
            "made": self._made,
            "table": identifier(entity.table),
            "key": sql.Identifier(entity.key.column),
        }

    @contextmanager
    def laid(self, rows: Iterable[Rows], values: Callable[[Rows], Columns]) -> Iterator[None]:
        """Lay the rows as they shall be, while the block runs."""
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in self._columns)
        self._execute(
            "CREATE TEMP TABLE {made} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA",
            names=names,
        )
        into = f"seedbed_made_{self.entity.name}"[:63]
        copy(
            self._connection,
            self.entity,
            self._columns,
            rows,
            ahead=False,
            into=into,
            values=values,
        )
        self._execute("ALTER TABLE {made} ADD PRIMARY KEY ({key})")
        self._execute("ANALYZE {made}")
        yield
        self._execute("DROP TABLE {made}")

    def movers(self) -> list[Any]:
        """Keys of the rows whose change could meet another row's value."""
        if not self._moving:
            return []
        found = self._execute(
            "SELECT own.{key} FROM {made} AS made JOIN {table} AS own USING ({key}) WHERE {due}",
            due=self._differ(self._moving),
        )
        return [row[0] for row in found.fetchall()]

    def differing(self) -> int:
        """How many rows do not hold what they shall."""
        if not self._compared:
            return 0
        found = self._execute(
            "SELECT count(*) FROM {made} AS made JOIN {table} AS own USING ({key}) WHERE {due}",
            due=self._differ(self._compared),
        ).fetchone()
        return int(found[0]) if found else 0

    def update(self) -> int:
        """Bring every row that differs to what it shall hold; returns how many.

        Raises:
            RenewalRefused: a constraint or a trigger objects.
        """
        if not self._due:
            return 0
        try:
            return self._execute(
                "UPDATE {table} AS own SET {set} FROM {made} AS made "
                "WHERE own.{key} = made.{key} AND {due}",
                set=sql.SQL(", ").join(map(self._assignment, self._due)),
                due=self._differ(self._due),
            ).rowcount
        except psycopg.errors.OperationalError:
            raise
        except psycopg.Error as error:
            raise RenewalRefused(self.entity, self._due, error) from None

    def _assignment(self, column: ColumnType) -> sql.Composed:
        """A staged column begins again, as in a row that is added: a later step settles it."""
        name = sql.Identifier(column.name)
        if column.name in self.entity.staged:
            return sql.SQL("{} = {}").format(name, literal(self.entity.staged[column.name]))
        return sql.SQL("{} = made.{}").format(name, name)

    def _differ(self, columns: Sequence[ColumnType]) -> sql.Composed:
        tests = [edited(self.entity, column, "made") for column in columns]
        return sql.SQL("({})").format(sql.SQL(" OR ").join(tests))

    def _execute(self, query: Any, **parts: sql.Composable) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._connection.execute(sql.SQL(query).format(**self._names, **parts))
