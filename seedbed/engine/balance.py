"""Balance: candidates who have many hand pairs over to those who have fewer, as far as can be."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from seedbed.declare.values import Booleans, Hashes, Integers

_NOBODY = np.iinfo(np.int64).max // 2
"""The load of a candidate that a parent cannot take."""


@dataclass(frozen=True)
class Ranked:
    """Candidates of every parent in order: those of parent i are `length[i]` from `start[i]`.

    `candidate` is a row of the frame; rows with the same `who` are the same candidate. Those
    are numbered by hash, so that nothing follows from the order in which rows were read.
    """

    owner: Integers
    candidate: Integers
    who: Integers
    start: Integers
    length: Integers

    def best(self, quota: Integers) -> Integers:
        """The first `quota` pairs of each parent."""
        return ranges(self.start, np.minimum(quota, self.length))

    def only(self, kept: Booleans) -> Ranked:
        """The same without some pairs."""
        owner = self.owner[kept]
        length = np.bincount(owner, minlength=len(self.length))
        start = np.cumsum(length) - length
        return Ranked(owner, self.candidate[kept], self.who[kept], start, length)


def balanced(ranks: Ranked, quota: Integers, priority: Hashes, has: Integers) -> Integers:
    """As many pairs of each parent as `best` would take, with loads as even as they can be.

    `has` is what each candidate has already. No chain of parents, each of whom takes another
    candidate, can relieve one at the cost of another who has at least two less: the sum of any
    convex function of the loads is least then (Harvey, Ladner, Lovász, Tamir 2006,
    "Semi-matchings for bipartite graphs and load balancing"). Parents start with their best,
    and what is left uneven is handed over along the shortest chains. Parents who have no
    candidate in common, directly or through others, do not bear on one another.
    """
    held = np.zeros(len(ranks.owner), dtype=bool)
    held[ranks.best(quota)] = True
    load = has + np.bincount(ranks.who[held], minlength=len(has))
    _exchange(ranks, priority, held, load)
    search = _Search(ranks, priority, held, load)
    queue = [(int(load[who]), who) for who in np.unique(ranks.who).tolist()]
    heapq.heapify(queue)
    while queue:
        least, who = heapq.heappop(queue)
        if search.final[who] or least != load[who]:
            continue
        chain = search.chain(who)
        if not chain:
            continue
        for give, take in chain:
            held[give], held[take] = False, True
        richest = int(ranks.who[chain[0][0]])
        load[richest] -= 1
        load[who] += 1
        heapq.heappush(queue, (int(load[richest]), richest))
        heapq.heappush(queue, (int(load[who]), who))
    return np.flatnonzero(held)


def _exchange(ranks: Ranked, priority: Hashes, held: Booleans, load: Integers) -> None:
    """Let all parents at once take another candidate instead of their richest, as often as helps.

    Each asks the best of those whose load lies in the lower half of the gap. Those with the most
    to gain go first, and nobody is relieved by more, or burdened with more, than leaves a gain.
    What is left are chains of two parents and more, which are few.
    """
    owner, who = ranks.owner, ranks.who
    some = np.flatnonzero(ranks.length)
    while some.size:
        made = np.flatnonzero(held)
        made = made[np.lexsort((load[who[made]], owner[made]))]
        gives = np.zeros(len(ranks.length), dtype=np.int64)
        gives[owner[made]] = made  # the last one stays: the richest
        rich = np.where(np.bincount(owner[made], minlength=len(gives)), load[who[gives]], -1)
        free = np.where(held, _NOBODY, load[who])
        poor = np.full(len(gives), _NOBODY)
        poor[some] = np.minimum.reduceat(free, ranks.start[some])
        limit = np.where(rich >= poor + 2, np.minimum((rich + poor) // 2, rich - 2), -1)
        takes = _firsts(np.flatnonzero(free <= limit[owner]), owner)
        if not takes.size:
            return
        parents = owner[takes]
        takes = takes[np.lexsort((priority[parents], load[who[takes]] - rich[parents]))]
        give = gives[owner[takes]]
        loses, gains = who[give], who[takes]
        done = load[loses] - _nth(loses) >= load[gains] + _nth(gains) + 2
        held[give[done]], held[takes[done]] = False, True
        np.subtract.at(load, loses[done], 1)
        np.add.at(load, gains[done], 1)


class _Search:
    """Who could hand a pair over to a candidate, breadth first: fewest changes first."""

    def __init__(self, ranks: Ranked, priority: Hashes, held: Booleans, load: Integers) -> None:
        self.ranks, self.held, self.load = ranks, held, load
        self.final = np.zeros(len(load), dtype=bool)
        """Those whom nobody can relieve any more, and who can relieve nobody."""
        self.pairs = np.lexsort((priority[ranks.owner], ranks.who))
        self.length = np.bincount(ranks.who, minlength=len(load))
        self.start = np.cumsum(self.length) - self.length
        self.turn = 0
        self.asked = np.zeros(len(ranks.length), dtype=np.int64)
        self.reached = np.zeros(len(load), dtype=np.int64)
        self.takes = np.zeros(len(ranks.length), dtype=np.int64)
        self.gives = np.zeros(len(load), dtype=np.int64)

    def chain(self, who: int) -> list[tuple[int, int]]:
        """Pairs to give up and to take instead, from somebody with two more to `who`; or none.

        Where there is none, all that were reached are final: they have at most one more.
        """
        self.turn += 1
        self.reached[who] = self.turn
        front = np.array([who], dtype=np.int64)
        while front.size:
            front = self._before(front)
            rich = front[self.load[front] >= self.load[who] + 2]
            if rich.size:
                return self._from(int(rich[np.argmax(self.load[rich])]), who)
        self.final[self.reached == self.turn] = True
        return []

    def _before(self, front: Integers) -> Integers:
        """The candidates that a parent could give up for one in front."""
        ranks = self.ranks
        free = self.pairs[ranges(self.start[front], self.length[front])]
        free = free[~self.held[free] & (self.asked[ranks.owner[free]] != self.turn)]
        free = _firsts(free, ranks.owner)
        parents = ranks.owner[free]
        self.asked[parents], self.takes[parents] = self.turn, free
        theirs = ranges(ranks.start[parents], ranks.length[parents])
        who = ranks.who[theirs]
        new = self.held[theirs] & (self.reached[who] != self.turn) & ~self.final[who]
        theirs = _firsts(theirs[new], ranks.who)
        found = ranks.who[theirs]
        self.reached[found], self.gives[found] = self.turn, theirs
        return found

    def _from(self, richest: int, who: int) -> list[tuple[int, int]]:
        made, at = [], richest
        while at != who:
            give = int(self.gives[at])
            take = int(self.takes[self.ranks.owner[give]])
            made.append((give, take))
            at = int(self.ranks.who[take])
        return made


def _firsts(pairs: Integers, of: Integers) -> Integers:
    """The first pair of each of their values, in the order in which they stand."""
    return pairs[np.sort(np.unique(of[pairs], return_index=True)[1])]


def _nth(values: Integers) -> Integers:
    """How many of the same value stand before each."""
    order = np.argsort(values, kind="stable")
    first = np.searchsorted(values[order], values[order])
    found = np.empty_like(values)
    found[order] = np.arange(len(values)) - first
    return found


def ranges(starts: Integers, lengths: Integers) -> Integers:
    """start, start + 1, … of every range, one behind the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - ends + lengths, lengths) + np.arange(total)
