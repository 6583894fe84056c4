"""Python objects to COPY fields, value by value: scalars, categories, arrays of objects."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from ipaddress import ip_interface, ip_network
from typing import TypeAlias
from uuid import UUID

import numpy as np
import pandas as pd
import psycopg
from psycopg.pq import Format

from seedbed.postgres.copy.errors import CannotEncode
from seedbed.postgres.copy.fields import (
    JSON,
    NULL,
    TEXT,
    WIRE,
    ColumnType,
    Fixed,
    Misfit,
    Varying,
    cell,
    outside,
    ragged_cells,
    refuse_kind,
    too_fine,
    too_fine_time,
    too_large,
    too_long,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts from there."""


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


UNLOOKED: dict[str, type] = {"interval": timedelta, "time": time, "timetz": time}
"""psycopg reads these out of the object's memory without a look at its class: a text would become
some other length of time."""

PARSERS: dict[str, Callable[[str], object]] = {"inet": ip_interface, "cidr": ip_network}


def of_other(column: ColumnType, value: object) -> bytes:
    """Types without a conversion of our own (inet, interval, bytea, ...)."""
    if psycopg.adapters.types.get(column.type) is None:
        raise Misfit("the type is not supported; leave the column to its default")
    if isinstance(value, str) and column.type in PARSERS:
        value = PARSERS[column.type](value)
    if not isinstance(value, UNLOOKED.get(column.type, object)):
        raise TypeError
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
