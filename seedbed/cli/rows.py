"""Rows: what an entity makes, printed without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd

from seedbed.cli.errors import BadRows
from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.values import objects, shown
from seedbed.engine.first_rows import first_rows


def printed(name: str, number: int, as_of: date | None, seed: int, *, as_json: bool) -> str:
    """The first rows of `<dataset>.<entity>`, or of every entity of a task of that name.

    Raises:
        UnknownName: there is no such dataset or entity.
        BadRows: the name has no point, names no entity, or the number is less than 1.
    """
    whole, point, part = name.partition(".")
    if not point:
        raise BadRows(f"{name!r} names no entity; write one as DATASET.ENTITY: commerce.orders")
    if number < 1:
        raise BadRows(f"--rows is {number}; write a whole number from 1")
    of = dataset(whole)
    entities = [step for step in of.named(part) if isinstance(step, Entity)]
    if not entities:
        raise BadRows(f"{name!r} changes or awaits something, and makes no rows; name an entity")
    day = as_of or datetime.now(UTC).date()
    frames = {one: first_rows(of, one, number, as_of=day, seed=seed) for one in entities}
    if as_json:
        every = pd.concat(frames.values(), ignore_index=True)
        return str(every.to_json(orient="records", date_format="iso", default_handler=str))
    return "\n\n".join(_block(of, one, frame, day) for one, frame in frames.items())


def _block(of: Dataset, entity: Entity, frame: pd.DataFrame, day: date) -> str:
    """A line for every column of every row, as wide as the longest name."""
    head = f"{of.name}.{entity.name}, table {entity.table}, as of {day}: {entity.about}"
    if frame.empty:
        return f"{head}\n makes no rows here: what it builds on is empty, or there are enough"
    width = max(map(len, frame.columns))
    lines = [head]
    for row in range(len(frame)):
        lines.append("")
        for name in frame.columns:
            value = frame[name].iloc[row]
            gone = pd.api.types.is_scalar(value) and pd.isna(value)
            lines.append(f" {name:<{width}}  {'NULL' if gone else shown(objects([value]), 0)}")
    return "\n".join(lines)
