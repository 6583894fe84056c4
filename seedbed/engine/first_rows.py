"""First rows: what an entity makes, looked at without a database."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.minimums import resolved
from seedbed.declare.reads import SEEDED, Step, Table
from seedbed.declare.resource import Resource
from seedbed.engine.run import Run, as_frame
from seedbed.engine.target import chunks, nothing, target


def first_rows(
    dataset: Dataset,
    entity: Entity,
    number: int = 5,
    *,
    as_of: date,
    seed: int = 42,
    scale: int = 1,
) -> pd.DataFrame:
    """The first `number` rows that an entity makes for a database in which nobody else has rows.

    Requirements have their defaults. A table of the application holds its `examples` and the
    rows of the entities that it is declared to show; a service holds nothing.

    Args:
        dataset: the dataset
        entity: one of its entities
        number: how many rows
        as_of: the date that today means
        seed: start of all random draws
        scale: multiple of the owner's counts
    """
    run = empty_run(dataset, as_of=as_of, seed=seed, scale=scale)
    rows = next(chunks(entity, run, max(number, 1)), None)
    made = as_frame(nothing(entity, run) if rows is None else rows)
    return made.head(number)


def empty_run(dataset: Dataset, *, as_of: date, seed: int = 42, scale: int = 1) -> Run:
    """The coordinates of a seed run over an empty database; see `first_rows`."""
    frames: dict[Table, pd.DataFrame] = {}

    def read(table: Table) -> pd.DataFrame:
        if table not in frames:
            parts = [_examples(table), *(_seeded(one, table, run) for one in table.after or ())]
            # Without those that are empty: they would turn numbers and dates into objects.
            filled = [part for part in parts if len(part)] or parts[-1:]
            frames[table] = pd.concat(filled, ignore_index=True)
        return frames[table]

    numbers = resolved(dataset.name, dataset.requirements, {}, {})
    run = Run(dataset.name, seed, as_of, as_of, scale, numbers, read=read, look=_no_objects)
    return run


def _examples(table: Table) -> pd.DataFrame:
    frame = pd.DataFrame(list(table.examples), columns=_columns(table), dtype=object)
    return frame.infer_objects().assign(**{SEEDED: np.zeros(len(frame), dtype=np.int64)})


def _seeded(step: Step, table: Table, run: Run) -> pd.DataFrame:
    assert isinstance(step, Entity)  # nothing else makes rows of a table
    rows = target(step, run)
    return as_frame(rows).reindex(columns=_columns(table)).assign(**{SEEDED: rows.number})


def _columns(table: Table) -> list[str]:
    return list(dict.fromkeys((table.key, *table.columns)))


def _no_objects(resource: Resource) -> pd.DataFrame:
    return pd.DataFrame({"key": np.empty(0, dtype=object)})
