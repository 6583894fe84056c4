"""One column to its COPY fields: n values become n pairs of a big-endian length and the bytes.

Whole arrays are converted with numpy (`field_of_array`, `field_of_decimals`); Python objects,
of which a scalar is one and a list of categories many, value by value (`field_of_objects`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from ipaddress import ip_interface, ip_network
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd
import psycopg
from psycopg.pq import Format

from tasks.engine.errors import SeedbedError
from tasks.engine.values import Booleans, FixedPoint, Integers

Array: TypeAlias = npt.NDArray[Any]
Bytes: TypeAlias = npt.NDArray[np.uint8]

NULL = b"\xff\xff\xff\xff"
TEXT = frozenset({"text", "varchar", "bpchar", "citext", "name"})
JSON = {"json": b"", "jsonb": b"\x01"}  # jsonb's bytes begin with the version of its format
WIRE = {"bool": "u1", "int2": ">i2", "int4": ">i4", "int8": ">i8", "float4": ">f4", "float8": ">f8"}
WIRE |= {"date": ">i4", "timestamp": ">i8", "timestamptz": ">i8"}

# PostgreSQL counts from 2000-01-01; its first day is 4714-11-24 BC, datetime/timestamp.h.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
DAYS_TO_EPOCH, FIRST_DAY, END_DAY = 10_957, -2_451_545, 2_145_031_949
MICROSECONDS_A_DAY = 86_400_000_000

TAKES = {
    "numeric": "a FixedPoint, integers (whole units) or Decimal objects",
    "date": "a datetime64[D] array or date objects",
    "timestamp": "a datetime64[us] array or datetime objects, in UTC",
    "timestamptz": "a datetime64[us] array in UTC or datetime objects",
    "uuid": "a V16 array or UUID objects",
    "bool": "a bool array",
    "float4": "a float or integer array",
    "float8": "a float or integer array",
    "json": "JSON text (S, U, str) or objects for json.dumps",
    "jsonb": "JSON text (S, U, str) or objects for json.dumps",
} | dict.fromkeys(("int2", "int4", "int8"), "an integer array")


@dataclass(frozen=True)
class ColumnType:
    """A column of a table, as pg_attribute and pg_type describe it.

    `modifier` is atttypmod: n + 4 for varchar(n), ((p << 16) | s) + 4 for numeric(p, s), -1 for
    none. `element` is typelem, needed only for arrays of types that psycopg does not know (enums).
    """

    name: str
    type: str
    kind: str
    modifier: int = -1
    element: int = 0

    @property
    def sql(self) -> str:
        """The type as SQL writes it: varchar(20), numeric(10,2), text[]."""
        base = self.type.removeprefix("_") if self.is_array else self.type
        if self.modifier >= 4 and base in ("varchar", "bpchar"):
            base = f"{base}({self.limit})"
        if self.modifier >= 4 and base == "numeric":
            base = f"{base}({self.precision},{self.scale})"
        return f"{base}[]" if self.is_array else base

    @property
    def is_array(self) -> bool:
        return self.kind == "b" and self.type.startswith("_")

    @property
    def is_text(self) -> bool:
        return self.type in TEXT or self.kind == "e"

    @property
    def limit(self) -> int:
        """How many characters fit; enough for any text where the type sets no limit."""
        limited = self.modifier >= 4 and self.type.removeprefix("_") in ("varchar", "bpchar")
        return self.modifier - 4 if limited else 2**30

    @property
    def precision(self) -> int:
        return ((self.modifier - 4) >> 16) & 0xFFFF

    @property
    def scale(self) -> int:
        return (((self.modifier - 4) & 0x7FF) ^ 1024) - 1024  # 11 bits, two's complement


class CannotEncode(SeedbedError):
    """A value that does not fit its column; `row` counts from 0 in the chunk, None = no row."""

    def __init__(self, column: ColumnType, row: int | None, problem: str) -> None:
        self.row, self.problem = row, problem
        place = "a category that no row uses" if row is None else f"row {row}"
        super().__init__(f"column {column.name!r} ({column.sql}), {place}: {problem}")


class Misfit(ValueError):
    """What is wrong with one value; becomes a CannotEncode once the row is known."""


@dataclass(frozen=True)
class Constant:
    """The same field in every row: length and bytes."""

    cell: bytes


@dataclass(frozen=True)
class Fixed:
    """Fields of one length, none NULL: `values` of shape (n,), cast to `wire` when written."""

    values: Array
    wire: np.dtype[Any]

    def take(self, codes: Array) -> Fixed:
        return Fixed(self.values[codes], self.wire)


@dataclass(frozen=True)
class Ragged:
    """Fields of any length: row i is `flat[start[i] : start[i] + size[i]]`, length included.

    `start` and `size` have shape (n,); size is at least 4, exactly 4 for NULL and for ''.
    """

    flat: Bytes
    start: Integers
    size: Integers

    def take(self, codes: Array) -> Ragged:
        return Ragged(self.flat, self.start[codes], self.size[codes])


Varying: TypeAlias = Fixed | Ragged
Field: TypeAlias = Constant | Fixed | Ragged


def ragged(cells: Array, size: Integers) -> Ragged:
    """Padded cells, contiguous, of shape (n,) or (n, width); row i uses the first size[i] bytes."""
    width = cells.nbytes // len(cells)
    return Ragged(cells.reshape(-1).view(np.uint8), np.arange(len(cells)) * width, size)


def ragged_cells(cells: Sequence[bytes]) -> Ragged:
    """One field per item, length included; unpadded, so a single long text stays cheap."""
    size = np.fromiter(map(len, cells), np.int64, len(cells))
    return Ragged(np.frombuffer(b"".join(cells), np.uint8), np.cumsum(size) - size, size)


def cell(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def with_nulls(field: Fixed, null: Booleans) -> Ragged:
    """NULL where the mask (n,) is set."""
    width = field.wire.itemsize
    cells = np.empty(len(null), [("length", ">i4"), ("value", field.wire)])
    cells["length"] = np.where(null, -1, width)
    cells["value"] = field.values
    return ragged(cells, np.where(null, 4, 4 + width))


def with_last_null(field: Varying) -> Ragged:
    """The n fields and a NULL after them."""
    if isinstance(field, Fixed):
        field = with_nulls(field, np.zeros(len(field.values), np.bool_))
    flat = np.append(field.flat, np.frombuffer(NULL, np.uint8))
    return Ragged(flat, np.append(field.start, len(field.flat)), np.append(field.size, 4))


def only_cell(field: Varying) -> bytes:
    """The bytes of a field of one row, length included."""
    if isinstance(field, Fixed):
        return cell(field.values.astype(field.wire).tobytes())
    return field.flat[field.start[0] :][: field.size[0]].tobytes()


# ---- whole arrays ----


def refuse_where(bad: Booleans, column: ColumnType, problem: str) -> None:
    """Raise for the first row of the mask (n,), if there is one."""
    if bad.any():
        raise CannotEncode(column, int(np.argmax(bad)), problem)


def refuse_kind(column: ColumnType, given: str) -> CannotEncode:
    takes = TAKES.get(column.type, "text" if column.is_text else "an object array")
    return CannotEncode(column, 0, f"{given} cannot become {column.type}; give {takes}")


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


def too_long(column: ColumnType) -> str:
    return f"the text is longer than {column.limit} characters; shorten it or widen the column"


FromArray: TypeAlias = Callable[[ColumnType, Array], Varying]

# (PostgreSQL type, kind of the array's dtype) -> conversion; what is missing cannot be converted.
ARRAYS: dict[tuple[str, str], FromArray] = {
    ("bool", "b"): booleans,
    ("uuid", "V"): uuids,
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


def outside(column: ColumnType, value: object) -> str:
    return f"{value} is outside {column.type}; give smaller numbers or widen the column"


def too_fine_time(column: ColumnType) -> str:
    unit = "D" if column.type == "date" else "us"
    return f"the time is finer than {column.type} can hold; round it to datetime64[{unit}]"


def too_large(column: ColumnType) -> str:
    whole = column.precision - column.scale
    problem = f"the number has more than {whole} digits before the point"
    return f"{problem}; give smaller numbers or widen the column"


def too_fine(column: ColumnType) -> str:
    return f"the number has more than {column.scale} decimals; round it first"


# ---- one value at a time ----


def of_bool(column: ColumnType, value: object) -> bytes:
    if not isinstance(value, bool):
        raise TypeError
    return b"\x01" if value else b"\x00"


def of_integer(column: ColumnType, value: object) -> bytes:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    try:
        return value.to_bytes(np.dtype(WIRE[column.type]).itemsize, "big", signed=True)
    except OverflowError:
        raise Misfit(outside(column, value)) from None


def of_float(column: ColumnType, value: object) -> bytes:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError
    try:
        return struct.pack(">f" if column.type == "float4" else ">d", value)
    except OverflowError:
        raise Misfit(outside(column, value)) from None


def of_decimal(column: ColumnType, value: object) -> bytes:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise TypeError
    number = Decimal(value)
    if column.modifier >= 4 and number.is_finite():
        if abs(number) >= Decimal(10) ** (column.precision - column.scale):
            raise Misfit(too_large(column))
        exact = Context(prec=2000, traps=[Inexact, InvalidOperation])
        try:
            number = exact.quantize(number, Decimal((0, (1,), -column.scale)))
        except Inexact:
            raise Misfit(too_fine(column)) from None
    return by_psycopg("numeric", number)


def of_text(column: ColumnType, value: object) -> bytes:
    if not isinstance(value, str | bytes):
        raise TypeError
    raw = value.encode() if isinstance(value, str) else value
    if b"\0" in raw:
        raise Misfit("the text holds a NUL character; remove it")
    if len(raw) > column.limit and len(raw.decode()) > column.limit:
        raise Misfit(too_long(column))
    return raw


def of_json(column: ColumnType, value: object) -> bytes:
    """Text is JSON already; anything else goes through json.dumps."""
    if not isinstance(value, str | bytes):
        try:
            value = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise Misfit("NaN and infinity are not JSON; give None") from None
    return JSON[column.type.removeprefix("_")] + of_text(column, value)


def of_time(column: ColumnType, value: object) -> bytes:
    """date or datetime to days or microseconds since 2000; without a zone it is UTC."""
    if not isinstance(value, date):
        raise TypeError
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - EPOCH
    wire = np.dtype(WIRE[column.type])
    tick = timedelta(days=1) if column.type == "date" else timedelta(microseconds=1)
    if since % tick:
        raise Misfit(too_fine_time(column))
    return int(since // tick).to_bytes(wire.itemsize, "big", signed=True)


def of_uuid(column: ColumnType, value: object) -> bytes:
    if isinstance(value, bytes) and len(value) == 16:
        return value
    if isinstance(value, UUID | str):
        return UUID(str(value)).bytes
    raise TypeError


def by_psycopg(type_name: str, value: object) -> bytes:
    """psycopg's own binary format for a built-in type; what it raises differs from type to type."""
    dumper = psycopg.adapters.get_dumper_by_oid(
        psycopg.adapters.types[type_name].oid, Format.BINARY
    )
    raw = dumper(type(value)).dump(value)
    if raw is None:
        raise Misfit(f"psycopg has no bytes for {value!r}; give another value")
    return bytes(raw)


FromValue: TypeAlias = Callable[[ColumnType, object], bytes]

VALUES: dict[str, FromValue] = {
    "bool": of_bool,
    "numeric": of_decimal,
    "uuid": of_uuid,
    **dict.fromkeys(("int2", "int4", "int8"), of_integer),
    **dict.fromkeys(("float4", "float8"), of_float),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), of_time),
    **dict.fromkeys(TEXT, of_text),
    **dict.fromkeys(JSON, of_json),
}


PARSERS: dict[str, Callable[[str], object]] = {"inet": ip_interface, "cidr": ip_network}


def of_other(column: ColumnType, value: object) -> bytes:
    """Types without a conversion of our own (inet, interval, bytea, ...)."""
    if psycopg.adapters.types.get(column.type) is None:
        raise Misfit("the type is not supported; leave the column to its default")
    if isinstance(value, str) and column.type in PARSERS:
        value = PARSERS[column.type](value)
    return by_psycopg(column.type, value)


def of_array(column: ColumnType, value: object) -> bytes:
    """array_send's format: dimensions, whether NULLs occur, the element's oid, the elements."""
    if not isinstance(value, list | tuple):
        raise TypeError
    name = column.type.removeprefix("_")
    info = psycopg.adapters.types.get(name)
    oid = column.element or (info.oid if info else 0)
    if not oid:
        raise Misfit("the oid of the element type is unknown; give ColumnType(element=...)")
    kind = "b" if info else "e"
    convert = converter(ColumnType(column.name, name, kind, column.modifier))
    sizes, items = dimensions(value)
    cells = [NULL if is_null(item) else cell(convert(plain(item))) for item in items]
    head = struct.pack(">iii", len(sizes), NULL in cells, oid)
    return head + b"".join(struct.pack(">ii", size, 1) for size in sizes) + b"".join(cells)


def dimensions(value: Sequence[object]) -> tuple[list[int], list[object]]:
    """The sizes of a nested list and its elements in order; an empty list has no dimension."""
    sizes: list[int] = []
    level = list(value)
    while level:
        sizes.append(len(level))
        nested = [item for item in level if isinstance(item, list | tuple)]
        if not nested:
            break
        if len(nested) < len(level) or len({len(item) for item in nested}) > 1:
            raise Misfit("the nested lists differ in length or depth; make them equal")
        level = [item for inner in nested for item in inner]
    return [size // outer for size, outer in zip(sizes, [1, *sizes], strict=False)], level


def converter(column: ColumnType) -> Callable[[object], bytes]:
    """The conversion of one value that is not NULL, for this column."""
    convert = of_array if column.is_array else VALUES.get(column.type, of_other)
    if column.kind == "e":
        convert = of_text
    return lambda value: convert(column, value)


def plain(value: object) -> object:
    """numpy scalars as Python's own."""
    if isinstance(value, np.datetime64):
        return value.astype("M8[us]").item()
    return value.item() if isinstance(value, np.generic) else value


def is_null(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA


def field_of_objects(column: ColumnType, values: Sequence[object]) -> Varying:
    """Python objects, one per row."""
    cells = cells_of_text(column, values) if column.is_text else None
    if cells is None:
        cells = cells_of_objects(column, values)
    if len({len(each) for each in cells}) == 1 and len(cells[0]) > 4:
        wire = np.dtype(f"V{len(cells[0]) - 4}")
        return Fixed(np.ndarray(len(cells), wire, b"".join(cells), 4, (wire.itemsize + 4,)), wire)
    return ragged_cells(cells)


def cells_of_text(column: ColumnType, values: Sequence[object]) -> list[bytes] | None:
    """str values in a quarter of the time; None where one of them needs a closer look."""
    try:
        raw = list(map(str.encode, values))  # type: ignore[arg-type]  # the TypeError is the test
    except (TypeError, UnicodeEncodeError):
        return None
    size = np.fromiter(map(len, raw), np.int64, len(raw))
    if size.max(initial=0) > column.limit or b"\0" in b"".join(raw):
        return None
    lengths = size.astype(">i4").view("V4").tolist()
    return list(map(bytes.__add__, lengths, raw))


def cells_of_objects(column: ColumnType, values: Sequence[object]) -> list[bytes]:
    """Value by value: 2 microseconds for an int, 6 for a dict, so for categories, not for bulk."""
    convert = converter(column)
    cells = []
    for row, value in enumerate(map(plain, values)):
        try:
            cells.append(NULL if is_null(value) else cell(convert(value)))
        except Misfit as error:
            raise CannotEncode(column, row, str(error)) from None
        except (TypeError, AttributeError):
            refusal = refuse_kind(column, f"{type(value).__name__} {value!r:.60}")
            raise CannotEncode(column, row, refusal.problem) from None
        except (ValueError, OverflowError, struct.error, psycopg.Error) as error:
            raise CannotEncode(column, row, f"{value!r:.60}: {error}; correct the value") from error
    return cells
