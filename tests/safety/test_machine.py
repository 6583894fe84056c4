"""People, runs and faults take turns at random; after every turn the promises hold.

A state machine sees no races: tests/faults has those.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.engine.order import ordered
from seedbed.engine.report import StepReport
from seedbed.postgres.connection.errors import LeaseLost
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.errors import Blocked, Fenced
from seedbed.run.counted import complete, counts
from seedbed.steps.errors import RowsMissing
from seedbed.testing.arrows import keys
from seedbed.testing.contents import versions
from seedbed.testing.edits import edit
from seedbed.testing.worlds import World
from tests.safety.stage import Dump, Stage, trigger, windows

SCALE = float(os.environ.get("SEEDBED_TEST_SCALE", "1"))
PARTS = [("thorns", 90, part) for part in (0, 2, 3)] + [("commerce", 30, 4), ("therapy", 10, 5)]
"""Datasets, sequences (310 in all at scale 1), and the seed of each part."""
STEPS = 6
SHARE = 100
"""Of the 310, what each of the three large parts answers for."""
LEAST = {"fences": 50, "pins": 200, "edits": 100, "crashes": 500}
"""Events in 1,000 sequences, or the test is empty."""

FENCED = (
    ("AFTER DELETE", "INSERT INTO public.watched VALUES ('x'); RETURN NULL;"),
    ("AFTER DELETE", "TRUNCATE public.watched; RETURN NULL;"),
    ("BEFORE DELETE", "RETURN NULL;"),
)
"""What a reset may not let pass: a row more, a table emptied, a row that stays."""

NUMBERS = st.integers(0, 2**24 - 1)
"""Hypothesis draws from so many evenly; of more it likes the small ones best."""
DAYS = 3
TURNS = [
    turn
    for turn, weight in {
        "somebody_attaches_a_row": 3,
        "somebody_inserts_a_row": 2,
        "somebody_takes_a_natural_key": 2,
        "somebody_deletes_rows_of_ours": 2,
        "somebody_deletes_a_row_of_their_own": 2,
        "somebody_edits_rows_of_ours": 5,
        "seed": 2,
        "refresh": 2,
        "reset": 3,
        "a_seed_crashes": 9,
        "somebody_attaches_a_row_before_a_reset": 8,
        "a_reset_crashes": 3,
        "a_reset_meets_a_trigger": 4,
        "a_seed_meets_a_trigger_that_drops_rows": 2,
        "a_run_loses_its_lock": 1,
    }.items()
    for _ in range(weight)
]
"""What can happen, the rarer in its effect the more often."""


class Turns(RuleBasedStateMachine):
    """Set up by `machine` with a stage and what its database held."""

    stage: Stage
    pristine: Dump
    whole: Dump
    expected: dict[int, dict[str, str]]

    @initialize(sequence=NUMBERS)
    def begin(self, sequence: int) -> None:
        self.stage.restore(self.whole if sequence % 4 else self.pristine)
        self.count("sequences")
        self.sequence, self.day = sequence, 0
        self.edited = self.interfered = False

    @rule(number=NUMBERS)
    def take_a_turn(self, number: int) -> None:
        draw = random.Random(f"{self.sequence}/{number}")
        # Drawn here: Hypothesis would leave out half of the turns in a sequence, and repeat others.
        turn = draw.choice(TURNS)
        note(f"{turn}, then")
        getattr(self, turn)(draw)

    def count(self, event: str) -> None:
        self.stage.counts[event] += 1

    # -- people -----------------------------------------------------------------------------

    def somebody_attaches_a_row(self, draw: random.Random) -> None:
        if self.stage.attach(draw):
            self.count("attached")
            self.interfered = True

    def somebody_attaches_a_row_before_a_reset(self, draw: random.Random) -> None:
        self.somebody_attaches_a_row(draw)
        self.reset(draw)

    def somebody_inserts_a_row(self, draw: random.Random) -> None:
        if self.stage.insert(draw):
            self.count("inserted")
            self.interfered = True

    def somebody_takes_a_natural_key(self, draw: random.Random) -> None:
        if self.stage.take(draw):
            self.count("taken")
            self.interfered = True

    def somebody_deletes_rows_of_ours(self, draw: random.Random) -> None:
        self.stage.delete_ours(draw, 8)

    def somebody_deletes_a_row_of_their_own(self, draw: random.Random) -> None:
        self.stage.delete_others(draw)
        self.interfered = True

    def somebody_edits_rows_of_ours(self, draw: random.Random) -> None:
        entities, work = self.stage.dataset.entities, self.stage.context()
        if any(
            edit(self.stage.person, work, one, draw) for one in draw.sample(entities, len(entities))
        ):
            self.count("edits")
            self.edited = True

    # -- runs -------------------------------------------------------------------------------

    def seed(self, draw: random.Random) -> None:
        self.seeded()

    def refresh(self, draw: random.Random) -> None:
        if self.seeded():
            self.day = draw.randint(0, DAYS)
            self.stage.seed(self.day, windows(self.stage.dataset))
            self.count("refreshes")

    def reset(self, draw: random.Random) -> None:
        strict = draw.random() < 0.3
        before = versions(self.stage.person) if strict else {}
        try:
            gone = self.stage.reset(strict=strict)
        except Blocked:
            assert strict
            assert versions(self.stage.person) == before
            self.count("pins")
            return
        if gone.pins:
            assert not strict
            self.count("pins")
        held = self.stage.ours()
        assert held == gone.kept
        self.count("resets")
        self.edited = self.edited and held > 0

    # -- faults -----------------------------------------------------------------------------

    def a_seed_crashes(self, draw: random.Random) -> None:
        self.stage.delete_ours(draw, 20)
        at, how = draw.choice((0, 0, 1, 2)), draw.choice(("record", "copy"))
        if self.seeded(lambda: self.stage.crashing(how, at, lambda: self.stage.seed(self.day))):
            self.count("seeds that were to crash")

    def a_reset_crashes(self, draw: random.Random) -> None:
        how = draw.choice(("record", "session"))
        self.stage.crashing(how, 0, lambda: self.stage.reset(strict=False))

    def a_reset_meets_a_trigger(self, draw: random.Random) -> None:
        table, (when, does) = draw.choice(self.stage.dataset.tables), draw.choice(FENCED)
        if not keys(self.stage.person, self.stage.dataset, table):
            return
        with trigger(self.stage.person, table, when, does=does):
            before = versions(self.stage.person)
            try:
                self.stage.reset(strict=False)
            except (Fenced, psycopg.errors.ForeignKeyViolation) as error:
                assert versions(self.stage.person) == before
                self.count("fences" if isinstance(error, Fenced) else "foreign keys")

    def a_seed_meets_a_trigger_that_drops_rows(self, draw: random.Random) -> None:
        self.stage.delete_ours(draw, 20)
        table = draw.choice(self.stage.dataset.tables)
        with (
            trigger(self.stage.person, table, "BEFORE INSERT", does="RETURN NULL;"),
            suppress(RowsMissing),
        ):
            self.seeded()
            return
        self.count("dropped")

    def a_run_loses_its_lock(self, draw: random.Random) -> None:
        self.stage.end_lease()
        with self.stage.unchanged(), pytest.raises(LeaseLost):
            self.stage.seed(self.day)
        self.stage.close()
        self.count("leases")

    # -- what has to hold -------------------------------------------------------------------

    def seeded(self, action: Callable[[], object] | None = None) -> bool:
        """Seed; False where somebody's row is in the way, which the error and the counts say."""
        try:
            if action is None:
                reports = tuple(self.stage.seed(self.day).values())
                assert complete(reports).violations == 0
                self.count("seeds")
            else:
                action()
        except RowRefused as refused:
            assert self.interfered, refused
            assert refused.constraint and refused.constraint in str(refused)
            assert complete(self.standing()).violations > 0
            self.count("refused")
            return False
        return True

    def standing(self) -> tuple[StepReport, ...]:
        return counts(self.stage.context(self.day), ordered(self.stage.dataset.steps))

    def teardown(self) -> None:
        if not hasattr(self, "day") or not self.seeded():
            return
        assert complete(self.standing()).violations == 0, "green with a row missing"
        if self.edited or (self.interfered and self.stage.dataset.reads):
            return
        found, expected = self.stage.digests(), dict(self.expected[self.day])
        if self.interfered:  # a day that left the window stays while somebody's row needs it
            for one in windows(self.stage.dataset):
                found.pop(one.table, None)
                expected.pop(one.table, None)
        assert found == expected
        self.count("converged")


@contextmanager
def staged(world: World) -> Iterator[Stage]:
    """The world with a person in it, and quick."""
    world.profile(chunk_rows=500)
    with world.superuser() as person:
        # No server is killed here, so that nothing has to reach the disk.
        name = world.address.database
        person.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
        person.execute("SET synchronous_commit = off")
        made = Stage(world, person, Counter())
        try:
            yield made
        finally:
            made.close()


def undisturbed(stage: Stage) -> tuple[Dump, dict[int, dict[str, str]]]:
    """What a seed makes that nobody disturbs, and its digests day by day."""
    stage.seed(0)
    whole, expected = stage.dump(), {}
    for day in range(DAYS + 1):
        stage.seed(day)
        expected[day] = stage.digests()
    return whole, expected


@pytest.mark.soak
@pytest.mark.parametrize(("name", "sequences", "part"), PARTS, ids=str)
def test_whatever_happens_real_rows_stay_and_one_more_run_converges(
    name: str, sequences: int, part: int, fresh: Callable[[Dataset], World]
) -> None:
    started, wanted = time.monotonic(), round(sequences * SCALE)
    nightly = random.SystemRandom().randrange(2**32) if SCALE > 1 else part
    with staged(fresh(dataset(name))) as stage:
        stage.rules  # noqa: B018 # as they are now
        pristine = stage.dump()
        whole, expected = undisturbed(stage)
        held = {"stage": stage, "pristine": pristine, "whole": whole, "expected": expected}
        run_state_machine_as_test(
            seed(nightly)(type("Turns", (Turns,), held)),
            settings=settings(
                max_examples=wanted,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                print_blob=True,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
    reached = stage.counts
    took = time.monotonic() - started
    print(f"\n{name}, seed {nightly}: {dict(sorted(reached.items()))} in {took:.0f} s")
    assert reached["sequences"] >= wanted
    assert reached["converged"] >= wanted / 10
    short = {
        event: reached[event]
        for event, least in LEAST.items()
        if reached[event] < least * SHARE * SCALE / 1000
    }
    assert reached["crashes"] > 0
    assert name != "thorns" or short == {}, "too few events: the test is empty"
