"""Stage: one database on which people, runs and faults take turns; and how it is set again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

import psycopg
import pytest
from psycopg import sql

from seedbed.context.context import RunContext
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.keys import UuidKey
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered
from seedbed.engine.plan import Removal
from seedbed.engine.report import StepReport
from seedbed.postgres import record
from seedbed.postgres.copy import load
from seedbed.postgres.copy.encode import Encoder
from seedbed.postgres.ownership import any_of
from seedbed.run.counted import digests
from seedbed.run.remove import remove
from seedbed.steps.kinds import perform
from seedbed.testing.arrows import arrows, dependents, entities_of, keys
from seedbed.testing.cluster import Connection, eventually
from seedbed.testing.contents import Contents, identifier, qualified, stamped, tables, versions
from seedbed.testing.strangers import attach, copied, insert, insert_as_the_application, near_key
from seedbed.testing.worlds import AS_OF, World, silent

_RULES = """
    SELECT conrelid::regclass::text, conname::text,
           replace(pg_get_constraintdef(oid), ' NOT VALID', '')
    FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 AND conislocal
      AND connamespace::regnamespace::text !~ '^(pg_|information_schema)'
"""

Dump = dict[tuple[str, str], bytes]


NOTES = {"public.audit"}
"""Tables in which a trigger of the application notes every row that comes."""


class Crash(Exception):
    """The process dies here."""


@dataclass
class Stage:
    """A dataset's database, and the work of a run that stays open over many sequences."""

    world: World
    person: Connection
    counts: Counter[str]
    _open: AbstractContextManager[RunContext] | None = None
    _context: RunContext | None = None
    _queries: dict[tuple[tuple[str, str], ...], sql.Composed] = field(default_factory=dict)

    @property
    def dataset(self) -> Dataset:
        """What is seeded here."""
        return self.world.dataset

    # -- runs -------------------------------------------------------------------------------

    def context(self, day: int = 0, verb: str = "seed") -> RunContext:
        """The work of a run `day` days after the anchor; opened anew if its lock was lost."""
        if self._context is None:
            self._open = self.world.opened()
            self._context = self._open.__enter__()
        run = replace(self._context.run, as_of=AS_OF + timedelta(days=day))
        author = replace(self._context.author, verb=verb)
        return replace(self._context, run=run, author=author)

    def close(self) -> None:
        """End the run that is open."""
        if self._open is not None:
            with suppress(psycopg.OperationalError):
                self._open.__exit__(None, None, None)
        self._open = self._context = None

    def seed(self, day: int, wanted: Iterable[Step] | None = None) -> dict[str, StepReport]:
        """Do the steps one after the other.

        Rows that are there stay as they are, whatever happens.
        """
        context, reports = self.context(day), {}
        with self._untouched(adding=True):
            for step in ordered(self.dataset.steps if wanted is None else wanted):
                try:
                    reports[step.name] = perform(context, step, silent)
                except SeedbedError as error:
                    with self.unchanged(), pytest.raises(type(error)):
                        perform(context, step, silent)
                    raise
        return reports

    def reset(self, *, strict: bool) -> Removal:
        """Remove what is ours; everything else stays as it is."""
        with self._untouched(adding=False):
            return remove(self.context(verb="reset"), strict=strict)

    @contextmanager
    def _untouched(self, *, adding: bool) -> Iterator[None]:
        """Rows of others are the same before and after; triggers may note what was added.

        Nor does a run that adds change what is ours, except in windows and by updates.
        """
        before = self._rows()
        try:
            yield
        finally:
            after = self._rows()
            notes, noted = ({row for row in held if row[0] in NOTES} for held in (before, after))
            assert noted >= notes if adding else noted == notes, "notes were changed"
            moving = {one.table for one in (*windows(self.dataset), *self.dataset.later)}
            lost = [
                (table, mine, text)
                for table, mine, text in before - after
                if not mine or (adding and table not in map(qualified, moving))
            ]
            new = [row for row in after - before - noted if not row[1]]
            assert (lost, new) == ([], []), "rows that were there were changed"

    def _rows(self) -> set[tuple[str, bool, str]]:
        """Every row of the application: its table, whether it is ours, its text."""
        there = [place for place in tables(self.person) if place[0] != "seedbed"]
        return set(self.person.execute(self._query(tuple(there))).fetchall())

    def _query(self, there: tuple[tuple[str, str], ...]) -> sql.Composed:
        """One query for all tables; columns that triggers stamp are left out."""
        if there not in self._queries:
            parts = []
            for schema, name in there:
                place = f"{schema}.{name}"
                entities = entities_of(self.dataset, place)
                left_out = (
                    self.dataset.stamped(entities[0].table)
                    if entities
                    else stamped().get(place, frozenset())
                )
                names = self.person.execute(
                    "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass "
                    "AND attnum > 0 AND NOT attisdropped AND attname <> ALL(%s) ORDER BY attnum",
                    (identifier(place).as_string(self.person), list(left_out)),
                )
                parts.append(
                    sql.SQL("SELECT {}, {}, ROW({})::text FROM {} AS own").format(
                        sql.Literal(place),
                        any_of(entities, "own") if entities else sql.SQL("false"),
                        sql.SQL(", ").join(sql.Identifier("own", name) for (name,) in names),
                        identifier(place),
                    )
                )
            self._queries[there] = sql.SQL(" UNION ALL ").join(parts)
        return self._queries[there]

    def ours(self) -> int:
        """How many rows are ours."""
        return sum(mine for _, mine, _ in self._rows())

    def digests(self) -> dict[str, str]:
        """One digest a table."""
        return digests(self.context(), frozenset())

    # -- faults -----------------------------------------------------------------------------

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Not one row of any table is written, whatever is tried."""
        before = versions(self.person)
        yield
        assert versions(self.person) == before, "an error left something behind"

    def end_sessions(self) -> None:
        """Let the server end every session of the run, except the one that holds its lock."""
        self._end("pid <> %s")

    def end_lease(self) -> None:
        """Let the server end the session that holds the lock."""
        self._end("pid = %s")

    def _end(self, which: str) -> None:
        found = (
            "FROM pg_stat_activity WHERE application_name LIKE 'seedbed:%%' "
            f"AND datname = current_database() AND {which}"
        )
        lease = (self.context().database.lease,)
        # Again and again: who watches over a transaction connects anew.
        end = f"SELECT pg_terminate_backend(pid) {found}".encode()
        assert eventually(lambda: self.person.execute(end, lease).rowcount == 0)

    def crashing(self, how: str, at: int, action: Callable[[], Any]) -> bool:
        """Whether the action died at its `at`-th write; then that write left nothing behind."""
        before: list[Contents] = []
        passed = iter(range(at))

        def die() -> None:
            if next(passed, None) is None and not before:
                before.append(versions(self.person))
                if how in ("copy", "session"):
                    self.end_sessions()
                else:
                    raise Crash

        class Dying(Encoder):
            @property
            def trailer(self) -> bytes:  # type: ignore[override]  # it dies in the middle of COPY
                die()
                return Encoder.trailer

        def recorded(*given: Any, **more: Any) -> None:
            die()
            record.write(*given, **more)

        with pytest.MonkeyPatch.context() as patch:
            if how == "copy":
                patch.setattr(load, "Encoder", Dying)
            else:
                for module in ("seedbed.steps.part", "seedbed.steps.update", "seedbed.run.remove"):
                    patch.setattr(f"{module}.record", _Recording(recorded))
            try:
                action()
            except (Crash, psycopg.OperationalError):
                assert before, "it died of something else"
        if before:
            self.counts["crashes"] += 1
            assert versions(self.person) == before[0], "a crash left half of a step behind"
        return bool(before)

    # -- people -----------------------------------------------------------------------------

    def delete_ours(self, draw: random.Random, most: int) -> bool:
        """Let a person delete some of our rows with all that depends on them; False: refused."""
        table = draw.choice(self.dataset.tables)
        found = keys(self.person, self.dataset, table)
        start = {table: set(draw.sample(found, min(len(found), draw.randint(1, most))))}
        return self.delete_with_dependents(start)

    def delete_with_dependents(self, start: dict[str, set[Any]]) -> bool:
        """Delete rows of ours with all of ours that depends on them; False where others' do."""
        doomed = dependents(self.person, self.dataset, start)
        parts = [
            sql.SQL("DELETE FROM {} WHERE {} = ANY({}::text[]{})").format(
                identifier(table),
                sql.Identifier(entity.key.column),
                sql.Literal([str(key) for key in rows]),
                sql.SQL("::uuid[]" if isinstance(entity.key, UuidKey) else ""),
            )
            for table, rows in doomed.items()
            if rows
            for entity in entities_of(self.dataset, table)[:1]
        ]
        if not parts:
            return True
        *first, last = parts
        statement = last
        if first:
            named = [
                sql.SQL("{} AS ({})").format(sql.Identifier(f"part{place}"), part)
                for place, part in enumerate(first)
            ]
            statement = sql.SQL("WITH {} {}").format(sql.SQL(", ").join(named), last)
        try:
            self.person.execute(statement)
        except psycopg.errors.IntegrityError:
            return False
        return True

    def delete_others(self, draw: random.Random) -> None:
        """Let a person delete one row that is not ours, if nothing depends on it."""
        table = draw.choice(
            [f"{schema}.{name}" for schema, name in tables(self.person) if schema != "seedbed"]
        )
        mine = entities_of(self.dataset, table)
        query = sql.SQL(
            "DELETE FROM {table} WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM {table} "
            "AS own WHERE NOT {mine} ORDER BY own::text OFFSET {skip} LIMIT 1)"
        ).format(
            table=identifier(table),
            mine=any_of(mine, "own") if mine else sql.SQL("false"),
            skip=sql.Literal(draw.randrange(4)),
        )
        try:
            self.person.execute(query)
        except (psycopg.errors.IntegrityError, psycopg.errors.RaiseException):
            return

    def attach(self, draw: random.Random) -> bool:
        """Let a person add a row that points at one of ours, if nothing has to make room."""
        found = arrows(self.person, self.dataset)
        return any(
            self._added(lambda: attach(self.person, self.dataset, tie, draw) is not None)  # noqa: B023 # called now
            for tie in draw.sample(found, min(10, len(found)))
        )

    def insert(self, draw: random.Random) -> bool:
        """Let the application add a row like ours."""
        table = draw.choice(self.dataset.tables)

        def inserted() -> bool:
            insert_as_the_application(self.person, self.dataset, table, draw)
            return True

        return self._added(inserted)

    def take(self, draw: random.Random) -> bool:
        """Let a person delete a row of ours and add it under another key: its e-mail is taken."""
        table = draw.choice(self.dataset.tables)
        row, entity = (
            copied(self.person, self.dataset, table, draw),
            entities_of(self.dataset, table)[0],
        )
        if row is None:
            return False
        mine = next(
            k for k in keys(self.person, self.dataset, table) if str(k) == row[entity.key.column]
        )
        row[entity.key.column] = near_key(entity, draw)

        def taken() -> bool:
            if not self.delete_with_dependents({table: {mine}}):
                return False
            insert(self.person, table, row)
            return True

        return self._added(taken, deleting=True)

    def _added(self, action: Callable[[], bool], *, deleting: bool = False) -> bool:
        """Whether the person's action worked; if not, it is undone."""
        done = False
        with suppress(psycopg.IntegrityError, psycopg.DataError), self.person.transaction() as undo:
            gone = "SELECT coalesce(sum(n_tup_del), 0) FROM pg_stat_xact_user_tables"
            before = self.person.execute(gone).fetchall()  # the session's statistics lag behind
            if not action():
                raise psycopg.Rollback(undo)
            if not deleting and self.person.execute(gone).fetchall() != before:
                raise psycopg.Rollback(undo)
            done = True
        return done

    # -- setting it again -------------------------------------------------------------------

    def dump(self) -> Dump:
        """Every table as it is now."""
        found = {}
        for place in tables(self.person):
            query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT binary)")
            names = self._names(place)
            with self.person.cursor().copy(query.format(names, sql.Identifier(*place))) as stream:
                found[place] = b"".join(bytes(block) for block in stream)
        return found

    def restore(self, dump: Dump) -> None:
        """Every table as it was."""
        there = tables(self.person)
        self._restore_rules()
        with self.person.transaction():
            self.person.execute("SET LOCAL session_replication_role = replica")
            for place in there:
                self.person.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*place)))
            for place, rows in dump.items():
                query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)")
                copy = query.format(sql.Identifier(*place), self._names(place))
                with self.person.cursor().copy(copy) as stream:
                    stream.write(rows)
        self.counts["restored"] += 1
        if self.counts["restored"] % 50 == 0:
            self.person.execute("VACUUM")

    def _restore_rules(self) -> None:
        """Strangers that are made up drop the rules that they would break."""
        now = set(self.person.execute(_RULES).fetchall())
        for table, name, rule in self.rules - now:
            add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID")
            self.person.execute(add.format(sql.SQL(table), sql.Identifier(name), sql.SQL(rule)))

    @cached_property
    def rules(self) -> set[tuple[Any, ...]]:
        """Every CHECK of the schema, as it was when this was first asked."""
        return set(self.person.execute(_RULES).fetchall())

    def _names(self, place: tuple[str, str]) -> sql.Composed:
        found = self.person.execute(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            (sql.Identifier(*place).as_string(self.person),),
        )
        return sql.SQL(", ").join(sql.Identifier(name) for (name,) in found)


class _Recording:
    """The module `record` with another `write`."""

    def __init__(self, write: Callable[..., None]) -> None:
        self.write = write


@contextmanager
def trigger(
    person: Connection, table: str, when: str, how: str = "", *, does: str = ""
) -> Iterator[None]:
    """A trigger of the application, for a while: `AFTER DELETE`, and what its function does."""
    person.execute("CREATE TABLE IF NOT EXISTS public.watched (row_of text)")
    person.execute(
        sql.SQL("CREATE FUNCTION for_a_while() RETURNS trigger LANGUAGE plpgsql AS {}").format(
            sql.Literal(f"BEGIN {does} END")
        )
    )
    create = sql.SQL(
        "CREATE {kind} TRIGGER for_a_while {when} ON {table} {how} FOR EACH ROW "
        "EXECUTE FUNCTION for_a_while()"
    )
    try:
        person.execute(
            create.format(
                kind=sql.SQL("CONSTRAINT" if how else ""),
                when=sql.SQL(when),
                table=identifier(table),
                how=sql.SQL(how),
            )
        )
        yield
    finally:
        person.execute("DROP FUNCTION for_a_while CASCADE; DROP TABLE public.watched")


def windows(dataset: Dataset) -> tuple[Entity, ...]:
    """The entities that roll."""
    return tuple(one for one in dataset.entities if one.windowed)
