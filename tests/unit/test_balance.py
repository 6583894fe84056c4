"""Balance: loads as even as they can be, with the pairs written out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from seedbed.engine.balance import Ranked, balanced

Wishes = list[list[int]]


def integers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def ranks(of: Iterable[Iterable[int]]) -> Ranked:
    """The candidates of every parent, best first."""
    lists = [list(one) for one in of]
    length = integers(*map(len, lists))
    owner = np.repeat(np.arange(len(lists)), length)
    who = integers(*(one for listed in lists for one in listed))
    return Ranked(owner, who, who, np.cumsum(length) - length, length)


def pairs(
    wishes: Wishes,
    quota: list[int],
    has: list[int],
    priority: Iterable[int] | None = None,
) -> list[tuple[int, int]]:
    """Who got whom; parents of a lower priority number are asked first."""
    given = ranks(wishes)
    order = np.array(list(priority or range(len(wishes))), dtype=np.uint64)
    made = balanced(given, integers(*quota), order, integers(*has))
    assert made.tolist() == sorted(made.tolist())
    return [(int(given.owner[one]), int(given.who[one])) for one in made]


def test_the_best_of_each_parent_are_the_first_of_the_ranks() -> None:
    given = ranks([[0, 1, 2], [0, 2], []])
    assert given.best(integers(2, 1, 4)).tolist() == [0, 1, 3]


def test_ranks_without_some_pairs_keep_the_order_of_the_others() -> None:
    rest = ranks([[0, 1, 2], [0, 2], [1]]).only(np.array([False, True, True, True, False, False]))
    assert (rest.who.tolist(), rest.length.tolist()) == ([1, 2, 0], [2, 1, 0])
    assert rest.start.tolist() == [0, 2, 3]


def test_everyone_has_the_best_where_that_is_even() -> None:
    assert pairs([[0, 1], [1, 0], [2, 0]], [1, 1, 1], [0, 0, 0]) == [(0, 0), (1, 1), (2, 2)]


def test_of_those_who_want_the_same_the_first_asked_takes_another() -> None:
    assert pairs([[0, 1], [0, 1]], [1, 1], [0, 0]) == [(0, 1), (1, 0)]
    assert pairs([[0, 1], [0, 1]], [1, 1], [0, 0], [5, 3]) == [(0, 0), (1, 1)]


def test_who_can_have_one_only_keeps_it() -> None:
    assert pairs([[0, 1], [0]], [1, 1], [0, 0]) == [(0, 1), (1, 0)]
    assert pairs([[0], [0], [0]], [1, 1, 1], [0]) == [(0, 0), (1, 0), (2, 0)]


def test_a_pair_is_handed_on_along_a_chain() -> None:
    wishes = [[0], [0, 1], [1, 2]]
    assert pairs(wishes, [1, 1, 1], [0, 0, 0]) == [(0, 0), (1, 1), (2, 2)]
    assert pairs(wishes, [1, 1, 1], [0, 0, 9]) == [(0, 0), (1, 0), (2, 1)]


def test_what_each_has_already_counts() -> None:
    assert pairs([[0, 1, 2]], [2], [0, 0, 0]) == [(0, 0), (0, 1)]
    assert pairs([[0, 1, 2]], [2], [1, 0, 0]) == [(0, 1), (0, 2)]
    assert pairs([[0, 1], [0, 1]], [1, 1], [107, 106]) == [(0, 1), (1, 0)]


def test_a_candidate_that_is_there_twice_is_taken_twice_only_to_relieve_others() -> None:
    assert pairs([[0, 0, 1], [1]], [2, 1], [0, 0]) == [(0, 0), (0, 0), (1, 1)]
    assert pairs([[0, 0, 1], [0, 2]], [2, 1], [0, 0, 0]) == [(0, 0), (0, 1), (1, 2)]


def test_nothing_wanted_and_nobody_there_make_no_pairs() -> None:
    assert pairs([], [], []) == []
    assert pairs([[], []], [1, 2], []) == []
    assert pairs([[0, 1]], [0], [0, 0]) == []


@some.composite
def markets(draw: some.DrawFn) -> tuple[Wishes, list[int], list[int]]:
    wishes = draw(some.lists(some.permutations(range(4)), min_size=1, max_size=4))
    shorter = [one[: draw(some.integers(0, 4))] for one in wishes]
    quota = [draw(some.integers(0, 3)) for _ in wishes]
    return shorter, quota, [draw(some.integers(0, 3)) for _ in range(4)]


@settings(max_examples=300, deadline=None)
@given(market=markets())
def test_no_other_pairs_are_more_even(market: tuple[Wishes, list[int], list[int]]) -> None:
    wishes, quota, has = market
    made = pairs(*market)
    for parent, listed in enumerate(wishes):
        taken = [who for one, who in made if one == parent]
        assert len(set(taken)) == len(taken) == min(quota[parent], len(listed))
    possible = (
        combinations(listed, min(number, len(listed)))
        for listed, number in zip(wishes, quota, strict=True)
    )
    least = min(
        unevenness(has, [who for taken in each for who in taken]) for each in product(*possible)
    )
    assert unevenness(has, [who for _, who in made]) == least


def unevenness(has: list[int], taken: list[int]) -> int:
    return int(sum((has[who] + taken.count(who)) ** 2 for who in range(len(has))))


@settings(max_examples=200, deadline=None)
@given(data=some.data(), market=markets())
def test_pairs_do_not_depend_on_the_order_in_which_parents_are_read(
    data: some.DataObject, market: tuple[Wishes, list[int], list[int]]
) -> None:
    wishes, quota, has = market
    order = data.draw(some.permutations(range(len(wishes))))
    turned = pairs([wishes[one] for one in order], [quota[one] for one in order], has, order)
    assert {(order[parent], who) for parent, who in turned} == set(pairs(*market))


@settings(max_examples=200, deadline=None)
@given(one=markets(), other=markets())
def test_parents_who_have_no_candidate_in_common_do_not_bear_on_one_another(
    one: tuple[Wishes, list[int], list[int]], other: tuple[Wishes, list[int], list[int]]
) -> None:
    apart = [[who + 4 for who in listed] for listed in other[0]]
    both = pairs(one[0] + apart, one[1] + other[1], one[2] + other[2])
    assert [pair for pair in both if pair[0] < len(one[0])] == pairs(*one)
    rest = [(parent - len(one[0]), who - 4) for parent, who in both if parent >= len(one[0])]
    assert rest == pairs(*other)
