"""Choosing: the candidates of each parent in order, and which of them its rows get."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed.declare.choice import Choice
from seedbed.declare.values import Integers
from seedbed.engine import draws
from seedbed.engine.balance import Ranked, balanced
from seedbed.engine.existing import require_key
from seedbed.engine.rows import Rows


def ranked(choice: Choice, parents: Rows, entity: str) -> Ranked:
    """The candidates (row numbers of the frame) of each parent, best first."""
    frame = parents.run.frame(choice.among)
    require_key(choice.among, frame, parents.run.dataset)
    if choice.by is None:
        owner = np.repeat(np.arange(len(parents)), len(frame))
        candidate = np.tile(np.arange(len(frame)), len(parents))
    else:
        owner = pd.Index(parents.names).get_indexer(frame[choice.by])
        candidate = np.flatnonzero(owner >= 0)
        owner = owner[candidate]
    # Each text once: a candidate is there as often as there are parents who may have it.
    place, keys = pd.factorize(frame[choice.among.key])
    each = draws.text_hash(map(str, keys))
    own = parents.key_hash ^ parents.run.stream(entity, "choice")
    order = draws.mix(own[owner] + each[place[candidate]])
    sorting = [order, owner]
    if choice.prefer is not None and not choice.balance:
        sorting.insert(1, frame[choice.prefer].to_numpy()[candidate])
    sort = np.lexsort(sorting)
    length = np.bincount(owner, minlength=len(parents))
    who = np.unique(each, return_inverse=True)[1][place]
    candidate = candidate[sort]
    return Ranked(owner[sort], candidate, who[candidate], np.cumsum(length) - length, length)


def nominal(rows: Rows, parents: Rows) -> Rows:
    """The rows with their candidates, as if none of them were there yet.

    `rows` are positions 0, 1, … of each of the parents. Rows that no candidate is left for
    are left out.
    """
    choice, entity = _of(rows)
    ranks = ranked(choice, parents, entity)
    if choice.repeat:
        return _repeated(rows, choice, parents, ranks)
    quota = np.bincount(rows.index, minlength=len(parents))
    made = _made(choice, parents, ranks, quota)
    return _aligned(rows, choice, parents, ranks, made)


def remaining(
    rows: Rows, parents: Rows, own: pd.DataFrame, of: str | None, quota: Integers
) -> Rows:
    """The rows with their candidates, beside those of ours that are there: `own`.

    `rows` are free positions of the parents; `own` has the columns that the choice fills and
    `of`, the parent's key; `quota` is how many rows each parent would have of us in all. Of the
    pairs that would be made if none were there, those that are not; then, where somebody gave
    our rows other candidates, what is best beside them.
    """
    choice, entity = _of(rows)
    ranks = ranked(choice, parents, entity)
    if choice.repeat:
        return _repeated(rows, choice, parents, ranks)
    lacking = np.bincount(rows.index, minlength=len(parents))
    held = np.zeros(len(ranks.owner), dtype=bool)
    held[_pairs(ranks, choice, parents, own, of)] = True
    wanted = _made(choice, parents, ranks, quota)
    wanted = wanted[~held[wanted]]
    made = wanted[_places(ranks.owner[wanted]) < lacking[ranks.owner[wanted]]]
    held[made] = True
    lacking -= np.bincount(ranks.owner[made], minlength=len(parents))
    if lacking.any():
        load = np.bincount(ranks.who[held], minlength=int(ranks.who.max(initial=-1)) + 1)
        rest = _made(choice, parents, ranks.only(~held), lacking, load)
        made = np.sort(np.concatenate([made, np.flatnonzero(~held)[rest]]))
    return _aligned(rows, choice, parents, ranks, made)


def _of(rows: Rows) -> tuple[Choice, str]:
    entity = rows.entity
    assert entity is not None and entity.choose is not None  # only such rows come here
    return entity.choose, entity.name


def _made(
    choice: Choice, parents: Rows, ranks: Ranked, quota: Integers, load: Integers | None = None
) -> Integers:
    """Which pairs of `ranks` are made: sorted by parent, best first.

    `load` is what candidates have of our rows already.
    """
    if not choice.balance:
        return ranks.best(quota)
    most = int(ranks.who.max(initial=-1)) + 1
    has = np.zeros(most if load is None else len(load), dtype=np.int64)
    if choice.prefer is not None:
        frame = parents.run.frame(choice.among)
        np.maximum.at(has, ranks.who, frame[choice.prefer].to_numpy(np.int64)[ranks.candidate])
    return balanced(ranks, quota, parents.key_hash, has if load is None else has + load)


def _pairs(
    ranks: Ranked, choice: Choice, parents: Rows, own: pd.DataFrame, of: str | None
) -> Integers:
    """The pairs that rows of ours already hold."""
    if own.empty or not len(ranks.owner):
        return np.zeros(0, dtype=np.int64)
    frame = parents.run.frame(choice.among).iloc[ranks.candidate]
    pairs, theirs = [pd.Index(ranks.owner)], [pd.Index(np.zeros(len(own), dtype=np.int64))]
    if of is not None:
        theirs = [pd.Index(pd.Index(parents.names).get_indexer(own[of]))]
    for column, filled in choice.fills.items():
        pairs.append(pd.Index(frame[filled]))
        theirs.append(pd.Index(own[column]))
    place = pd.MultiIndex.from_arrays(pairs).get_indexer(pd.MultiIndex.from_arrays(theirs))
    return place[place >= 0]


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


def _places(groups: Integers) -> Integers:
    """The place of each item in its run of equal values, from 0."""
    first = np.r_[True, groups[1:] != groups[:-1]] if len(groups) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
