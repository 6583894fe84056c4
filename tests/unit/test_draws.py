"""Draws: known vectors, even distributions, and choices that stay when the set grows."""

from __future__ import annotations

import numpy as np
import pytest

from seedbed.declare.values import Floats, Hashes, Integers
from seedbed.engine import draws

HIGHEST = 2**64 - 1
CHI_SQUARE_9 = 27.88
"""Nine degrees of freedom: one fair sample in a thousand lies above."""


def hashes(*values: int) -> Hashes:
    return np.array(values, dtype=np.uint64)


def many(rows: int, column: str = "column") -> Hashes:
    identities = draws.mix(np.arange(rows, dtype=np.uint64))
    return draws.bits(draws.stream(42, "dataset", "entity", column), identities)


def chi_square(codes: Integers, choices: int) -> float:
    held = np.bincount(codes, minlength=choices)
    wanted = len(codes) / choices
    return float(((held - wanted) ** 2 / wanted).sum())


@pytest.mark.parametrize(
    ("seed", "outputs"),
    [
        (
            1234567,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ],
        ),
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]),
    ],
)
def test_mix_of_a_splitmix64_counter_gives_the_published_outputs(
    seed: int, outputs: list[int]
) -> None:
    counter = [(seed + draw * 0x9E3779B97F4A7C15) % 2**64 for draw in range(1, len(outputs) + 1)]
    assert draws.mix(hashes(*counter)).tolist() == outputs


def test_mix_leaves_its_argument_alone() -> None:
    given = hashes(1, 2, 3)
    draws.mix(given)
    assert given.tolist() == [1, 2, 3]


def test_one_input_bit_changes_half_of_the_output_bits() -> None:
    given = draws.mix(np.arange(2000, dtype=np.uint64))
    for place in range(64):
        changed = draws.mix(given) ^ draws.mix(given ^ np.uint64(1 << place))
        assert 31 < np.bitwise_count(changed).mean() < 33


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ((42, "commerce", "orders", "status"), 14367442134225504860),
        (("orders",), 15396940609477705549),
        ((0,), 9523843951405948789),
        ((), 16476032584258269876),
    ],
)
def test_a_stream_is_the_hash_of_its_path(path: tuple[object, ...], number: int) -> None:
    assert int(draws.stream(*path)) == number


def test_parts_of_a_path_do_not_run_together() -> None:
    assert draws.stream("ab", "c") != draws.stream("a", "bc")


def test_bits_are_those_written_here() -> None:
    column = draws.stream(42, "commerce", "orders", "status")
    assert draws.bits(column, hashes(1, 2, 3)).tolist() == [
        9540594158830654650,
        12595590142053821261,
        3495071326817945911,
    ]


def test_bits_do_not_depend_on_the_rows_drawn_beside_them() -> None:
    column, identities = draws.stream("column"), np.arange(1000, dtype=np.uint64)
    parts = [draws.bits(column, identities[start : start + 7]) for start in range(0, 1000, 7)]
    assert np.concatenate(parts).tolist() == draws.bits(column, identities).tolist()


def test_unit_begins_at_0_and_ends_below_1() -> None:
    given = hashes(0, 2**11, 2**63, HIGHEST)
    assert draws.unit(given).tolist() == [0.0, 2.0**-53, 0.5, 0.9999999999999999]


def test_below_reaches_both_ends_and_never_the_bound() -> None:
    given = hashes(0, 2**32 - 1, 2**63, HIGHEST)
    assert draws.below(given, 7).tolist() == [0, 0, 3, 6]
    assert draws.below(given, 1).tolist() == [0, 0, 0, 0]
    assert draws.below(given, 2**31).tolist() == [0, 0, 2**30, 2**31 - 1]


def test_below_takes_a_bound_for_every_row() -> None:
    bounds = np.array([1, 2, 3, 1000])
    assert draws.below(hashes(HIGHEST, HIGHEST, HIGHEST, HIGHEST), bounds).tolist() == [
        0,
        1,
        2,
        999,
    ]


def test_below_is_unbiased() -> None:
    assert chi_square(draws.below(many(100_000), 10), 10) < CHI_SQUARE_9


def test_columns_are_independent_of_one_another() -> None:
    one, other = draws.below(many(100_000, "one"), 10), draws.below(many(100_000, "other"), 10)
    assert abs(float(np.corrcoef(one, other)[0, 1])) < 0.01
    assert chi_square((one + other) % 10, 10) < CHI_SQUARE_9


def test_neighbouring_rows_are_independent() -> None:
    drawn: Floats = draws.unit(many(100_000))
    assert abs(float(np.corrcoef(drawn[1:], drawn[:-1])[0, 1])) < 0.01


def test_spread_is_the_r2_sequence_shifted_by_the_stream() -> None:
    column = draws.stream(42, "commerce", "orders", "status")
    assert draws.spread(column, np.arange(3), 0) == pytest.approx(
        [0.782572888908941, 0.5374505551556337, 0.2923282214023262]
    )
    assert draws.spread(column, np.arange(3), 1) == pytest.approx(
        [0.782572888908941, 0.352413179906994, 0.9222534709050474]
    )


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("seed", range(20))
def test_spread_fills_every_tenth_alike_for_any_seed(seed: int, axis: int) -> None:
    values = draws.spread(draws.stream(seed), np.arange(1000), axis)
    held = np.bincount((values * 10).astype(np.int64), minlength=10)
    assert held.min() >= 96
    assert held.max() <= 104


def test_spread_fills_the_square_evenly() -> None:
    column, places = draws.stream(42), np.arange(2500)
    across = (draws.spread(column, places, 0) * 5).astype(np.int64)
    along = (draws.spread(column, places, 1) * 5).astype(np.int64)
    held = np.bincount(across * 5 + along, minlength=25)
    assert held.min() >= 94
    assert held.max() <= 106


@pytest.mark.parametrize(
    ("size", "buckets"),
    [
        (1, [0, 0, 0, 0, 0, 0]),
        (2, [0, 0, 0, 0, 1, 1]),
        (10, [0, 6, 6, 8, 5, 9]),
        (1000, [0, 549, 338, 961, 285, 313]),
    ],
)
def test_jump_gives_the_buckets_of_the_published_algorithm(size: int, buckets: list[int]) -> None:
    given = hashes(0, 1, 2, 3, 0xDEADBEEF, HIGHEST)
    assert draws.jump(given, size).tolist() == buckets


def test_jump_leaves_its_argument_alone_and_takes_no_rows() -> None:
    given = hashes(5, 6)
    draws.jump(given, 1000)
    assert given.tolist() == [5, 6]
    assert draws.jump(hashes(), 3).tolist() == []


def test_jump_is_even() -> None:
    assert chi_square(draws.jump(many(100_000), 10), 10) < CHI_SQUARE_9


@pytest.mark.parametrize("size", [1, 2, 3, 8, 10, 100, 1000])
def test_a_set_that_grows_by_one_moves_at_most_2_of_n_and_only_to_the_new_bucket(
    size: int,
) -> None:
    before, after = draws.jump(many(20_000), size), draws.jump(many(20_000), size + 1)
    moved = before != after
    assert 0 < moved.sum() <= 20_000 * 2 / size
    assert set(after[moved].tolist()) == {size}
