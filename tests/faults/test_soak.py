"""An application at work while its database is seeded, rebuilt and reset, again and again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from psycopg.errors import ForeignKeyViolation

from seedbed.declare.entity import Dataset
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import others
from seedbed.testing.worlds import World
from tests.faults.runs import Verb, run
from tests.faults.server import SIZE, size

New = Callable[[Dataset], World]

ATTACH = {
    "refresh_tokens": "INSERT INTO refresh_tokens (id, user_id, token_hash, expires_at) "
    "SELECT %(id)s::uuid, id, 'x', 'infinity' FROM users",
    "orders": "INSERT INTO orders (id, seller_id, sellpage_id, order_number, customer_email) "
    "SELECT %(id)s::uuid, seller_id, id, %(id)s::uuid::text, 'x@example.com' FROM sellpages",
    "order_items": "INSERT INTO order_items (id, order_id, product_name, unit_price, line_total) "
    "SELECT %(id)s::uuid, id, 'x', 1, 1 FROM orders",
}
"""Rows of the application that hang on ours: a careless reset would take them along, or the page
that an order came from."""

ROUND: tuple[Verb, ...] = ("rebuild", "reset", "seed")

EDIT = "UPDATE orders SET notes = 'edited' WHERE id::text LIKE '00000000-5eed-%'"

LIMIT = 300
"""Seconds until it ends, however little has been reached."""

HELD = 12
"""Rows a thread keeps at a time: those that go let their parents go with the next reset."""


@dataclass
class Application:
    """One thread of the application: what it wrote, what it missed, how long it waited."""

    world: World
    seed: int
    stop: threading.Event
    held: dict[tuple[str, str], str] = field(default_factory=dict)
    attached: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ATTACH, 0))
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def work(self) -> None:
        """Attach rows and remove the oldest, until told to stop."""
        draw = random.Random(self.seed)
        with self.world.superuser() as session:
            while not self.stop.is_set():
                started = time.monotonic()
                with suppress(ForeignKeyViolation):
                    self._attach(session, draw, started)
                if len(self.held) > HELD:
                    self._remove(session, next(iter(self.held)))
                time.sleep(0.002)

    def _attach(self, session: Connection, draw: random.Random, started: float) -> None:
        table, key = draw.choice(list(ATTACH)), str(uuid4())
        mark = "00000000-5eed-%"
        query = f"{ATTACH[table]} WHERE id::text LIKE '{mark}' ORDER BY random() LIMIT 1"
        query = query.replace(mark, mark + "%")
        try:
            with session.transaction():
                done = session.execute(query.encode(), {"id": key}).rowcount
                row = self._row(session, table, key) if done else ""
                if draw.random() < 0.2:
                    time.sleep(0.005)  # some transactions take longer
        except ForeignKeyViolation:
            self.refused += 1
            raise
        finally:
            self.waited.append(time.monotonic() - started)
        if done:
            self.held[table, key] = row
            self.attached[table] += 1

    def _remove(self, session: Connection, which: tuple[str, str]) -> None:
        """Remove a row of its own, if it is still as it was written."""
        table, key = which
        row = self.held.pop(which)
        self.check(session, table, key, row)
        with session.transaction():
            session.execute(f"DELETE FROM {table} WHERE id = %s".encode(), (key,))

    def check(self, session: Connection, table: str, key: str, row: str) -> None:
        """Note a row that is gone or changed."""
        found = self._row(session, table, key)
        if found != row:
            self.lost.append(f"{table} {key}: {found or 'gone'}, was {row}")

    def _row(self, session: Connection, table: str, key: str) -> str:
        found = session.execute(
            f"SELECT t::text FROM {table} AS t WHERE id = %s".encode(), (key,)
        ).fetchone()
        return str(found[0]) if found else ""


@pytest.mark.soak
def test_no_row_of_an_application_at_work_is_lost(seeded: World, fresh: New) -> None:
    expected, world, stop = seeded.digests(), fresh(seeded.dataset), threading.Event()
    assert run(world).done
    ends: dict[str, int] = {}
    with world.superuser() as person:
        strangers = others(person, world.dataset)
        threads = [Application(world, seed, stop) for seed in range(4)]
        pool = ThreadPoolExecutor(len(threads))
        running = [pool.submit(one.work) for one in threads]
        started, rounds, tries = time.monotonic(), 0, 0
        while not any(one.done() for one in running):
            spent = time.monotonic() - started
            if (spent > size(0, 60) and enough(threads, rounds)) or spent > LIMIT:
                break
            for verb in ROUND:
                person.execute(EDIT)  # so that a rebuild has something to do
                done = run(world, verb)
                kind = f"{verb} {done.error or 'done'}"
                ends[kind] = ends.get(kind, 0) + 1
                tries += done.tries
            rounds += 1
        stop.set()
        for one in running:
            one.result(30)
        pool.shutdown()
        for application in threads:
            for (table, key), row in application.held.items():
                application.check(person, table, key, row)
        lost = [loss for application in threads for loss in application.lost]
        for table in reversed(ATTACH):
            held = [key for one in threads for name, key in one.held if name == table]
            person.execute(f"DELETE FROM {table} WHERE id = ANY(%s)".encode(), (held,))
        assert others(person, world.dataset) == strangers
    report(threads, ends, rounds, tries)
    assert lost == []
    assert set(ends) == {f"{verb} done" for verb in ROUND}
    assert run(world, "rebuild").done  # what was edited after the last one
    assert world.digests() == expected


def enough(threads: list[Application], rounds: int) -> bool:
    """Whether the application and the runs have met often enough to tell."""
    attached = [sum(one.attached[table] for one in threads) for table in ATTACH]
    return rounds >= 3 and min(attached) > 20 and any(one.refused for one in threads)


def report(threads: list[Application], ends: dict[str, int], rounds: int, tries: int) -> None:
    """Print what was reached; the application's waits are held to their limit in a soak."""
    waited = sorted(wait for one in threads for wait in one.waited)
    p99 = waited[int(len(waited) * 0.99)]
    attached = {table: sum(one.attached[table] for one in threads) for table in ATTACH}
    refused = sum(one.refused for one in threads)
    print(
        f"{rounds} rounds ({ends}, tried again {tries} times), attached "
        f"{sum(attached.values())} rows {attached}, refused by their foreign key {refused}, "
        f"application p99 {p99 * 1000:.0f} ms, worst {waited[-1] * 1000:.0f} ms"
    )
    assert enough(threads, rounds), f"too little in {LIMIT} s"
    if SIZE == "soak":
        assert p99 < 0.25
