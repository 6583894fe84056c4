"""Fence: what a transaction changed, compared with what it was to change, right before COMMIT.

Everything deferred runs first (triggers, foreign keys, unique and exclusion constraints), until the
transaction's counters stand still; after the comparison comes nothing but COMMIT. The evidence, and
why a trigger, a rule, a subtransaction, a partition or an inherited table cannot deceive it:

- **Counters** (`pg_stat_xact_user_tables`) count every row that the transaction inserted, updated
  or deleted, table by table, whoever's code did it, seen by us or not: cascades, rules, functions
  with the rights of others, rows of partitions and of tables that inherit (counted for the table
  that the dataset names). What a rolled back subtransaction did stays counted, so that catching an
  exception hides nothing: it can only make the numbers too large, and the transaction fails.
- **Deleted** has to equal the plan, and every planned row has to be gone: then no other one is.
- **Updated**: in tables of ours an application's trigger may change our own rows. Whether it
  changed a row of others is asked of the rows: one that is visible to us, and whose `xmin` other
  sessions still see in progress, was written by this transaction or a subtransaction of it.
- **Locks** show what no counter counts: TRUNCATE and DROP (an exclusive lock on a table that was
  there before), and writing through a foreign table, which commits with us.
- **Counting itself** can be switched off by a superuser's function; `require_counters` refuses to
  begin where a function does so, and the fence refuses where counting is off at the end.

It cannot see what leaves the transaction: dblink, NOTIFY, programs that a function starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from psycopg import sql

from tasks.engine.errors import Refused
from tasks.postgres.database import Connection
from tasks.postgres.ownership import identifier

ROUNDS = 20
"""How often deferred triggers may call for more of themselves."""

_COUNTERS = """
    WITH RECURSIVE named(name, relid) AS (
        SELECT name, to_regclass(quoted)::oid
        FROM unnest(%s::text[], %s::text[]) AS t(name, quoted)),
    managed(name, relid) AS (
        SELECT name, relid FROM named
        UNION
        SELECT m.name, i.inhrelid FROM managed m JOIN pg_catalog.pg_inherits i
            ON i.inhparent = m.relid AND i.inhrelid NOT IN (SELECT relid FROM named))
    SELECT coalesce(min(m.name), min(s.schemaname || '.' || s.relname)), m.relid IS NOT NULL,
           s.schemaname LIKE 'pg\\_temp%%',
           sum(s.n_tup_ins)::int8, sum(s.n_tup_upd)::int8, sum(s.n_tup_del)::int8
    FROM pg_catalog.pg_stat_xact_user_tables s LEFT JOIN managed m USING (relid)
    WHERE s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
    GROUP BY coalesce(m.name, s.relid::text), 2, 3
"""
"""By the dataset's name of a table, or by schema and name; partitions count for their table."""

_LOCKED = """
    SELECT l.relation::int8, coalesce(n.nspname || '.' || c.relname, 'a table that is gone'),
           l.mode = 'AccessExclusiveLock'
    FROM pg_catalog.pg_locks l
    LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      AND (l.mode = 'AccessExclusiveLock' AND n.nspname !~ '^pg_(toast_)?temp'
           OR l.mode = 'AccessExclusiveLock' AND c.oid IS NULL
           OR l.mode = 'RowExclusiveLock' AND c.relkind = 'f')
"""

_SILENCING = r"""
    SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND (p.proconfig::text ILIKE '%track_counts%' OR
           p.prosrc ~* '(set_config\s*\(\s*''|set\s+((local|session)\s+)?)track_counts')
    ORDER BY 1 LIMIT 1
"""

_AWAY = """
    SELECT DISTINCT t.tgrelid::regclass::text, p.oid::regprocedure::text,
           coalesce((SELECT min(c.oid::regclass::text) FROM pg_catalog.pg_class c
                     WHERE c.relkind = 'f' AND position(c.relname IN p.prosrc) > 0), 'dblink')
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgrelid = ANY(%s::oid[]) AND (
        p.prosrc ILIKE '%%dblink%%' OR EXISTS (
            SELECT FROM pg_catalog.pg_class c
            WHERE c.relkind = 'f' AND position(c.relname IN p.prosrc) > 0))
    ORDER BY 1, 2
"""


class Fenced(Refused):
    """The database did something else than what was planned; all of it was rolled back."""

    def __init__(self, did: str, differences: Sequence[str]) -> None:
        super().__init__(
            f"nothing was {did}: the transaction would have changed something else than planned "
            f"({'; '.join(differences)}); look for a trigger, a rule, a cascade or another session "
            "(rows that a trigger wrote and took back count, too). What a trigger may insert while "
            "rows are removed, side_effects in the profile says; which rows a trigger makes for "
            "ours, made_by_triggers"
        )


class Unsettled(Refused):
    """Deferred triggers go on for ever."""

    def __init__(self) -> None:
        super().__init__(
            f"deferred triggers still change rows after they were called {ROUNDS} times; nothing "
            "of this step was kept. Look for a constraint trigger that calls for itself"
        )


class CountersOff(Refused):
    """Something can keep the server from counting what a transaction changes."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} switches track_counts off, by which seedbed sees what a transaction changed; "
            "nothing was written. Remove that setting, or let its owner do so"
        )


def require_counters(connection: Connection) -> None:
    """Refuse a database in which a function switches the counting of rows off.

    Raises:
        CountersOff: there is one.
    """
    found = connection.execute(_SILENCING).fetchone()
    if found is not None:
        raise CountersOff(f"function {found[0]}")


def away(connection: Connection, tables: Sequence[int]) -> tuple[str, ...]:
    """Triggers of tables (by oid) that speak of other databases, a sentence each."""
    return tuple(
        f"a trigger of {table} calls {function}, which names {what}: what it does in another "
        "database is not seen, and not taken back"
        if what == "dblink"
        else f"a trigger of {table} calls {function}, which names the foreign table {what}: if it "
        "writes there, the step is undone"
        for table, function, what in connection.execute(_AWAY, (list(tables),))
    )


Counts = Counter[tuple[str, bool, bool, str]]
"""Rows by table, whether it is managed, whether it is temporary, and what was done to them."""


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
        self._before = self._counts()

    def plan(self, table: str, *, deleted: int, inserted: int = 0) -> None:
        """What is to happen to rows of a table of ours, or has to have happened to them."""
        self._deleted[table] += deleted
        self._inserted[table] += inserted

    def settle(self) -> None:
        """Run everything deferred, until nothing comes of it any more.

        Raises:
            Unsettled: it does not end.
        """
        before = self._counts()
        for _ in range(ROUNDS):
            self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            now = self._counts()
            if now == before:
                return
            before = now
        raise Unsettled

    def look(self) -> None:
        """Compare; what comes after it is COMMIT.

        Raises:
            Fenced: the transaction changed something else.
            CountersOff: it cannot be told.
            Unsettled: deferred triggers do not end.
        """
        self.settle()
        counting = self.connection.execute("SELECT current_setting('track_counts')").fetchone()
        if counting is None or counting[0] != "on":
            raise CountersOff("a function that this transaction called")
        differences = [*self._differences(), *self._locked()]
        if differences:
            raise Fenced("written" if self._grows is None else "removed", differences)

    def _counts(self) -> Counts:
        names = list(self._mine)
        quoted = [identifier(table).as_string(self.connection) for table in names]
        found: Counts = Counter()
        for name, managed, temporary, *counts in self.connection.execute(
            _COUNTERS, (names, quoted)
        ):
            for did, rows in zip(("inserted", "updated", "deleted"), counts, strict=True):
                found[name, managed, temporary, did] = rows
        return found

    def _differences(self) -> Iterator[str]:
        now = self._counts()
        now.subtract(self._before)
        tables = sorted({key[:3] for key, rows in now.items() if rows} | self._planned())
        for name, managed, temporary in tables:
            if temporary or name.startswith("seedbed."):
                continue
            did = {
                what: now[name, managed, temporary, what]
                for what in ("inserted", "updated", "deleted")
            }
            if self._as_planned(name, managed, did):
                continue
            yield (
                f"{name}: {did['deleted']} deleted instead of {self._deleted[name]}, "
                f"{did['updated']} updated, {did['inserted']} inserted"
            )

    def _planned(self) -> set[tuple[str, bool, bool]]:
        return {(table, True, False) for table, rows in self._deleted.items() if rows}

    def _as_planned(self, name: str, managed: bool, did: Mapping[str, int]) -> bool:
        if did["deleted"] != self._deleted[name]:
            return False
        if self._grows is not None:
            free = not managed and name in self._grows
            if not free and did["inserted"] != self._inserted[name]:
                return False
        return not did["updated"] or (managed and not self._strangers_changed(name))

    def _strangers_changed(self, table: str) -> bool:
        """Whether this transaction wrote a row of others that is still there.

        A trigger of the application may keep a count in our own rows while what it counts comes
        or goes: that is its right, and those rows are ours. Transactions are compared as the
        server does, around the corner of 2^32; 1 and 2 stand for frozen rows.
        """
        found = self.connection.execute(
            sql.SQL(
                "SELECT DISTINCT top.number + ((own.xmin::text::int8 - top.number) & 4294967295) "
                "FROM {table} AS own, (SELECT pg_catalog.pg_current_xact_id()::text::int8) "
                "AS top(number) WHERE own.xmin::text::int8 > 2 AND {mine} IS NOT TRUE "
                "AND ((own.xmin::text::int8 - top.number) & 4294967295) < 2147483648"
            ).format(table=identifier(table), mine=self._mine[table])
        ).fetchall()
        return bool(self._in_progress([row[0] for row in found]))

    def _in_progress(self, transactions: list[int]) -> list[int]:
        """Those of the transactions that have not ended: of visible rows, our own.

        Frozen rows keep the number of a transaction that may look as if it were to come; the
        server raises an error for those, and another session's new number tells them.
        """
        if not transactions:
            return []
        with self._aside() as other:
            row = other.execute("SELECT pg_catalog.pg_current_xact_id()::text::int8").fetchone()
        newest = row[0] if row else 0
        found = self.connection.execute(
            "SELECT x FROM unnest(%s::int8[]) AS x "
            "WHERE pg_catalog.pg_xact_status(x::text::xid8) = 'in progress'",
            ([one for one in transactions if one < newest],),
        )
        return [row[0] for row in found]

    def _locked(self) -> Iterator[str]:
        found = self.connection.execute(_LOCKED).fetchall()
        if not found:
            return
        with self._aside() as other:
            there = {
                row[0]
                for row in other.execute(
                    "SELECT oid::int8 FROM pg_catalog.pg_class WHERE oid = ANY(%s)",
                    ([oid for oid, _, _ in found],),
                )
            }
        for oid, name, exclusive in found:
            if oid in there:
                how = "locked exclusively, as TRUNCATE does" if exclusive else "a foreign table"
                yield f"{name}: {how}"


@contextmanager
def fenced(
    connection: Connection,
    mine: Mapping[str, sql.Composable],
    aside: Aside,
    *,
    grows: Collection[str] | None = None,
) -> Iterator[Fence]:
    """A fence around what the block does in a transaction; it looks when the block ends well."""
    fence = Fence(connection, mine, aside, grows=grows)
    yield fence
    fence.look()
