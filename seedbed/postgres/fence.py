"""Fence: what a transaction changed, compared with what it was to change, right before COMMIT.

Everything deferred runs first (triggers, foreign keys, unique and exclusion constraints), until the
transaction's counters stand still; after the comparison comes nothing but COMMIT. The evidence, and
why a trigger, a rule, a subtransaction, a partition or an inherited table cannot deceive it:

- **Counters** (`pg_stat_xact_all_tables`) count every row that the transaction inserted, updated
  or deleted, table by table, whoever's code did it, seen by us or not: cascades, rules, functions
  with the rights of others, rows of partitions and of tables that inherit (counted for the table
  that the dataset names). What a rolled back subtransaction did stays counted, so that catching an
  exception hides nothing: it can only make the numbers too large, and the transaction fails.
- **Deleted** has to equal the plan, and every planned row has to be gone: then no other one is.
- **Updated**: in tables of ours an application's trigger may change our own rows, and anywhere rows
  that it has just made. Whether it changed a row of others is asked of another session, which sees
  the rows as they were: a version that is there for it and not for us was changed by us, whatever
  its key is now.
- **Locks** show what no counter counts: TRUNCATE and DROP (the rows are in another file, or in
  none), and writing through a foreign table, which commits with us.
- **Names** mean the same tables from beginning to end: `search_path` is set for each transaction,
  temporary tables come last, and a change of it is noticed.
- **Counting itself** can be switched off by a superuser's function; `require_counters`
  refuses to begin where a function does so, and the fence refuses where counting is off at the end.

It cannot see what leaves the transaction: dblink, NOTIFY, programs that a function starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from psycopg import sql

from seedbed.postgres.connection.database import Connection
from seedbed.postgres.counters import (
    Locked,
    Touched,
    Unseen,
    counts,
    seen,
    unseen,
)
from seedbed.postgres.errors import ROUNDS, CountersOff, Fenced, Unsettled
from seedbed.postgres.ownership import identifier

Aside = Callable[[], AbstractContextManager[Connection]]


class Fence:
    """One writing transaction: what it is to change, and whether it changed just that.

    `mine` is the condition on rows of alias `own` that are ours, by table; `aside` opens another
    session, which sees what was there before. `grows` names the tables of others into which
    triggers may insert; None: any, as when rows are added.
    """

    def __init__(
        self,
        connection: Connection,
        mine: Mapping[str, sql.Composable],
        aside: Aside,
        *,
        grows: Collection[str] | None = None,
    ) -> None:
        self.connection = connection
        self._aside = aside
        self._mine = mine
        self._grows = (
            None if grows is None else {one if "." in one else f"public.{one}" for one in grows}
        )
        self._deleted: Counter[str] = Counter()
        self._inserted: Counter[str] = Counter()
        self._before = self._now = self._settled = seen(self.connection)

    def plan(self, table: str, *, deleted: int, inserted: int = 0) -> None:
        """What is to happen to rows of a table of ours, or has to have happened to them."""
        self._deleted[table] += deleted
        self._inserted[table] += inserted

    def settle(self) -> None:
        """Run everything deferred, until nothing comes of it any more.

        Raises:
            Unsettled: it does not end.
        """
        self._now = seen(self.connection)
        if self._now.rows == self._settled.rows:
            return  # without a row that was written since, nothing is deferred
        for _ in range(ROUNDS):
            self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            self._settled, self._now = self._now, seen(self.connection)
            if self._now.rows == self._settled.rows:
                return
        raise Unsettled

    def look(self) -> None:
        """Compare what there was when everything had settled; what comes after it is COMMIT.

        Raises:
            Fenced: the transaction changed something else.
            CountersOff: it cannot be told.
        """
        if not self._now.counting:
            raise CountersOff("a function that this transaction called")
        other = unseen(self.connection)
        differences = [*self._emptied(other.locks), *self._elsewhere(other)]
        if not differences:
            differences = list(self._differences([one.oid for one in other.locks if one.exclusive]))
        if differences:
            raise Fenced("written" if self._grows is None else "removed", differences)

    def _differences(self, closed: Sequence[int]) -> Iterator[str]:
        """Tables with other changes than planned; `closed` are those that nobody else can read."""
        now = counts(self.connection, list(self._mine), self._before, self._now)
        there = {table.name for table, _ in now}
        tables = {table for (table, _), rows in now.items() if rows} | {
            Touched(name, True, "")
            for name, rows in self._deleted.items()
            if rows and name not in there
        }
        for table in sorted(tables):
            did = {what: now[table, what] for what in ("inserted", "updated", "deleted")}
            if _is_ours(table) or self._as_planned(table, did, closed):
                continue
            yield (
                f"{table.name}: {did['deleted']} deleted instead of {self._deleted[table.name]}, "
                f"{did['updated']} updated, {did['inserted']} inserted"
            )

    def _as_planned(self, table: Touched, did: Mapping[str, int], closed: Sequence[int]) -> bool:
        name, removing = table.name, self._grows is not None
        more = did["deleted"] - self._deleted[name]
        if removing:
            records = name.startswith("seedbed.")
            free = records or (not table.managed and name in (self._grows or ()))
            if not free and did["inserted"] != self._inserted[name]:
                return False
        if table.managed and more:
            # A row that moves to another partition counts as deleted here and inserted there.
            moved = not removing and 0 < more <= did["inserted"] and self._partitioned(name)
            if not moved:
                return False
        elif more < 0 or (name.startswith("seedbed.") and more):
            return False
        if name.startswith("seedbed.") or not (did["updated"] or more):
            return True
        return not self._closed(table, closed) and not self._others_changed(table)

    def _closed(self, table: Touched, closed: Sequence[int]) -> bool:
        """Whether the table or a partition of it is locked, so that another session would wait."""
        if not closed:
            return False
        row = self.connection.execute(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_partition_tree(to_regclass(%(table)s)) AS t "
            "WHERE t.relid = ANY(%(closed)s::oid[])) OR to_regclass(%(table)s) = ANY(%(closed)s)",
            {"table": self._written(table).as_string(self.connection), "closed": list(closed)},
        ).fetchone()
        return row is None or bool(row[0])

    def _written(self, table: Touched) -> sql.Identifier | sql.SQL:
        """The table as a statement writes it."""
        return identifier(table.name) if table.managed else sql.SQL(table.quoted)  # catalogue's

    def _others_changed(self, table: Touched) -> bool:
        """Whether a row of others that was there before is not as it was, by our doing.

        Another session sees the rows as they were; one that we changed, deleted or locked has our
        mark there (`xmax`). If such a version is there for the other session before and after, and
        not for us in between, then we changed it, under whatever key it is now. A trigger may
        change our own rows (it keeps a count), and rows that it has itself just made.
        """
        mine = self._mine[table.name] if table.managed else sql.SQL("false")
        place = self._written(table)
        if not table.managed and not self._readable(table):
            return True
        query = sql.SQL(
            "SELECT own.tableoid::int8, own.ctid::text FROM {table} AS own "
            "WHERE ({mine}) IS NOT TRUE AND own.xmax::text <> '0'"
        ).format(table=place, mine=mine)
        with self._aside() as other:
            gone = {(oid, at) for oid, at in other.execute(query)}
            gone -= _versions(self.connection, place, gone)
            return bool(gone and _versions(other, place, gone))

    def _readable(self, table: Touched) -> bool:
        row = self.connection.execute(
            "SELECT has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) "
            "FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(%s)",
            (table.quoted,),
        ).fetchone()
        return bool(row and row[0])

    def _partitioned(self, table: str) -> bool:
        row = self.connection.execute(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_partitioned_table "
            "WHERE partrelid = to_regclass(%s))",
            (identifier(table).as_string(self.connection),),
        ).fetchone()
        return bool(row and row[0])

    def _emptied(self, locks: Sequence[Locked]) -> Iterator[str]:
        """Tables that were there before, and whose rows are in another file now, or nowhere.

        A view that is filled anew and a partition that is made on demand harm no row.
        """
        if not locks:
            return
        with self._aside() as other:
            query = (
                "SELECT oid::int8, relfilenode::int8 FROM pg_catalog.pg_class WHERE oid = ANY(%s)"
            )
            files: dict[int, int] = dict(
                other.execute(query, ([one.oid for one in locks],)).fetchall()
            )
        for one in locks:
            if not one.exclusive:
                yield f"{one.name}: a foreign table"
            elif one.oid in files and one.kind != "m" and one.file != files[one.oid]:
                yield f"{one.name}: emptied or dropped"

    def _elsewhere(self, other: Unseen) -> Iterator[str]:
        """What makes names or deferred work of this session something else than they were."""
        if name := other.deferring:
            yield f"temporary table {name} has deferrable triggers, whose work cannot be seen"
        if self._now.path != self._before.path:
            yield "search_path was set to something else: names may mean other tables"


def _is_ours(table: Touched) -> bool:
    """Temporary tables are this session's own."""
    return table.quoted.startswith("pg_temp")


def _versions(
    connection: Connection, table: sql.Composable, which: Collection[tuple[int, str]]
) -> set[tuple[int, str]]:
    """Those versions of rows, by table and place, that the connection sees now."""
    if not which:
        return set()
    query = sql.SQL("SELECT tableoid::int8, ctid::text FROM {} WHERE ctid = ANY(%s::tid[])")
    found = connection.execute(query.format(table), ([at for _, at in which],))
    return {(oid, at) for oid, at in found} & set(which)
