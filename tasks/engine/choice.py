"""Choice: which candidate each row gets, of those that its parent may have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tasks.engine import draws
from tasks.engine.tables import Table, View
from tasks.engine.values import Hashes, Integers

if TYPE_CHECKING:
    from tasks.engine.rows import Rows

_LEVELS = 64
"""How often `balance` raises the load that a candidate may carry before it gives up."""


@dataclass(frozen=True)
class Choice:
    """Candidates: the rows of `among` whose column `by` is the parent's key (None: all rows).

    Each parent has them in an order of its own, drawn by hash, those with less of column
    `prefer` first; position k gets the k-th. So a parent's rows choose different candidates,
    unless `repeat` begins anew behind the last. `fills` are the row's columns that the
    candidate's columns go to; together with the parent they are unique. With `balance` no
    candidate gets two while another, who could have it, has none; `prefer` is then what each
    of them has already.
    """

    among: Table | View
    by: str | None = None
    fills: dict[str, str] = field(default_factory=dict)
    repeat: bool = False
    balance: bool = False
    prefer: str | None = None


def choose(
    among: Table | View,
    *,
    by: str | None = None,
    fills: dict[str, str] | None = None,
    repeat: bool = False,
    balance: bool = False,
    prefer: str | None = None,
) -> Choice:
    """A choice; see `Choice`."""
    return Choice(among, by, fills or {}, repeat, balance, prefer)


@dataclass(frozen=True)
class Ranked:
    """Candidates of every parent in order: those of parent i are `length[i]` from `start[i]`."""

    owner: Integers
    candidate: Integers
    start: Integers
    length: Integers


def ranked(choice: Choice, parents: Rows, entity: str) -> Ranked:
    """The candidates (row numbers of the frame) of each parent, best first."""
    frame = parents.run.frame(choice.among)
    if choice.by is None:
        owner = np.repeat(np.arange(len(parents)), len(frame))
        candidate = np.tile(np.arange(len(frame)), len(parents))
    else:
        owner = pd.Index(parents.names).get_indexer(frame[choice.by])
        candidate = np.flatnonzero(owner >= 0)
        owner = owner[candidate]
    # Each text once: a candidate is there as often as there are parents who may have it.
    place, keys = pd.factorize(frame[choice.among.key])
    each = draws.text_hash(map(str, keys))[place]
    own = parents.key_hash ^ parents.run.stream(entity, "choice")
    order = draws.mix(own[owner] + each[candidate])
    sorting = [order, owner]
    if choice.prefer is not None:
        sorting.insert(1, frame[choice.prefer].to_numpy()[candidate])
    sort = np.lexsort(sorting)
    length = np.bincount(owner, minlength=len(parents))
    return Ranked(owner[sort], candidate[sort], np.cumsum(length) - length, length)


def nominal(rows: Rows, parents: Rows) -> Rows:
    """The rows with their candidates, as if none of them were there yet.

    `rows` are positions 0, 1, … of each of the parents. Rows that no candidate is left for
    are left out.
    """
    choice, entity = _of(rows)
    ranks = ranked(choice, parents, entity)
    quota = np.bincount(rows.index, minlength=len(parents))
    if choice.repeat:
        return _repeated(rows, choice, parents, ranks)
    made = match(ranks, quota, parents.key_hash, *_room(choice, parents, ranks, quota))
    return _aligned(rows, choice, parents, ranks, made)


def remaining(
    rows: Rows, parents: Rows, own: pd.DataFrame, of: str | None, quota: Integers
) -> Rows:
    """The rows with their candidates, beside those of ours that are there: `own`.

    `rows` are free positions of the parents; `own` has the columns that the choice fills and
    `of`, the parent's key; `quota` is how many rows each parent would have of us in all.
    """
    choice, entity = _of(rows)
    ranks = ranked(choice, parents, entity)
    if choice.repeat:
        return _repeated(rows, choice, parents, ranks)
    frame = parents.run.frame(choice.among)
    room, groups = _room(choice, parents, ranks, quota)
    there = _pairs(frame, choice, own, of)
    if room is not None and groups is not None:
        load = np.bincount(groups[there], minlength=int(groups.max(initial=0)) + 1)
        room = room - load[groups]
    ranks = _without(ranks, there, len(frame))
    lacking = np.bincount(rows.index, minlength=len(parents))
    made = match(ranks, lacking, parents.key_hash, room, groups)
    return _aligned(rows, choice, parents, ranks, made)


def _of(rows: Rows) -> tuple[Choice, str]:
    entity = rows.entity
    assert entity is not None and entity.choose is not None  # only such rows come here
    return entity.choose, entity.name


def _pairs(frame: pd.DataFrame, choice: Choice, own: pd.DataFrame, of: str | None) -> Integers:
    """The rows of the candidates' frame that rows of ours already hold."""
    columns = dict(choice.fills)
    if choice.by is not None and of is not None:
        columns[of] = choice.by
    if not columns or frame.empty or own.empty:
        return np.zeros(0, dtype=np.int64)
    candidates = pd.MultiIndex.from_frame(frame[list(columns.values())])
    place = candidates.get_indexer(pd.MultiIndex.from_frame(own[list(columns)]))
    return place[place >= 0]


def _without(ranks: Ranked, candidates: Integers, size: int) -> Ranked:
    gone = np.zeros(size, dtype=bool)
    gone[candidates] = True
    kept = ~gone[ranks.candidate]
    owner = ranks.owner[kept]
    length = np.bincount(owner, minlength=len(ranks.length))
    return Ranked(owner, ranks.candidate[kept], np.cumsum(length) - length, length)


def _repeated(rows: Rows, choice: Choice, parents: Rows, ranks: Ranked) -> Rows:
    length = ranks.length[rows.index]
    kept = np.flatnonzero(length > 0)
    place = ranks.start[rows.index[kept]] + rows.position[kept] % length[kept]
    frame = parents.run.frame(choice.among).iloc[ranks.candidate[place]]
    return rows.among(kept).with_chosen(frame)


def _aligned(rows: Rows, choice: Choice, parents: Rows, ranks: Ranked, made: Integers) -> Rows:
    """The j-th row of a parent gets its j-th pair; rows are in order of parent and position."""
    place, held = _places(rows.index), np.bincount(ranks.owner[made], minlength=len(parents))
    kept = np.flatnonzero(place < held[rows.index])
    # Both sides are now equally many a parent, in the same order.
    frame = parents.run.frame(choice.among).iloc[ranks.candidate[made]]
    return rows.among(kept).with_chosen(frame)


def _room(
    choice: Choice, parents: Rows, ranks: Ranked, quota: Integers
) -> tuple[Integers | None, Integers | None]:
    """The load that each row of the frame may carry, and which rows are the same candidate.

    The lowest level that lets all parents have their quota, minus what candidates have already.
    """
    if not choice.balance:
        return None, None
    frame = parents.run.frame(choice.among)
    groups = pd.factorize(frame[choice.among.key])[0]
    has = frame[choice.prefer].to_numpy(np.int64) if choice.prefer else np.zeros(len(frame), int)
    possible = int(np.minimum(quota, ranks.length).sum())
    lowest = int(has.min(initial=0))
    room = has
    for level in range(lowest + 1, lowest + 1 + _LEVELS):
        room = np.maximum(level - has, 0)
        if len(match(ranks, quota, parents.key_hash, room, groups)) == possible:
            break
    return room, groups


def match(
    ranks: Ranked,
    quota: Integers,
    priority: Hashes,
    capacity: Integers | None = None,
    groups: Integers | None = None,
) -> Integers:
    """Which pairs of `ranks` are made: sorted by parent, best first.

    Deferred acceptance (Gale and Shapley, 1962) with the same priorities at every candidate:
    parents in order of priority each take the best that have room. So the result does not
    depend on the order of the work, and taking some pairs away and matching again makes the
    same ones. `groups` (one a candidate) tells rows of the frame that are the same candidate.
    """
    pointer = ranks.start.copy()
    end = ranks.start + ranks.length
    held = np.zeros(0, dtype=np.int64)
    while True:
        lacking = quota - np.bincount(ranks.owner[held], minlength=len(quota))
        offers = np.minimum(np.maximum(lacking, 0), end - pointer)
        if not offers.any():
            return np.sort(held)
        held = np.concatenate([held, _ranges(pointer, offers)])
        pointer += offers
        if capacity is None:
            continue
        candidate = ranks.candidate[held]
        load = candidate if groups is None else groups[candidate]
        order = np.lexsort((held, priority[ranks.owner[held]], load))
        held, load, room = held[order], load[order], capacity[candidate[order]]
        held = held[_places(load) < room]


def _ranges(starts: Integers, lengths: Integers) -> Integers:
    """start, start + 1, … of every range, one behind the other."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(int(ends[-1]))


def _places(groups: Integers) -> Integers:
    """The place of each item in its run of equal values, from 0."""
    first = np.r_[True, groups[1:] != groups[:-1]] if len(groups) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
