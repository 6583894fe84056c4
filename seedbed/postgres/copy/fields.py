"""What a COPY field is: the column's type, the field's bytes, and the errors of a value.

A field is a big-endian length of 4 bytes and the value. `arrays.py` makes the fields of whole
numpy arrays, `objects.py` those of Python objects, `encode.py` joins fields to rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seedbed.declare.values import Booleans, Integers
from seedbed.postgres.copy.errors import CannotEncode

Array: TypeAlias = npt.NDArray[Any]
Bytes: TypeAlias = npt.NDArray[np.uint8]

NULL = b"\xff\xff\xff\xff"
TEXT = frozenset({"text", "varchar", "bpchar", "citext", "name"})
JSON = {"json": b"", "jsonb": b"\x01"}  # jsonb's bytes begin with the version of its format
WIRE = {"bool": "u1", "int2": ">i2", "int4": ">i4", "int8": ">i8", "float4": ">f4", "float8": ">f8"}
WIRE |= {"date": ">i4", "timestamp": ">i8", "timestamptz": ">i8"}

TAKES = {
    "numeric": "a FixedPoint, integers (whole units) or Decimal objects",
    "date": "a datetime64[D] array or date objects",
    "timestamp": "a datetime64[us] array or datetime objects, in UTC",
    "timestamptz": "a datetime64[us] array in UTC or datetime objects",
    "interval": "timedelta objects",
    "time": "time objects",
    "timetz": "time objects with a zone",
    "uuid": "a V16 array or UUID objects",
    "bool": "a bool array",
    "vector": "a float array of shape (rows, dimensions)",
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
    `labels` are those of an enum, or of an array's elements; `null` says whether it takes NULL.
    """

    name: str
    type: str
    kind: str
    modifier: int = -1
    element: int = 0
    labels: tuple[str, ...] = ()
    null: bool = True

    @property
    def sql(self) -> str:
        """The type as SQL writes it: varchar(20), numeric(10,2), text[]."""
        base = self.type.removeprefix("_") if self.is_array else self.type
        if self.modifier >= 4 and base in ("varchar", "bpchar"):
            base = f"{base}({self.limit})"
        if self.modifier >= 4 and base == "numeric":
            base = f"{base}({self.precision},{self.scale})"
        if self.modifier > 0 and base == "vector":
            base = f"vector({self.modifier})"
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


def refuse_kind(column: ColumnType, given: str) -> CannotEncode:
    takes = TAKES.get(column.type, "text" if column.is_text else "an object array")
    return CannotEncode(column, 0, f"{given} cannot become {column.type}; give {takes}")


def too_long(column: ColumnType) -> str:
    return f"the text is longer than {column.limit} characters; shorten it or widen the column"


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
