"""The authoring words: everything that a dataset imports."""

from seedbed.declare.asked import Rows
from seedbed.declare.choice import choose
from seedbed.declare.counts import at_least, between, counted, daily, exactly, initial, scaled
from seedbed.declare.entity import Dataset, entity
from seedbed.declare.keys import text_key, uuid_key
from seedbed.declare.minimums import Minimum, Word
from seedbed.declare.owners import MadeByTrigger
from seedbed.declare.reads import SEEDED, Table, View, view
from seedbed.declare.resource import resource, wait_until_ready
from seedbed.declare.update import settle, update
from seedbed.declare.values import (
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
