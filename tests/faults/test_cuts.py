"""Connections that break off, at any byte and inside COMMIT, and a network that says nothing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from seedbed.declare.entity import Dataset
from seedbed.engine.settings import Limits
from seedbed.postgres.connection import connect
from seedbed.testing.cluster import Connection, eventually
from seedbed.testing.contents import others, ours
from seedbed.testing.worlds import World
from tests.faults.proxy import Proxy, proxied
from tests.faults.runs import PATIENT, End, Verb, run
from tests.faults.server import SIZE, size

VERBS: tuple[Verb, ...] = ("seed", "reset")

New = Callable[[Dataset], World]

CLEAN = {"OperationalError", "LeaseLost", "Unreachable", "Passing", "CannotConnect", "SeedbedError"}
"""The ends that a run may come to when its connection broke; each has said what to do."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses between tries to connect."""
    monkeypatch.setattr(connect, "PAUSE", 0.02)


@pytest.fixture
def world(fresh: New, chosen: Dataset) -> World:
    """A world whose database a killed run may hold for a moment."""
    made = fresh(chosen)
    made.profile(chunk_rows=100, **PATIENT)
    return made


@pytest.fixture
def network(world: World, quick: None) -> Iterator[Proxy]:
    """The network to that database."""
    with proxied(world.address) as proxy:
        yield proxy


def through(world: World, proxy: Proxy) -> World:
    """The same world, reached by the network."""
    return replace(world, address=proxy.address)


def measured(world: World, network: Proxy, verb: Verb) -> int:
    """How many bytes an undisturbed run sends and receives."""
    before = network.carried
    assert run(world, verb).done
    return network.carried - before


def healed(world: World, verb: Verb, expected: dict[str, str]) -> None:
    """The next run ends as an undisturbed one, and nothing is there twice."""
    assert run(world, verb).done
    if verb == "seed":
        assert world.digests() == expected
        return
    with world.superuser() as person:
        assert not any(ours(person, world.dataset).values())


def counted(ends: list[End]) -> str:
    """How the runs ended, for the log."""
    names = sorted(end.error or "done" for end in ends)
    tries = sum(end.tries for end in ends)
    return f"{ {name: names.count(name) for name in names} }, {tries} steps tried again"


@pytest.mark.soak
def test_cut_at_any_byte_a_run_goes_on_or_fails_cleanly(
    seeded: World, world: World, network: Proxy
) -> None:
    draw, expected, ends = random.Random(1), seeded.digests(), list[End]()
    far = through(world, network)
    lengths = {verb: measured(far, network, verb) for verb in VERBS}
    with world.superuser() as person:
        strangers = others(person, world.dataset)
        while network.cuts < size(15, 100):
            for verb in VERBS:
                network.all = draw.random() < 0.3
                network.budget = draw.randrange(lengths[verb])
                ends.append(run(far, verb))
                network.calm()
                assert ends[-1].done or ends[-1].error in CLEAN, ends[-1]
                healed(world, verb, expected)
                assert others(person, world.dataset) == strangers
    print(f"{network.cuts} cuts: {counted(ends)}")


@pytest.mark.soak
def test_cut_inside_commit_a_run_never_assumes(seeded: World, world: World, network: Proxy) -> None:
    draw, expected, ends = random.Random(2), seeded.digests(), list[End]()
    far = through(world, network)
    while network.cuts < size(5, 20):
        for verb in VERBS:
            network.commits = draw.randrange(2, 30 if verb == "seed" else 9)
            ends.append(run(far, verb))
            network.calm()
            assert ends[-1].done or ends[-1].error in CLEAN, ends[-1]
            if ends[-1].done and verb == "seed":  # without a further run
                assert world.digests() == expected
            healed(world, verb, expected)
    print(f"{network.cuts} cuts inside COMMIT: {counted(ends)}")


def sessions(person: Connection) -> int:
    """Sessions of runs in this database."""
    query = """
        SELECT FROM pg_stat_activity
        WHERE application_name LIKE 'seedbed:%' AND datname = current_database()
    """
    return person.execute(query).rowcount


@pytest.mark.soak
@pytest.mark.parametrize("share", [0.5] if SIZE != "soak" else [0.02, 0.1, 0.5, 0.95])
def test_in_a_black_hole_a_run_ends_with_a_sentence_and_holds_nothing(
    seeded: World,
    world: World,
    network: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
) -> None:
    monkeypatch.setattr(connect, "GRACE", 1.0)
    far, expected = through(world, network), seeded.digests()
    world.profile(
        chunk_rows=100, retries=1, limits={"connect": 2, "statement": 1, "lock": 1, "busy": 20}
    )
    assert run(far).done
    length = network.carried
    assert run(far, "reset").done
    begin = network.carried

    def swallow() -> None:
        if eventually(lambda: network.carried - begin > length * share, 20):
            network.swallow = True

    with world.superuser() as person:
        threading.Thread(target=swallow, daemon=True).start()
        started = time.monotonic()
        end = run(far)
        spent = time.monotonic() - started
        assert network.swallow
        assert end.error in {"TimedOut", "Silent", "Passing", "SeedbedError"}, end
        assert "did not answer" in end.said
        assert spent < 25
        assert eventually(lambda: sessions(person) == 0, 5)
    print(f"black hole: ended after {spent:.1f} s with {end.error}: {end.said}")
    network.calm()
    healed(world, "seed", expected)


@pytest.mark.parametrize("statement", ["SELECT 1", "COPY (SELECT generate_series(1, 9)) TO STDOUT"])
def test_a_server_that_says_nothing_is_given_up_and_the_step_tried_again(
    network: Proxy, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr(connect, "GRACE", 0.5)
    limits = Limits.model_validate({"statement": 1, "connect": 2})
    with connect.connect(network.address, "seedbed:test", limits) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        network.swallow = True
        started = time.monotonic()
        with pytest.raises(psycopg.OperationalError) as caught:
            if statement.startswith("COPY"):
                with connection.cursor().copy(statement.encode()) as copy:
                    copy.read()
            else:
                connection.execute(statement.encode())
        assert 1.4 < time.monotonic() - started < 4
        assert connection.closed
    assert connect.passing(caught.value)
    assert connect.sentence(caught.value) == (
        "the server did not answer for 2 s; look at the network and at what lies between, "
        "and run it again"
    )


def test_a_statement_whose_client_is_gone_ends_within_seconds(world: World, network: Proxy) -> None:
    active = """
        SELECT FROM pg_stat_activity
        WHERE query LIKE '%pg_sleep(30%' AND state = 'active' AND pid <> pg_backend_pid()
          AND datname = current_database()
    """

    def sleep() -> None:
        with (
            suppress(psycopg.Error),
            through(world, network).opened() as work,
            work.database.writing() as connection,
        ):
            connection.execute("SELECT pg_sleep(30)")

    with world.superuser() as person:
        thread = threading.Thread(target=sleep)
        thread.start()
        assert eventually(lambda: person.execute(active).rowcount == 1)
        network.cut()
        started = time.monotonic()
        assert eventually(lambda: person.execute(active).rowcount == 0)
        spent = time.monotonic() - started
        thread.join()
        assert eventually(lambda: sessions(person) == 0, 5)
    print(f"the orphan lived {spent:.1f} s")
    assert spent < 5
