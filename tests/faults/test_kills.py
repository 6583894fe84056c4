"""Killed at any moment, client or server, the next run ends as an undisturbed one."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.testing.cluster import Connection, eventually
from seedbed.testing.contents import others
from seedbed.testing.worlds import World
from tests.faults.runs import PATIENT, Verb, run, start
from tests.faults.server import SIZE, Server, size

New = Callable[[Dataset], World]

LONGEST = {"commerce": 1.2, "therapy": 2.5}
"""Seconds that a run takes in a process of its own, about."""


def connected(person: Connection) -> bool:
    """Whether a run has reached the database."""
    query = """
        SELECT FROM pg_stat_activity
        WHERE application_name LIKE 'seedbed:%' AND datname = current_database()
    """
    return person.execute(query).rowcount > 0


KILLS = [("commerce", 12)] if SIZE != "soak" else [("commerce", 70), ("therapy", 30)]


@pytest.mark.soak
@pytest.mark.parametrize(("name", "kills"), KILLS)
def test_killed_at_any_moment_the_next_run_ends_as_an_undisturbed_one(
    fresh: New, name: str, kills: int
) -> None:
    draw = random.Random(kills)
    quiet, world = fresh(dataset(name)), fresh(dataset(name))
    quiet.seed()
    expected = quiet.digests()
    killed = {"seed": 0, "reset": 0}
    with world.superuser() as person:
        strangers = others(person, world.dataset)
        while sum(killed.values()) < kills:
            # Twice while it seeds, then while it removes what is there.
            for verb in ("seed", "seed", "reset"):
                killed[verb] += kill(world, person, verb, draw)
                if verb == "reset" or draw.random() < 0.2:
                    world.profile(**PATIENT)
                    assert run(world).done
                    assert world.digests() == expected
                    assert others(person, world.dataset) == strangers
                if verb == "seed" and draw.random() < 0.7:
                    assert run(world, "reset").done
        world.profile(**PATIENT)
        assert run(world, "reset").done
        assert others(person, world.dataset) == strangers
    print(f"{name}: killed {killed['seed']} while seeding, {killed['reset']} while resetting")


def kill(world: World, person: Connection, verb: Verb, draw: random.Random) -> bool:
    """Kill a run at a random moment; False when it had ended by then."""
    world.profile(chunk_rows=draw.choice([7, 100, 25_000]), **PATIENT)
    child = start(world, verb)
    assert eventually(lambda: connected(person) or child.process.exitcode is not None, 60)
    longest = LONGEST[world.dataset.name] if verb == "seed" else 0.3
    time.sleep(draw.uniform(0, longest))
    child.process.kill()
    child.process.join()
    child.pipe.close()
    return child.process.exitcode == -signal.SIGKILL


@pytest.mark.soak
def test_after_kill_9_of_the_server_the_next_run_ends_as_an_undisturbed_one(
    server: Server, seeded: World, fresh: New
) -> None:
    draw, expected, ends = random.Random(9), seeded.digests(), []
    world = fresh(seeded.dataset)
    for _ in range(size(2, 8)):
        world.profile(chunk_rows=draw.choice([7, 100]), **PATIENT)
        with world.superuser() as person:
            person.execute("CHECKPOINT")
            child = start(world)
            assert eventually(lambda: connected(person), 60)
        time.sleep(draw.uniform(0.1, 1.0))
        server.end(signal.SIGKILL)
        server.start()
        ends.append(child.end())
        world.profile(**PATIENT)
        assert run(world).done
        assert world.digests() == expected
        assert run(world, "reset").done
    print("server killed, runs ended with:", [end.error or "done" for end in ends])
    assert any(not end.done for end in ends)
