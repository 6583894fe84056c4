"""A digest of a table that takes longer to read than a statement may."""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.digest import digest
from seedbed.testing.worlds import World


def test_a_digest_may_take_longer_than_a_statement(fresh: Callable[[Dataset], World]) -> None:
    commerce = dataset("commerce")
    world = fresh(commerce)
    with world.superuser() as somebody, world.superuser() as connection:
        held = catalogue_of(connection, commerce)
        usual = digest(connection, commerce, "orders", held)
        connection.execute("SET statement_timeout = '200ms'")
        somebody.execute("BEGIN")
        somebody.execute("LOCK TABLE orders")
        ended = Timer(0.6, lambda: somebody.execute("COMMIT"))
        ended.start()
        with connection.transaction():
            assert digest(connection, commerce, "orders", held) == usual
        ended.join()
