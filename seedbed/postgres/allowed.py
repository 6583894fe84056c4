"""Allowed: whether a column takes the NULLs and the labels that it is given.

The server would refuse them, too, but only when rows of other steps are written, and it names
neither the column nor the label that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from seedbed.postgres.copy.errors import CannotEncode
from seedbed.postgres.copy.fields import NULL, ColumnType, Constant, Field, Ragged
from seedbed.postgres.copy.objects import dimensions, is_null

NO_NULL = "the column takes no NULL; declare a value, or let a migration allow NULL"


def refuse_null(column: ColumnType, field: Field) -> None:
    """Raise for the first row that is NULL: its length is -1, and so its first byte no length's."""
    if isinstance(field, Constant) and field.cell == NULL:
        raise CannotEncode(column, 0, NO_NULL)
    if isinstance(field, Ragged):
        short = np.flatnonzero(field.size == len(NULL))
        rows = short[field.flat[field.start[short]] == NULL[0]]
        if len(rows):
            raise CannotEncode(column, int(rows[0]), NO_NULL)


def refuse_label(column: ColumnType, many: Any, one: Any) -> None:
    """Raise for the first row with a text that the enum does not know.

    `many` are the values of the rows; None where all of them have the value `one`.
    """
    if isinstance(many, pd.Categorical):
        used = np.unique(many.codes[many.codes >= 0])
        for code, value in zip(used, many.categories[used], strict=True):
            if problem := _problem(column, value):
                raise CannotEncode(column, int(np.argmax(many.codes == code)), problem)
        return
    values = [one] if many is None else list(many.tolist() if hasattr(many, "tolist") else many)
    # Of many rows few values are different, but lists cannot be told apart like that.
    for value in values if column.is_array else dict.fromkeys(values):
        if problem := _problem(column, value):
            raise CannotEncode(column, values.index(value), problem)


def _problem(column: ColumnType, value: Any) -> str:
    """What is wrong with a value: a label, or a list of them."""
    each: Iterable[Any] = [value]
    if column.is_array and not is_null(value):
        each = dimensions(value)[1]
    for one in each:
        label = one.decode() if isinstance(one, bytes) else one
        if not is_null(one) and label not in column.labels:
            known = ", ".join(column.labels)
            return f"{label!r:.60} is none of its labels {known}; declare one, or add it there"
    return ""
