"""Whole arrays to COPY fields: numpy arrays and fixed-point numbers, no loop over the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from seedbed.declare.values import Booleans, FixedPoint, Integers
from seedbed.postgres.copy.errors import CannotEncode
from seedbed.postgres.copy.fields import (
    JSON,
    TEXT,
    WIRE,
    Array,
    ColumnType,
    Fixed,
    Varying,
    outside,
    ragged,
    refuse_kind,
    too_fine,
    too_fine_time,
    too_large,
    too_long,
    with_nulls,
)
from seedbed.postgres.copy.objects import field_of_objects

# PostgreSQL counts days from 2000-01-01, numpy from 1970-01-01; PostgreSQL's first day is
# 4714-11-24 BC, datetime/timestamp.h.
DAYS_TO_EPOCH, FIRST_DAY, END_DAY = 10_957, -2_451_545, 2_145_031_949
MICROSECONDS_A_DAY = 86_400_000_000


def refuse_where(bad: Booleans, column: ColumnType, problem: str) -> None:
    """Raise for the first row of the mask (n,), if there is one."""
    if bad.any():
        raise CannotEncode(column, int(np.argmax(bad)), problem)


def booleans(column: ColumnType, array: Array) -> Varying:
    return Fixed(array, np.dtype("u1"))


def integers(column: ColumnType, array: Array) -> Varying:
    wire = np.dtype(WIRE[column.type])
    bounds = np.iinfo(wire)
    if array.min() < bounds.min or array.max() > bounds.max:
        bad = (array < bounds.min) | (array > bounds.max)
        refuse_where(bad, column, outside(column, array[bad][0]))
    return Fixed(array, wire)


def floats(column: ColumnType, array: Array) -> Varying:
    wire = np.dtype(WIRE[column.type])
    if column.type == "float4":
        with np.errstate(over="ignore"):
            array, wide = array.astype(np.float32), array
        bad = np.asarray(np.isinf(array) & np.isfinite(wide))
        if bad.any():
            refuse_where(bad, column, outside(column, wide[bad][0]))
    return Fixed(array, wire)


def whole_units(column: ColumnType, array: Array) -> Varying:
    refuse_where(array > np.iinfo(np.int64).max, column, "the number is outside int64")
    return field_of_decimals(column, FixedPoint(array.astype(np.int64), 0))


def uuids(column: ColumnType, array: Array) -> Varying:
    if array.dtype.itemsize != 16:
        raise refuse_kind(column, f"an array of {array.dtype}")
    return Fixed(array, array.dtype)


def times(column: ColumnType, array: Array) -> Varying:
    """datetime64 (n,) of any unit to days or microseconds since 2000, NaT to NULL."""
    unit, a_day = ("D", 1) if column.type == "date" else ("us", MICROSECONDS_A_DAY)
    exact = array.astype(f"M8[{unit}]")
    null = np.isnat(array)
    if exact.dtype != array.dtype:
        refuse_where((exact != array) & ~null, column, too_fine_time(column))
    ticks = exact.view(np.int64)
    first, end = ((day + DAYS_TO_EPOCH) * a_day for day in (FIRST_DAY, END_DAY))
    bad = (ticks < first) & ~null
    if unit == "D":  # the last timestamp is later than what datetime64[us] can hold
        bad |= ticks >= end
    problem = f"the time is outside {column.type}; give one from 4713 BC on"
    refuse_where(bad, column, problem)
    wire = np.dtype(WIRE[column.type])
    values = ticks - DAYS_TO_EPOCH * a_day
    field = Fixed(values, wire)
    return with_nulls(field, null) if null.any() else field


def utf8(column: ColumnType, array: Array) -> Array:
    """A contiguous U array (n,) as an S array; ASCII takes 3 ns a value, the rest 200 ns."""
    points = array.view(np.uint32).reshape(len(array), -1)
    if points.max() < 0x80:
        return points.astype(np.uint8).view(f"S{points.shape[1]}")[:, 0]
    try:
        return np.array(list(map(str.encode, array.tolist())))
    except UnicodeEncodeError:
        surrogate = ((points >= 0xD800) & (points < 0xE000)).any(axis=1)
        problem = "the text holds half a surrogate pair; remove it"
        raise CannotEncode(column, int(np.argmax(surrogate)), problem) from None


def texts(column: ColumnType, array: Array) -> Varying:
    """S (utf-8) or U of shape (n,); the padding is dropped, a NUL inside is an error."""
    array = np.ascontiguousarray(array)
    refuse_nul(column, array)
    if array.dtype.kind == "U":
        array = utf8(column, array)
    matrix = array.view(np.uint8).reshape(len(array), -1)
    size = np.strings.str_len(array).astype(np.int64)
    if size.max() > column.limit:
        letters = np.count_nonzero((matrix & 0xC0) != 0x80, axis=1) - (matrix.shape[1] - size)
        refuse_where(letters > column.limit, column, too_long(column))
    version = JSON.get(column.type, b"")
    if not version and size.min() == size.max() > 0:
        wire = f"V{size[0]}"
        return Fixed(np.ndarray(len(array), wire, array, 0, array.strides), np.dtype(wire))
    layout = [("length", ">i4"), ("version", f"V{len(version)}"), ("text", array.dtype)]
    cells = np.empty(len(array), layout if version else [layout[0], layout[2]])
    cells["length"] = size + len(version)
    cells["text"] = array
    if version:
        cells["version"] = np.void(version)
    return ragged(cells, size + 4 + len(version))


def refuse_nul(column: ColumnType, array: Array) -> None:
    """A contiguous S or U array; its trailing zeros are padding."""
    unit = np.uint8 if array.dtype.kind == "S" else np.uint32
    matrix = array.view(unit).reshape(len(array), -1)
    size = np.strings.str_len(array)
    if np.count_nonzero(matrix) != size.sum():
        bad = np.count_nonzero(matrix, axis=1) != size
        refuse_where(bad, column, "the text holds a NUL character; remove it")


def vectors(column: ColumnType, array: Array) -> Varying:
    """float (n, dimensions) as pgvector reads them: int16 dimensions, int16 unused, float32s."""
    dimensions = array.shape[1]
    if column.modifier > 0 and dimensions != column.modifier:
        problem = f"the vector has {dimensions} dimensions instead of {column.modifier}"
        raise CannotEncode(column, 0, problem)
    finite = np.asarray(np.isfinite(array).all(axis=1))
    refuse_where(~finite, column, "the vector holds NaN or infinity")
    layout = [("dimensions", ">i2"), ("unused", ">i2"), ("values", ">f4", (dimensions,))]
    cells = np.zeros(len(array), layout)
    cells["dimensions"] = dimensions
    cells["values"] = array
    wire = np.dtype(f"V{cells.itemsize}")
    return Fixed(cells.view(wire), wire)


FromArray: TypeAlias = Callable[[ColumnType, Array], Varying]

# (PostgreSQL type, kind of the array's dtype) -> conversion; what is missing cannot be converted.
ARRAYS: dict[tuple[str, str], FromArray] = {
    ("bool", "b"): booleans,
    ("uuid", "V"): uuids,
    ("vector", "f"): vectors,
    **{(name, kind): integers for name in ("int2", "int4", "int8") for kind in "iu"},
    **{(name, kind): floats for name in ("float4", "float8") for kind in "fiu"},
    **{("numeric", kind): whole_units for kind in "iu"},
    **{(name, "M"): times for name in ("date", "timestamp", "timestamptz")},
    **{(name, kind): texts for name in (*TEXT, *JSON) for kind in "SU"},
}


def field_of_array(column: ColumnType, array: Array) -> Varying:
    """Any array of shape (n,), n > 0."""
    if array.dtype.kind == "O" or column.is_array:
        return field_of_objects(column, array.tolist())
    kind = array.dtype.kind
    convert = ARRAYS.get(("text" if column.is_text else column.type, kind))
    if convert is None:
        raise refuse_kind(column, f"an array of {array.dtype}")
    return convert(column, array)


def field_of_decimals(column: ColumnType, decimals: FixedPoint) -> Varying:
    """numeric as base-10000 digits; leading zero digits stay, numeric_recv strips them.

    The number of digits follows from the type, not from the values, so every row is as long.
    """
    if column.type != "numeric":
        raise refuse_kind(column, "a FixedPoint")
    if decimals.units.dtype != np.int64:
        raise refuse_kind(column, f"a FixedPoint of {decimals.units.dtype} instead of int64")
    units, places = decimals.units, decimals.places
    scale, whole_digits = places, 19 - places  # int64 has 19 digits
    if column.modifier >= 4:
        scale, whole_digits = column.scale, column.precision - column.scale
        units, places = rescaled(column, decimals)
    whole = max(0, -(-min(whole_digits, 19 - places) // 4))
    fraction = -(-places // 4)
    digits = np.empty((len(units), 4 + max(whole + fraction, 1)), ">i2")
    digits[:, 0] = digits.shape[1] - 4
    digits[:, 1] = max(whole + fraction, 1) - fraction - 1
    digits[:, 2] = (units < 0) * 0x4000
    digits[:, 3] = max(scale, 0)
    rest = np.abs(units).view(np.uint64)
    last = 10 ** (4 - (4 * fraction - places))  # decimals in the last digit of the fraction
    for position in range(digits.shape[1] - 1, 3, -1):
        base = np.uint64(last)
        left = rest // base
        digits[:, position] = (rest - left * base) * np.uint64(10_000 // last)
        rest, last = left, 10_000
    wire = np.dtype(f"V{digits.shape[1] * 2}")
    return Fixed(digits.view(wire)[:, 0], wire)


def rescaled(column: ColumnType, decimals: FixedPoint) -> tuple[Integers, int]:
    """Units and places with at most the column's scale: exact, and within its precision."""
    units, places = decimals.units, decimals.places
    spare = places - column.scale
    if spare > 0:
        step = 10**spare
        bad = units % step != 0 if step < 2**63 else units != 0
        refuse_where(bad, column, too_fine(column))
    top = 10 ** max(column.precision + spare, 0)
    if top < 2**63 and (units.max() >= top or units.min() <= -top):
        refuse_where((units >= top) | (units <= -top), column, too_large(column))
    if places > max(column.scale, 0):
        return units // 10 ** min(places - max(column.scale, 0), 18), max(column.scale, 0)
    return units, places
