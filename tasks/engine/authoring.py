"""The authoring words: everything that a dataset imports."""

from tasks.engine.choice import choose
from tasks.engine.counts import at_least, between, counted, daily, exactly, initial, scaled
from tasks.engine.entity import Dataset, entity
from tasks.engine.keys import text_key, uuid_key
from tasks.engine.minimums import Minimum, Word
from tasks.engine.owners import MadeByTrigger
from tasks.engine.resource import resource, wait_until_ready
from tasks.engine.rows import Rows
from tasks.engine.tables import SEEDED, Table, View, view
from tasks.engine.update import settle, update
from tasks.engine.values import (
    Booleans,
    Columns,
    Dates,
    Embedded,
    FixedPoint,
    Floats,
    Integers,
    categorical,
    money,
    objects,
    ratio,
    text,
    where,
)

__all__ = [
    "SEEDED",
    "Booleans",
    "Columns",
    "Dataset",
    "Dates",
    "Embedded",
    "FixedPoint",
    "Floats",
    "Integers",
    "MadeByTrigger",
    "Minimum",
    "Rows",
    "Table",
    "View",
    "Word",
    "at_least",
    "between",
    "categorical",
    "choose",
    "counted",
    "daily",
    "entity",
    "exactly",
    "initial",
    "money",
    "objects",
    "ratio",
    "resource",
    "scaled",
    "settle",
    "text",
    "text_key",
    "update",
    "uuid_key",
    "view",
    "wait_until_ready",
    "where",
]
