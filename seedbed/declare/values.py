"""What a column function may return for a column: arrays, categories, fixed-point numbers.

A column of n rows is one of

* a numpy array of length n: integers, floats, booleans, `datetime64[D]` (date),
  `datetime64[us]` (timestamp, UTC), `S` or `U` (text), `V16` (uuid), or objects;
* the same as a masked array (see `nullable`): masked is NULL;
* a `pandas.Categorical`: codes into a list of values, code -1 is NULL;
* a `FixedPoint`: exact decimals as integers of the last place;
* a scalar (text, number, None, dict for json, ...): the same value in every row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd

SHOWN = 60
"""Characters of a value that a sentence has room for."""

Integers: TypeAlias = npt.NDArray[np.int64]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Floats: TypeAlias = npt.NDArray[np.float64]
Booleans: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.bytes_]
Objects: TypeAlias = npt.NDArray[np.object_]
Dates: TypeAlias = npt.NDArray[np.datetime64]
"""`datetime64[D]` for dates, `datetime64[us]` for moments in UTC."""


@dataclass(frozen=True)
class FixedPoint:
    """Exact decimals: `units` times 10 ** -`places`. 1234, 2 is 12.34.

    Args:
        units: int64, shape (n,)
        places: digits behind the point
    """

    units: Integers
    places: int

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True)
class Embedded:
    """Texts that a service turns into vectors.

    Args:
        texts: UTF-8, `S`, shape (n,)
        dimensions: numbers in a vector
    """

    texts: Bytes
    dimensions: int

    def __len__(self) -> int:
        return len(self.texts)


Column: TypeAlias = npt.NDArray[Any] | pd.Categorical | FixedPoint | Embedded | object
Columns: TypeAlias = dict[str, Column]


def money(cents: Integers) -> FixedPoint:
    """Amounts in cents as decimals with two places.

    Args:
        cents: int64, shape (n,)
    """
    return FixedPoint(cents, 2)


def ratio(numerator: Integers, denominator: Integers, places: int) -> FixedPoint:
    """The quotient rounded half up to `places`, and 0 where the denominator is 0.

    Exact as long as 2 * numerator * 10 ** places stays below 2 ** 63.

    Args:
        numerator: int64, shape (n,), not negative
        denominator: int64, shape (n,), not negative
        places: digits behind the point
    """
    scaled = 2 * numerator * 10**places + denominator
    return FixedPoint(
        np.where(denominator > 0, scaled // np.maximum(2 * denominator, 1), 0), places
    )


@lru_cache(maxsize=512)
def _categories(
    values: tuple[Any, ...], types: tuple[type, ...]
) -> tuple[pd.CategoricalDtype[Any], Integers]:
    # The same object for the same values: the encoder then encodes them once, not once a chunk.
    # `types` tells (0, 1) from (False, True), which Python holds for equal.
    codes, distinct = pd.factorize(np.fromiter(values, dtype=object, count=len(values)))
    return pd.CategoricalDtype(list(distinct)), codes.astype(np.int64)


def categorical(codes: npt.NDArray[Any], values: Iterable[Any]) -> pd.Categorical:
    """The value at each code.

    Args:
        codes: places in `values`, integers from 0, shape (n,)
        values: any values; they may repeat, None is NULL
    """
    listed = tuple(values)
    dtype, distinct = _categories(listed, tuple(map(type, listed)))
    return pd.Categorical.from_codes(distinct[codes], dtype=dtype, validate=False)


def text(numbers: Integers, *, prefix: str = "", digits: int = 1, suffix: str = "") -> Bytes:
    """`prefix`, the number with leading zeros, `suffix`: ASCII, shape (n,).

    Args:
        numbers: int64, shape (n,), 0 or more
        prefix: what comes before the number
        digits: how many digits it has at least
        suffix: what comes behind it
    """
    padded = _padded(numbers, digits)
    return np.strings.add(np.strings.add(prefix.encode(), padded), suffix.encode())


def _padded(numbers: Integers, digits: int) -> Bytes:
    """Numbers with leading zeros up to `digits`; a tenth of the time of `astype("S")`."""
    width = max(digits, len(str(numbers.max(initial=0))))
    table = np.empty((len(numbers), width), dtype=np.uint8)
    rest = numbers
    for place in range(width - 1, -1, -1):
        upper = rest // 10
        table[:, place] = rest - upper * 10 + ord("0")
        rest = upper
    for short in range(digits, width):  # shorter numbers move to the left
        rows = (numbers < 10**short) & (numbers >= (10 ** (short - 1) if short > digits else 0))
        table[rows, :short] = table[rows, width - short :]
        table[rows, short:] = 0
    return table.view(f"S{width}")[:, 0]


def objects(values: Iterable[Any]) -> npt.NDArray[np.object_]:
    """Python values as a column, shape (n,): texts, or objects and lists for json and arrays.

    Args:
        values: a value for each row
    """
    listed = list(values)
    column = np.empty(len(listed), dtype=object)
    for row, value in enumerate(listed):  # a list assigned at once would become a second axis
        column[row] = value
    return column


def nullable(column: npt.NDArray[Any], present: Booleans) -> npt.NDArray[Any]:
    """The column, NULL where `present` is false.

    Args:
        column: an array, shape (n,)
        present: where there is a value: bool, shape (n,)
    """
    return np.ma.masked_array(column, mask=~present)


def shown(column: Column, row: int) -> str:
    """The value of a row as a person reads it, cut where it is long."""
    one = take(column, np.array([row]))
    if isinstance(one, pd.Categorical):
        one = one.tolist()[0]
    elif isinstance(one, FixedPoint):
        one = Decimal(int(one.units[0])).scaleb(-one.places)
    elif isinstance(one, np.ndarray):
        one = one[0] if one.dtype.kind in "MSV" else one.tolist()[0]
    if isinstance(one, np.void):
        one = UUID(bytes=one.tobytes()) if one.nbytes == 16 else one.tobytes().hex()
    if isinstance(one, bytes):
        one = one.decode()
    if one is None or one is pd.NaT:
        return "NULL"
    text = repr(one) if isinstance(one, str | dict | list) else str(one)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def take(column: Column, index: Integers) -> Column:
    """The rows of a column at `index` (int64, any length); scalars stay scalars."""
    if isinstance(column, FixedPoint):
        return FixedPoint(column.units[index], column.places)
    if isinstance(column, Embedded):
        return Embedded(column.texts[index], column.dimensions)
    if isinstance(column, pd.Categorical):
        return column.take(index)
    if isinstance(column, np.ndarray):
        return column[index]
    return column
