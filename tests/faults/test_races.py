"""Two runs at once: one wins, the other waits or is told so, and nothing is there twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from seedbed.declare.entity import Dataset
from seedbed.testing.contents import others, ours
from seedbed.testing.worlds import World
from tests.faults.runs import PATIENT, Verb, run, start
from tests.faults.server import size

New = Callable[[Dataset], World]


@pytest.mark.soak
def test_of_two_runs_at_once_one_wins_and_the_other_is_only_busy(seeded: World, fresh: New) -> None:
    draw, expected = random.Random(3), seeded.digests()
    world = fresh(seeded.dataset)
    met: dict[str, int] = {}
    with world.superuser() as person:
        strangers = others(person, world.dataset)
        for round in range(size(6, 50)):
            busy = 60 if round % 5 == 4 else 0
            world.profile(chunk_rows=100, limits={"busy": busy})
            pair: tuple[Verb, Verb] = ("seed", "seed") if round % 3 == 2 else ("seed", "reset")
            children = [start(world, pair[0])]
            time.sleep(draw.uniform(0, 0.3) if round % 2 else 0)
            children.append(start(world, pair[1]))
            ends = [child.end() for child in children]
            assert {end.error for end in ends} <= {"", "LockBusy"}, ends
            assert any(end.done for end in ends)
            assert all(end.done for end in ends) or not busy
            for end in ends:
                met[end.error or "done"] = met.get(end.error or "done", 0) + 1
            assert others(person, world.dataset) == strangers
            if pair == ("seed", "seed") or not ends[1].done:
                assert world.digests() == expected
            elif not ends[0].done:
                assert not any(ours(person, world.dataset).values())
        world.profile(**PATIENT)
        assert run(world).done
        assert world.digests() == expected
    print(f"two runs at once: {met}")
    assert met["LockBusy"]
