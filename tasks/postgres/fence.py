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
- **Counting itself** can be switched off by a superuser's function; `require_counters`
  refuses to begin where a function does so, and the fence refuses where counting is off at the end.

It cannot see what leaves the transaction: dblink, NOTIFY, programs that a function starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from psycopg import sql

from tasks.engine.errors import Refused
from tasks.postgres.counters import counts, locked, require_counting
from tasks.postgres.database import Connection
from tasks.postgres.ownership import identifier

ROUNDS = 20
"""How often deferred triggers may call for more of themselves."""


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
        self._before = counts(self.connection, list(self._mine))

    def plan(self, table: str, *, deleted: int, inserted: int = 0) -> None:
        """What is to happen to rows of a table of ours, or has to have happened to them."""
        self._deleted[table] += deleted
        self._inserted[table] += inserted

    def settle(self) -> None:
        """Run everything deferred, until nothing comes of it any more.

        Raises:
            Unsettled: it does not end.
        """
        before = counts(self.connection, list(self._mine))
        for _ in range(ROUNDS):
            self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            now = counts(self.connection, list(self._mine))
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
        require_counting(self.connection)
        differences = [*self._differences(), *self._locked()]
        if differences:
            raise Fenced("written" if self._grows is None else "removed", differences)

    def _differences(self) -> Iterator[str]:
        now = counts(self.connection, list(self._mine))
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
        found = locked(self.connection)
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
