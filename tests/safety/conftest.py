"""A dataset that hurts, in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from seedbed.context.datasets import Source, dataset, sources
from seedbed.declare.entity import Dataset
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import stamped
from seedbed.testing.worlds import World
from tests.safety.thorns import thorns

PEOPLE = """
    INSERT INTO users (id, email, display_name)
    SELECT gen_random_uuid(), 'real' || n || '@town.example', 'Real'
    FROM generate_series(1, 5) AS n;
    INSERT INTO refresh_tokens (id, user_id, token_hash, expires_at)
    SELECT gen_random_uuid(), u.id, 'token ' || u.email || n, now()
    FROM users u, generate_series(1, 10) AS n WHERE u.email LIKE 'real%';
    INSERT INTO sellers (id, name, slug) VALUES (gen_random_uuid(), 'Real', 'real')
"""


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The synthetic dataset, by the name under which a run asks for it; here only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sources(), "thorns", Source("thorns", "tests.safety.thorns", "tests"))
        for table in thorns.tables:
            name = table if "." in table else f"public.{table}"
            patch.setitem(stamped(), name, thorns.stamped(table))
        yield


@pytest.fixture
def shop(fresh: Callable[[Dataset], World]) -> World:
    """Commerce with rows of real people, not seeded yet."""
    world = fresh(dataset("commerce"))
    with world.superuser() as person:
        person.execute(PEOPLE)
    return world


@pytest.fixture
def person(shop: World) -> Iterator[Connection]:
    """A superuser in that database."""
    with shop.superuser() as connection:
        yield connection
