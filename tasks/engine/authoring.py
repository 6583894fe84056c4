"""The authoring words: everything that a dataset imports."""

from tasks.engine.counts import at_least, between, counted, daily, exactly, scaled
from tasks.engine.entity import Dataset, Source, entity
from tasks.engine.keys import text_key, uuid_key
from tasks.engine.rows import Rows
from tasks.engine.values import (
    Columns,
    Dates,
    FixedPoint,
    Floats,
    Integers,
    categorical,
    money,
    ratio,
    text,
    where,
)

__all__ = [
    "Columns",
    "Dataset",
    "Dates",
    "FixedPoint",
    "Floats",
    "Integers",
    "Rows",
    "Source",
    "at_least",
    "between",
    "categorical",
    "counted",
    "daily",
    "entity",
    "exactly",
    "money",
    "ratio",
    "scaled",
    "text",
    "text_key",
    "uuid_key",
    "where",
]
