"""Columns: whether what a column function returned has a value for every row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed.declare.errors import BadDeclaration
from seedbed.declare.values import Column, Columns, Embedded, FixedPoint


def require_length(entity: str, columns: Columns, rows: int) -> None:
    """Check that every column has a value a row, or one for all.

    Raises:
        BadDeclaration: a column is longer or shorter, or the function returned something else.
    """
    if not isinstance(columns, dict):
        problem = f"returns a {type(columns).__name__}; return a dict of columns by name"
        raise BadDeclaration(entity, problem)
    for name, column in columns.items():
        if isinstance(column, pd.Series):
            problem = f"returns a pandas Series for column {name!r}; add .to_numpy() to it"
            raise BadDeclaration(entity, problem)
        length = _length(column)
        if length is not None and length != rows:
            problem = f"makes {length} values for column {name!r} of {rows} rows; make one a row"
            raise BadDeclaration(entity, problem)


def _length(column: Column) -> int | None:
    """How many values a column has; None where the same is meant for every row."""
    if isinstance(column, np.ndarray):
        return len(column) if column.ndim else None
    if isinstance(column, list | FixedPoint | Embedded | pd.Categorical):
        return len(column)
    return None
