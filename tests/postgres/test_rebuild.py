"""A rebuild brings rows to what a seed after a reset makes, without removing what is made again."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.postgres.ownership import by_table
from seedbed.testing.arrows import arrows, delete_closed, some_rows
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import identifier, others, ours, versions
from seedbed.testing.strangers import attach
from seedbed.testing.worlds import AS_OF, World

New = Callable[[Dataset], World]
LATER = AS_OF + timedelta(days=60)


def undisturbed(world: World, fresh: New, **asked: Any) -> dict[str, str]:
    """The digests of a first seed at those coordinates."""
    other = fresh(world.dataset)
    other.seed(**asked)
    return other.digests(**asked)


def edit(person: Connection, table: str, declared: set[str], draw: random.Random) -> None:
    """Let a person change a declared text of all rows, whoever made them."""
    names = person.execute(
        """SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = %s::regclass
        AND a.atttypid = 'text'::regtype AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = '' AND NOT EXISTS (SELECT FROM pg_constraint c
            WHERE c.conrelid = a.attrelid AND a.attnum = ANY(c.conkey))
        AND NOT EXISTS (SELECT FROM pg_index i
            WHERE i.indrelid = a.attrelid AND a.attnum = ANY(i.indkey))
        AND a.attname = ANY(%s) ORDER BY 1""",
        (identifier(table).as_string(person), list(declared)),
    ).fetchall()
    if names:
        (name,) = draw.choice(names)
        query = psycopg.sql.SQL("UPDATE {} SET {} = 'edited' WHERE {} IS NOT NULL").format(
            identifier(table), *[psycopg.sql.Identifier(name)] * 2
        )
        try:
            person.execute(query)
        except psycopg.errors.RaiseException:
            return


@pytest.mark.parametrize("most", [200_000, 0], ids=["one transaction", "step by step"])
def test_what_was_edited_deleted_or_made_for_another_day_is_as_a_first_seed_makes_it(
    seeded: World, fresh: New, most: int
) -> None:
    seeded.profile(rebuild_rows=most)
    draw = random.Random(11)
    with seeded.superuser() as person:
        doomed = some_rows(person, seeded.dataset, 0.2, draw)
        delete_closed(person, seeded.dataset, doomed)
        with seeded.opened("verify") as opened:
            for table, entities in by_table(seeded.dataset).items():
                declared = [{c.name for c in opened.columns[one.name]} for one in entities]
                edit(person, table, set.intersection(*declared), draw)
        before = others(person, seeded.dataset)
        seeded.rebuild(as_of=LATER)
        assert others(person, seeded.dataset) == before
        held = versions(person)
        seeded.rebuild(as_of=LATER)
        again = versions(person)
        assert again == held
    assert seeded.digests(as_of=LATER) == undisturbed(seeded, fresh, as_of=LATER)


def test_what_people_attached_stays_attached_and_nothing_is_pinned(seeded: World) -> None:
    draw = random.Random(7)
    with seeded.superuser() as person:
        attached = 0
        for tie in arrows(person, seeded.dataset):
            rows = ours(person, seeded.dataset)
            with person.transaction() as undo:
                attached += attach(person, seeded.dataset, tie, draw) is not None
                if ours(person, seeded.dataset) != rows:  # it had to make room for itself
                    raise psycopg.Rollback(undo)
        assert attached
        before = others(person, seeded.dataset)
        gone = seeded.rebuild()
        assert others(person, seeded.dataset) == before
        seeded.rebuild()  # what stayed, because a row of ours needed it that has changed since
        held = versions(person)
        seeded.rebuild()
        assert versions(person) == held
    if not any(one.grounded for one in seeded.dataset.entities):
        assert (gone.rows, gone.kept) == (0, 0)


def test_a_smaller_scale_keeps_only_what_rows_of_others_need(fresh: New) -> None:
    world = fresh(dataset("commerce"))
    world.seed(scale=2)
    with world.superuser() as person:
        person.execute(
            """INSERT INTO sellpages (id, seller_id, product_id, slug)
            SELECT gen_random_uuid(), seller_id, product_id, 'real' FROM sellpages LIMIT 1"""
        )
        person.execute(
            """UPDATE orders SET sellpage_id = (SELECT id FROM sellpages WHERE slug = 'real')
            WHERE id = '00000000-5eed-0003-0001-000000000150'"""
        )
        before = others(person, world.dataset)
        gone = world.rebuild(scale=1)
        assert others(person, world.dataset) == before
        assert person.execute("SELECT count(*) FROM orders").fetchone() == (100,)
    assert gone.kept == 0


def test_an_application_that_attaches_meanwhile_is_kept_waiting_for_moments_only(
    fresh: New,
) -> None:
    world = fresh(dataset("commerce"))
    world.seed()
    done, stop = [], threading.Event()

    def attaching() -> None:
        with world.superuser() as person:
            person.execute("SET lock_timeout = '1s'")
            while not stop.is_set():
                person.execute(
                    """INSERT INTO order_events (id, order_id, seller_id, event_type, created_at)
                    SELECT gen_random_uuid(), order_id, seller_id, event_type, now()
                    FROM order_events ORDER BY random() LIMIT 1"""
                )
                done.append(1)

    thread = threading.Thread(target=attaching)
    thread.start()
    try:
        for day in range(1, 4):
            world.rebuild(as_of=AS_OF + timedelta(days=day))
    finally:
        stop.set()
        thread.join()
    with world.superuser() as person:
        real = others(person, world.dataset)["public.order_events"]
    assert len(real) == len(done) > 10
