"""The words of a declaration: all that a dataset imports.

`from seedbed import entity, Rows, uuid_key`. A word is imported when it is first asked for, so
that a command without rows does not wait for pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for type checkers and editors; tests/unit/test_words.py holds it to WORDS
    from seedbed.declare.asked import Rows as Rows
    from seedbed.declare.asked import Run as Run
    from seedbed.declare.choice import choose as choose
    from seedbed.declare.counts import at_least as at_least
    from seedbed.declare.counts import between as between
    from seedbed.declare.counts import counted as counted
    from seedbed.declare.counts import daily as daily
    from seedbed.declare.counts import exactly as exactly
    from seedbed.declare.counts import initial as initial
    from seedbed.declare.counts import scaled as scaled
    from seedbed.declare.entity import Dataset as Dataset
    from seedbed.declare.entity import entity as entity
    from seedbed.declare.json_text import json_rows as json_rows
    from seedbed.declare.json_text import json_texts as json_texts
    from seedbed.declare.keys import text_key as text_key
    from seedbed.declare.keys import uuid_key as uuid_key
    from seedbed.declare.login import Login as Login
    from seedbed.declare.minimums import Minimum as Minimum
    from seedbed.declare.minimums import Option as Option
    from seedbed.declare.owners import MadeByTrigger as MadeByTrigger
    from seedbed.declare.reads import SEEDED as SEEDED
    from seedbed.declare.reads import Table as Table
    from seedbed.declare.reads import View as View
    from seedbed.declare.reads import view as view
    from seedbed.declare.reads import without as without
    from seedbed.declare.resource import resource as resource
    from seedbed.declare.resource import wait_until_ready as wait_until_ready
    from seedbed.declare.step import others as others
    from seedbed.declare.step import step as step
    from seedbed.declare.update import settle as settle
    from seedbed.declare.update import update as update
    from seedbed.declare.values import Booleans as Booleans
    from seedbed.declare.values import Columns as Columns
    from seedbed.declare.values import Dates as Dates
    from seedbed.declare.values import Embedded as Embedded
    from seedbed.declare.values import FixedPoint as FixedPoint
    from seedbed.declare.values import Floats as Floats
    from seedbed.declare.values import Integers as Integers
    from seedbed.declare.values import categorical as categorical
    from seedbed.declare.values import money as money
    from seedbed.declare.values import nullable as nullable
    from seedbed.declare.values import objects as objects
    from seedbed.declare.values import ratio as ratio
    from seedbed.declare.values import text as text
    from seedbed.engine.first_rows import first_rows as first_rows

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "What is seeded": {
        "Dataset": ("declare.entity", "one application's seed data: entities, schema and checks"),
        "entity": ("declare.entity", "one kind of row: its table, key, count and columns"),
        "update": ("declare.update", "columns that are kept up to date in a later step"),
        "settle": ("declare.update", "brings staged columns to what their entity says"),
        "resource": ("declare.resource", "objects in a service, one a row of an entity"),
        "wait_until_ready": ("declare.resource", "a step that waits for a resource's objects"),
        "Minimum": ("declare.minimums", "a named number that a profile can change"),
        "Option": ("declare.minimums", "a named text that a profile can change"),
        "Login": ("declare.login", "a documented password of seeded accounts, and its hash"),
        "MadeByTrigger": ("declare.owners", "rows that the application's trigger makes for ours"),
    },
    "Keys": {
        "uuid_key": ("declare.keys", "a uuid that carries the mark 5eed and the row's number"),
        "text_key": ("declare.keys", "a text of 25 characters that carries the same"),
    },
    "How many": {
        "exactly": ("declare.counts", "the same number in every parent, whatever the scale"),
        "scaled": ("declare.counts", "a number times the run's scale"),
        "between": ("declare.counts", "a number in a range, drawn for each parent"),
        "counted": ("declare.counts", "a number that a function of the parents gives"),
        "daily": ("declare.counts", "rows for each of the last days, in a window that rolls"),
        "at_least": ("declare.counts", "what is missing to a minimum, whoever wrote the rest"),
        "initial": ("declare.counts", "a first set, where nobody else has rows of the kind"),
    },
    "What is read": {
        "Table": ("declare.reads", "rows of the application's table, whoever wrote them"),
        "others": ("declare.step", "rows of a table that are not ours"),
        "step": ("declare.step", "a task that fills several entities, and knows their rows"),
        "view": ("declare.reads", "a frame that a function makes of entities, tables and views"),
        "View": ("declare.reads", "what `view` returns"),
        "without": ("declare.reads", "the rows of a frame that another frame does not hold"),
        "choose": ("declare.choice", "picks for every row one of its parent's candidates"),
        "SEEDED": ("declare.reads", "the column with the number of our rows; 0 for others'"),
    },
    "Values of a column": {
        "money": ("declare.values", "cents as decimals with two places"),
        "ratio": ("declare.values", "a quotient, rounded half up"),
        "text": ("declare.values", "a prefix, a number with leading zeros, a suffix"),
        "categorical": ("declare.values", "values picked from a list by their place in it"),
        "json_rows": ("declare.json_text", "a JSON object a row, from a few fields"),
        "json_texts": ("declare.json_text", "values as JSON, to pick from by their place"),
        "objects": ("declare.values", "any Python values: texts, lists, objects for json"),
        "nullable": ("declare.values", "a column with NULL where it is not present"),
        "Embedded": ("declare.values", "texts that a service turns into vectors"),
        "FixedPoint": ("declare.values", "exact decimals as whole numbers of the last place"),
    },
    "Types": {
        "Rows": ("declare.asked", "what a column or count function takes: rows to be made"),
        "Run": ("declare.asked", "the run that rows belong to: `rows.run`"),
        "Columns": ("declare.values", "what a column function returns: columns by name"),
        "Integers": ("declare.values", "an array of int64"),
        "Floats": ("declare.values", "an array of float64"),
        "Booleans": ("declare.values", "an array of bool"),
        "Dates": ("declare.values", "an array of dates or of moments in UTC"),
    },
    "Looking at rows": {
        "first_rows": ("engine.first_rows", "rows of an entity as a frame, without a database"),
    },
}
"""Every word by subject: the module below `seedbed` that holds it, and what it is."""

_PLACES = {word: place for held in WORDS.values() for word, (place, _) in held.items()}

if not TYPE_CHECKING:  # a type checker would hold every name for a word

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module 'seedbed' has no attribute {name!r}")
        word = getattr(import_module(f"seedbed.{_PLACES[name]}"), name)
        globals()[name] = word
        return word

    def __dir__() -> list[str]:
        return sorted({*globals(), *_PLACES})
