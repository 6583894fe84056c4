"""Planted bugs: each is found by a check that the product passes; a survivor fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import sql

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.keys import Key, TextKey, UuidKey
from seedbed.engine.plan import Pin
from seedbed.postgres import claims, delete, fence, ownership, pins, references
from seedbed.postgres.candidates import Candidates
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.connection.errors import LeaseLost
from seedbed.postgres.copy import load
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.counters import Touched, seen
from seedbed.postgres.errors import Blocked, Fenced, KeyUnfit, KindClaimed, SchemaChanged
from seedbed.postgres.fence import Fence
from seedbed.postgres.guard import guard, marker, reach
from seedbed.postgres.guard.errors import GuardRefused
from seedbed.postgres.guard.marker import mark
from seedbed.postgres.pins import Kept
from seedbed.postgres.references import Ties
from seedbed.steps.errors import NotRenewed, RowsMissing
from seedbed.testing.cluster import Cluster, Connection
from seedbed.testing.worlds import World
from tests.safety.stage import Stage, trigger
from tests.safety.thorns import thorns

Plant = Callable[[pytest.MonkeyPatch], None]

REAL_TEAM = "10000000-0000-4000-8000-000000000001"
OUR_PLAYER = "00000000-5eed-0f01-0002-000000000010"
NEAR_PLAYER = "00000000-5eed-0f01-0002-00000000000a"
"""In the range of our keys, but not one that we make; read as digits it would be number 10."""


def number(person: Connection, query: str) -> int:
    """The one number that a query gives."""
    [(found,)] = person.execute(query.encode()).fetchall()
    return int(found)


# -- checks -------------------------------------------------------------------------------------


def what_real_rows_need_stays(stage: Stage) -> None:
    stage.person.execute("INSERT INTO yard.keys (shed_id) SELECT min(id) FROM yard.sheds")
    gone = stage.reset(strict=False)
    assert number(stage.person, "SELECT count(*) FROM yard.keys") == 1
    assert {pin.table for pin in gone.pins} == {"yard.sheds", "teams", "players", "profiles"}
    assert stage.ours() == gone.kept > 2


def a_row_that_needs_ours_comes_too_late(stage: Stage) -> None:
    look, late = pins.pins, []

    def looked(*given: Any) -> tuple[tuple[Pin, ...], Kept]:
        found = look(*given)
        with Cluster(stage.world.owner).connect() as other:
            other.execute("SET lock_timeout = '200ms'")
            try:
                other.execute("INSERT INTO yard.keys (shed_id) SELECT min(id) FROM yard.sheds")
            except psycopg.errors.LockNotAvailable:
                late.append(True)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delete, "pins", looked)
        gone = stage.reset(strict=False)
    assert late == [True]
    assert (gone.kept, stage.ours()) == (0, 0)


def a_reset_that_does_more_is_undone(stage: Stage) -> None:
    does = "INSERT INTO public.watched VALUES ('x'); RETURN NULL;"
    held = stage.ours()
    with trigger(stage.person, "seats", "AFTER DELETE", does=does), pytest.raises(Fenced):
        stage.reset(strict=False)
    assert stage.ours() == held


def a_reset_that_empties_a_table_is_undone(stage: Stage) -> None:
    stage.person.execute("INSERT INTO visits (player_id) VALUES (NULL)")
    does = "TRUNCATE public.visits; RETURN NULL;"
    with trigger(stage.person, "seats", "AFTER DELETE", does=does), pytest.raises(Fenced):
        stage.reset(strict=False)
    assert number(stage.person, "SELECT count(*) FROM visits") == 1


def a_key_that_only_looks_like_ours_stays(stage: Stage) -> None:
    near_player(stage.person)
    stage.reset(strict=False)
    there = f"SELECT count(*) FROM players WHERE id = '{NEAR_PLAYER}'"
    assert number(stage.person, there) == 1


def a_row_comes_back_beside_one_that_looks_like_it(stage: Stage) -> None:
    assert stage.delete_with_dependents({"players": {OUR_PLAYER}})
    near_player(stage.person)
    stage.seed(0)
    there = f"SELECT count(*) FROM players WHERE id = '{OUR_PLAYER}'"
    assert number(stage.person, there) == 1


def near_player(person: Connection) -> None:
    person.execute(
        "INSERT INTO players (id, team_id, email, shirt) VALUES (%s, %s, 'near@town.example', 3)",
        (NEAR_PLAYER, REAL_TEAM),
    )


def a_window_takes_only_our_days(stage: Stage) -> None:
    stage.seed(3)
    assert number(stage.person, "SELECT count(*) FROM matches WHERE day < '2026-03-29'") == 1


def a_reset_removes_everything(stage: Stage) -> None:
    gone = stage.reset(strict=True)
    assert (gone.kept, stage.ours()) == (0, 0)


def a_dropped_row_fails_the_step(stage: Stage) -> None:
    assert stage.delete_with_dependents({"players": {OUR_PLAYER}})
    with (
        trigger(stage.person, "seats", "BEFORE INSERT", does="RETURN NULL;"),
        pytest.raises(RowsMissing),
    ):
        stage.seed(0)


def a_run_without_its_lock_writes_nothing(stage: Stage) -> None:
    assert stage.delete_with_dependents({"players": {OUR_PLAYER}})
    stage.end_lease()
    with stage.unchanged(), pytest.raises(LeaseLost):
        stage.seed(0)
    stage.close()


def what_a_person_wrote_stays(stage: Stage) -> None:
    stage.person.execute("UPDATE profiles SET bio = 'my own' WHERE id = %s", (OUR_PLAYER,))
    stage.seed(0)
    assert number(stage.person, "SELECT count(*) FROM profiles WHERE bio = 'my own'") == 1


def strict_refuses_the_whole_reset(stage: Stage) -> None:
    stage.person.execute("INSERT INTO yard.keys (shed_id) SELECT min(id) FROM yard.sheds")
    with stage.unchanged(), pytest.raises(Blocked):
        stage.reset(strict=True)


def a_taken_address_is_an_error(stage: Stage) -> None:
    assert stage.delete_with_dependents({"players": {OUR_PLAYER}})
    stage.person.execute(
        "INSERT INTO players (team_id, email, shirt) VALUES (%s, 'player10@thorns.example', 3)",
        (REAL_TEAM,),
    )
    with pytest.raises(RowRefused, match="one_address"):
        stage.seed(0)


def deferred_work_is_done_before_the_look(stage: Stage) -> None:
    does = "INSERT INTO public.watched VALUES ('x'); RETURN NULL;"
    held = stage.ours()
    late = "AFTER DELETE", "DEFERRABLE INITIALLY DEFERRED"
    with trigger(stage.person, "seats", *late, does=does), pytest.raises(Fenced):
        stage.reset(strict=False)
    assert stage.ours() == held


def a_subtransaction_of_ours_is_ours(stage: Stage) -> None:
    does = (
        "BEGIN UPDATE players SET nickname = 'x' WHERE email = 'real@town.example'; "
        "EXCEPTION WHEN others THEN NULL; END; RETURN NULL;"
    )
    with trigger(stage.person, "seats", "AFTER DELETE", does=does), pytest.raises(Fenced):
        stage.reset(strict=False)
    assert number(stage.person, "SELECT count(*) FROM players WHERE nickname = 'x'") == 0


def a_seed_that_changes_rows_of_others_is_undone(stage: Stage) -> None:
    stage.person.execute("INSERT INTO visits (player_id) VALUES (NULL)")
    assert stage.delete_with_dependents({"players": {OUR_PLAYER}})
    does = "DELETE FROM public.visits; RETURN NULL;"
    with trigger(stage.person, "seats", "AFTER INSERT", does=does), pytest.raises(Fenced):
        stage.seed(0)
    assert number(stage.person, "SELECT count(*) FROM visits") == 1


def a_column_without_a_unique_index_is_no_key(stage: Stage) -> None:
    stage.close()
    stage.person.execute("ALTER TABLE yard.sheds DROP CONSTRAINT sheds_pkey CASCADE")
    with pytest.raises(KeyUnfit):
        stage.seed(0)


def a_text_beyond_the_largest_number_stays(stage: Stage) -> None:
    beyond = "c5eedsh00000zzzzzzzzzzzzz"
    stage.person.execute("INSERT INTO yard.sheds (id, label) VALUES (%s, 'real')", (beyond,))
    stage.reset(strict=False)
    assert number(stage.person, "SELECT count(*) FROM yard.sheds WHERE label = 'real'") == 1


def rows_of_another_dataset_are_not_ours(stage: Stage) -> None:
    stage.person.autocommit = False
    with pytest.raises(KindClaimed):
        held = catalogue_of(stage.person, thorns)
        claims.require(stage.person, replace(thorns, name="rival"), held, recorded=False)
    stage.person.rollback()
    stage.person.autocommit = True


def a_type_that_changed_since_is_noticed(stage: Stage) -> None:
    stage.context()
    stage.person.execute("ALTER TABLE profiles ALTER bio TYPE varchar")
    stage.person.execute("DELETE FROM seats; DELETE FROM profiles")
    with pytest.raises(SchemaChanged):
        stage.seed(0)


def what_belongs_to_a_kept_row_stays(stage: Stage) -> None:
    stage.person.execute("INSERT INTO visits (player_id) VALUES (%s)", (OUR_PLAYER,))
    stage.reset(strict=False)
    there = f"SELECT count(*) FROM profiles WHERE id = '{OUR_PLAYER}'"
    assert number(stage.person, there) == 1


def a_rebuild_that_is_resisted_fails(stage: Stage) -> None:
    stage.close()
    does = "new.nickname := old.nickname; RETURN new;"
    with (
        trigger(stage.person, "players", "BEFORE UPDATE", does=does),
        pytest.raises(NotRenewed),
    ):
        stage.person.execute(
            "ALTER TABLE players DISABLE TRIGGER for_a_while;"
            "UPDATE players SET nickname = 'edited';"
            "ALTER TABLE players ENABLE TRIGGER for_a_while"
        )
        stage.world.rebuild()


# -- bugs ---------------------------------------------------------------------------------------


def no_pin_loop(patch: pytest.MonkeyPatch) -> None:
    look, managed = pins.pins, {f"public.{table}" for table in thorns.tables} | {"yard.sheds"}

    def first_round(
        connection: Connection, dataset: Dataset, candidates: Sequence[Candidates], known: Ties
    ) -> tuple[tuple[Pin, ...], Kept]:
        found, kept = look(connection, dataset, candidates, known)
        direct = tuple(pin for pin in found if pin.by not in managed)
        tables = {pin.table for pin in direct}
        return direct, {table: keys if table in tables else set() for table, keys in kept.items()}

    patch.setattr(delete, "pins", first_round)


def no_lock_step(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delete, "_lock", lambda *given: None)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence.Fence, "look", lambda *given: None)


def no_fence_around_a_seed(patch: pytest.MonkeyPatch) -> None:
    exact = fence.Fence.look
    patch.setattr(fence.Fence, "look", lambda own: None if own._grows is None else exact(own))


def deferred_work_left_to_commit(patch: pytest.MonkeyPatch) -> None:
    def counted(own: Fence) -> None:
        own._now = seen(own.connection)

    patch.setattr(fence.Fence, "settle", counted)


def only_the_transaction_itself(patch: pytest.MonkeyPatch) -> None:
    def written(own: Fence, table: Touched) -> bool:
        query = sql.SQL(
            "SELECT EXISTS (SELECT FROM {} AS own WHERE ({}) IS NOT TRUE "
            "AND own.xmin = pg_current_xact_id()::xid)"
        ).format(own._written(table), own._mine[table.name])
        [(found,)] = own.connection.execute(query).fetchall()
        return bool(found)

    patch.setattr(fence.Fence, "_others_changed", written)


def keys_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seedbed.postgres.keyed.require_keys", lambda *given: None)


def text_of_any_size(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TextKey, "largest", "z" * 25)


def claims_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(claims, "require", lambda *given, **more: None)


def shapes_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seedbed.postgres.shape.require", lambda *given: {})


def nothing_belongs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pins, "_belongs", lambda *given: False)


def renewal_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seedbed.postgres.renew.Renewal.differing", lambda *given: 0)


def no_look_for_truncate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fence.Fence, "_emptied", lambda *given: ())


def other_schemas_overlooked(patch: pytest.MonkeyPatch) -> None:
    look = references.ties

    def only_public(connection: Connection, dataset: Dataset) -> Ties:
        found = look(connection, dataset)
        return replace(found, edges=tuple(one for one in found.edges if one.name != "yard.keys"))

    patch.setattr(delete, "ties", only_public)


def ownership_by_range_alone(patch: pytest.MonkeyPatch) -> None:
    exact = ownership.carried

    def in_range(column: sql.Composable, key: Key) -> sql.Composed:
        if not isinstance(key, UuidKey):
            return exact(column, key)
        low, high = map(sql.Literal, key.bounds)
        return sql.SQL("({} BETWEEN {} AND {})").format(column, low, high)

    patch.setattr(ownership, "carried", in_range)
    patch.setattr("seedbed.postgres.candidates.carried", in_range)


def gap_without_ownership(patch: pytest.MonkeyPatch) -> None:
    exact = UuidKey.decode

    def anything(key: UuidKey, keys: Any) -> Any:
        numbers, _ = exact(key, keys)
        return numbers, np.ones(len(keys), dtype=bool)

    patch.setattr(UuidKey, "decode", anything)


def window_by_date_alone(patch: pytest.MonkeyPatch) -> None:
    def roll(fence: Fence, work: Any, entity: Entity) -> int:
        removal = sql.SQL("DELETE FROM {} WHERE day <= %s::date - 6").format(
            ownership.identifier(entity.table)
        )
        rows = fence.connection.execute(removal, (work.run.as_of,)).rowcount
        fence.plan(entity.table, deleted=rows)
        return rows

    patch.setattr("seedbed.steps.part._roll", roll)


def parents_first(patch: pytest.MonkeyPatch) -> None:
    order = delete._rounds
    patch.setattr(delete, "_rounds", lambda *given: order(*given)[::-1])


def circles_table_by_table(patch: pytest.MonkeyPatch) -> None:
    order = delete._rounds
    patch.setattr(
        delete, "_rounds", lambda *given: [[one] for some in order(*given) for one in some]
    )


def no_count_after_load(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seedbed.steps.part._require", lambda *given: None)


def lease_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seedbed.postgres.connection.lock.join", lambda *given: None)


def update_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    from seedbed.postgres import revise

    due = revise._due
    patch.setattr(revise, "_due", lambda update, columns: due(replace(update, held={}), columns))


def strict_ignored(patch: pytest.MonkeyPatch) -> None:
    exact = delete.remove
    patch.setattr(
        delete, "remove", lambda *given, strict, **more: exact(*given, strict=False, **more)
    )


def any_conflict_ignored(patch: pytest.MonkeyPatch) -> None:
    exact = load.copy

    def lenient(
        connection: Connection, entity: Entity, columns: Any, gap: Any, *more: Any, **named: Any
    ) -> int:
        table = ownership.identifier(entity.table)
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        connection.execute(
            sql.SQL("CREATE TEMP TABLE coming ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
                names, table
            )
        )
        sent = exact(connection, entity, columns, gap, *more, into="coming", **named)
        connection.execute(
            sql.SQL(
                "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM coming "
                "ON CONFLICT DO NOTHING"
            ).format(table, names, names)
        )
        return sent

    patch.setattr(load, "copy", lenient)


# -- the guard ----------------------------------------------------------------------------------


def a_database_without_a_marker_is_refused(stage: Stage) -> None:
    comment(stage, "NULL")
    with pytest.raises(GuardRefused, match="has no marker"):
        stage.world.seed()


def a_marker_of_another_address_is_refused(stage: Stage) -> None:
    with stage.world.superuser() as owner:
        line = mark(owner, "dev", 1, thorns.tables)
    comment(stage, sql.Literal(re.sub('"port":[0-9]+', '"port":1', line)).as_string())
    with pytest.raises(GuardRefused, match="it is a copy, or reached in another way"):
        stage.world.seed()


def a_role_that_says_production_is_refused(stage: Stage) -> None:
    with (
        role(stage, "prod_runner", "SUPERUSER") as world,
        pytest.raises(GuardRefused, match="'prod_runner' says production"),
    ):
        world.seed()


def a_hidden_row_is_an_error(stage: Stage) -> None:
    rights = "USAGE ON SCHEMA yard, seedbed", "SELECT ON ALL TABLES IN SCHEMA public, yard, seedbed"
    with role(stage, "sees_less") as world:
        for right in rights:
            stage.person.execute(f"GRANT {right} TO sees_less".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            world.digests()


def comment(stage: Stage, text: str) -> None:
    """In place of the marker."""
    stage.person.execute(f"COMMENT ON DATABASE {stage.world.owner.database} IS {text}".encode())


@contextmanager
def role(stage: Stage, name: str, attributes: str = "") -> Iterator[World]:
    """The world as another role finds it."""
    stage.person.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'planted' {attributes}".encode())
    try:
        yield replace(
            stage.world, address=replace(stage.world.address, user=name, password="planted")
        )
    finally:
        stage.person.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


def marker_for_shared_environments_only(patch: pytest.MonkeyPatch) -> None:
    exact = guard.Target.problem
    patch.setattr(
        guard.Target, "problem", lambda there, profile: exact(replace(there, here=True), profile)
    )


def marker_without_its_address(patch: pytest.MonkeyPatch) -> None:
    exact = marker.elsewhere_bound
    patch.setattr(
        marker,
        "elsewhere_bound",
        lambda one, facts: exact(one, replace(facts, addr=one.addr, port=one.port)),
    )


def names_not_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(marker, "unnamed", lambda *given: ())
    patch.setattr(guard, "unnamed", lambda *given: ())


def any_policy_serves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reach, "policies_serve", lambda *given: True)


BUGS: dict[Plant, Callable[[Stage], None]] = {
    no_pin_loop: what_real_rows_need_stays,
    other_schemas_overlooked: what_real_rows_need_stays,
    no_lock_step: a_row_that_needs_ours_comes_too_late,
    no_fence: a_reset_that_does_more_is_undone,
    deferred_work_left_to_commit: deferred_work_is_done_before_the_look,
    only_the_transaction_itself: a_subtransaction_of_ours_is_ours,
    keys_not_looked_at: a_column_without_a_unique_index_is_no_key,
    text_of_any_size: a_text_beyond_the_largest_number_stays,
    claims_not_looked_at: rows_of_another_dataset_are_not_ours,
    shapes_not_compared: a_type_that_changed_since_is_noticed,
    nothing_belongs: what_belongs_to_a_kept_row_stays,
    renewal_believed: a_rebuild_that_is_resisted_fails,
    no_fence_around_a_seed: a_seed_that_changes_rows_of_others_is_undone,
    no_look_for_truncate: a_reset_that_empties_a_table_is_undone,
    ownership_by_range_alone: a_key_that_only_looks_like_ours_stays,
    gap_without_ownership: a_row_comes_back_beside_one_that_looks_like_it,
    window_by_date_alone: a_window_takes_only_our_days,
    parents_first: a_reset_removes_everything,
    circles_table_by_table: a_reset_removes_everything,
    no_count_after_load: a_dropped_row_fails_the_step,
    lease_not_checked: a_run_without_its_lock_writes_nothing,
    update_whatever_is_there: what_a_person_wrote_stays,
    strict_ignored: strict_refuses_the_whole_reset,
    any_conflict_ignored: a_taken_address_is_an_error,
    marker_for_shared_environments_only: a_database_without_a_marker_is_refused,
    marker_without_its_address: a_marker_of_another_address_is_refused,
    names_not_read: a_role_that_says_production_is_refused,
    any_policy_serves: a_hidden_row_is_an_error,
}


@pytest.fixture
def chosen() -> Dataset:
    """What `seeded` seeds."""
    return thorns


@pytest.fixture
def stage(seeded: World) -> Iterator[Stage]:
    """A seeded database."""
    with seeded.superuser() as person:
        made = Stage(seeded, person, Counter())
        yield made
        made.close()


@pytest.mark.parametrize("check", dict.fromkeys(BUGS.values()), ids=lambda check: check.__name__)
def test_the_product_passes(check: Callable[[Stage], None], stage: Stage) -> None:
    check(stage)


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, stage: Stage) -> None:
    found = (AssertionError, pytest.fail.Exception, SeedbedError, psycopg.Error)
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(found) as caught,
    ):
        plant(patch)
        BUGS[plant](stage)
    print(f"\n{plant.__name__}: {caught.type.__name__}: {str(caught.value)[:200]}")
