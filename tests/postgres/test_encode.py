"""The binary COPY encoder against a real server: what was encoded is what `::text` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_interface
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd
import psycopg
import pytest

from seedbed.declare.values import Column, FixedPoint, money, nullable
from seedbed.postgres.copy.encode import ColumnType, Encoder
from seedbed.postgres.copy.errors import CannotEncode, WrongColumn

Connection = psycopg.Connection[Any]
Texts = list[str | None]

COLUMNS = """
    SELECT attname, typname, typtype, atttypmod, typelem FROM pg_attribute
    JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = 'stored'::regclass AND attnum > 0 ORDER BY attnum
"""


def columns_of(connection: Connection) -> list[ColumnType]:
    rows = connection.execute(COLUMNS).fetchall()
    return [
        ColumnType(name, type_, kind, modifier, element)
        for name, type_, kind, modifier, element in rows
    ]


def copy(connection: Connection, values: Mapping[str, Column], rows: int) -> None:
    encoder = Encoder(columns_of(connection))
    with connection.cursor().copy("COPY stored FROM STDIN (FORMAT binary)") as stream:
        stream.write(encoder.header)
        stream.write(encoder.encode(values, rows))
        stream.write(encoder.trailer)


def stored(connection: Connection, sql_type: str, values: Column, rows: int) -> Texts:
    """`values` stored in a column of `sql_type` and read back as text, in row order."""
    connection.execute("SET timezone = 'UTC'; SET intervalstyle = 'postgres'")
    connection.execute("DROP TABLE IF EXISTS stored")
    connection.execute(f"CREATE TABLE stored (position int4, value {sql_type})")
    copy(connection, {"position": np.arange(rows), "value": values}, rows)
    found = connection.execute("SELECT value::text FROM stored ORDER BY position")
    return [text for (text,) in found]


def column(type_: str, modifier: int = -1, kind: str = "b") -> ColumnType:
    return ColumnType("price", type_, kind, modifier)


def numeric(precision: int, scale: int) -> ColumnType:
    return column("numeric", ((precision << 16) | (scale & 0x7FF)) + 4)


def objects(*values: object) -> npt.NDArray[Any]:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def categories(codes: list[int], values: list[Any]) -> Column:
    index = pd.Index(values, tupleize_cols=False)
    return pd.Categorical.from_codes(np.array(codes, np.int64), categories=index)


def present(flags: str, values: list[Any], dtype: str) -> Any:
    """An array whose rows are masked where `flags`, one letter a row, has a dot."""
    return nullable(np.array(values, dtype), np.array([flag != "." for flag in flags]))


UUIDS = ["00000000-5eed-0003-0001-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffff00"]
UUID_ARRAY = np.frombuffer(b"".join(UUID(text).bytes for text in UUIDS), "V16")
ACCENTS = ["", "é€", "名前", "a😀b", "plain"]

ARRAYS: list[tuple[str, Column, Texts]] = [
    ("bool", np.array([True, False]), ["true", "false"]),
    ("int2", np.array([-32768, 0, 32767]), ["-32768", "0", "32767"]),
    ("int4", np.array([-(2**31), -1, 2**31 - 1]), ["-2147483648", "-1", "2147483647"]),
    ("int4", np.array([0, 255], np.uint8), ["0", "255"]),
    ("int8", np.array([-(2**63), 2**63 - 1]), ["-9223372036854775808", "9223372036854775807"]),
    ("float4", np.array([0.5, -1e30]), ["0.5", "-1e+30"]),
    ("float8", np.array([0.1, -0.0, np.nan, np.inf]), ["0.1", "-0", "NaN", "Infinity"]),
    ("float8", np.array([7, -7]), ["7", "-7"]),
    ("text", np.array([b"", b"a", "é€".encode()]), ["", "a", "é€"]),
    ("text", np.array(["same", "size"], "S4"), ["same", "size"]),
    ("text", np.array(["one", "two"], "S9"), ["one", "two"]),
    ("text", np.array(["", ""]), ["", ""]),
    ("text", np.array(["a", "bcd"]), ["a", "bcd"]),
    ("text", np.array(ACCENTS), list(ACCENTS)),
    ("text", np.array(["aa", "b", "cc"])[::2], ["aa", "cc"]),
    ("varchar(3)", np.array(["é€ü", "abc", ""]), ["é€ü", "abc", ""]),
    ("varchar(3)", np.array(["é€ü".encode(), b"abc"]), ["é€ü", "abc"]),
    ("char(4)", np.array(["ab", "abcd"]), ["ab", "abcd"]),
    ("uuid", UUID_ARRAY, list(UUIDS)),
    ("json", np.array(['{"b": 1,  "a": 2}', "[]"]), ['{"b": 1,  "a": 2}', "[]"]),
    ("jsonb", np.array(['{"b": 1,  "a": 2}', "[]"]), ['{"a": 2, "b": 1}', "[]"]),
    ("jsonb", np.array([b'{"k": "\xc3\xa9"}', b"1"]), ['{"k": "é"}', "1"]),
]

TIMES: list[tuple[str, Column, Texts]] = [
    (
        "date",
        np.array(["1969-12-31", "2000-01-01", "NaT", "1999-12-31", "2026-02-28"], "M8[D]"),
        ["1969-12-31", "2000-01-01", None, "1999-12-31", "2026-02-28"],
    ),
    ("date", np.array(["2026-02-28", "0001-01-01"], "M8[us]"), ["2026-02-28", "0001-01-01"]),
    (
        "timestamp",
        np.array(["1969-12-31T23:59:59.999999", "2000-01-01", "NaT"], "M8[us]"),
        ["1969-12-31 23:59:59.999999", "2000-01-01 00:00:00", None],
    ),
    (
        "timestamptz",
        np.array(["1999-12-31T23:59:59.000001", "2026-07-01T12:00"], "M8[us]"),
        ["1999-12-31 23:59:59.000001+00", "2026-07-01 12:00:00+00"],
    ),
    ("timestamptz", np.array(["2026-07-01T12:00:01"], "M8[ns]"), ["2026-07-01 12:00:01+00"]),
    ("timestamp", np.array(["2026-07-01", "NaT"], "M8[D]"), ["2026-07-01 00:00:00", None]),
    ("timestamp", np.array(["NaT", "NaT"], "M8[us]"), [None, None]),
]

DECIMALS: list[tuple[str, Column, Texts]] = [
    (
        "numeric(10,2)",
        FixedPoint(np.array([0, 1, -1, 100, 123456, -1234567890, 9999999999]), 2),
        ["0.00", "0.01", "-0.01", "1.00", "1234.56", "-12345678.90", "99999999.99"],
    ),
    ("numeric(10,4)", FixedPoint(np.array([1250, -5]), 2), ["12.5000", "-0.0500"]),
    ("numeric(10,2)", FixedPoint(np.array([125000, -500]), 4), ["12.50", "-0.05"]),
    ("numeric(8,3)", FixedPoint(np.array([1, 12345678]), 3), ["0.001", "12345.678"]),
    ("numeric(5,5)", FixedPoint(np.array([1, -99999]), 5), ["0.00001", "-0.99999"]),
    (
        "numeric(18,6)",
        FixedPoint(np.array([10**18 - 1, -(10**18) + 1]), 6),
        ["999999999999.999999", "-999999999999.999999"],
    ),
    ("numeric(18)", FixedPoint(np.array([123456789012345678]), 0), ["123456789012345678"]),
    (
        "numeric(38,10)",
        FixedPoint(np.array([2**63 - 1, -(2**63)]), 0),
        ["9223372036854775807.0000000000", "-9223372036854775808.0000000000"],
    ),
    ("numeric", FixedPoint(np.array([1250, -3, 0]), 2), ["12.50", "-0.03", "0.00"]),
    ("numeric", FixedPoint(np.array([-(2**63)]), 19), ["-0.9223372036854775808"]),
    ("numeric", FixedPoint(np.array([7]), 22), ["0.0000000000000000000007"]),
    ("numeric(3,-2)", np.array([1200, -99900]), ["1200", "-99900"]),
    ("numeric(10,2)", np.array([5, -7]), ["5.00", "-7.00"]),
    ("numeric", np.array([10000, 0]), ["10000", "0"]),
]

OBJECTS: list[tuple[str, Column, Texts]] = [
    ("bool", [True, None, False], ["true", None, "false"]),
    ("int2", [1, None, -1], ["1", None, "-1"]),
    ("int4", objects(None, np.int64(5)), [None, "5"]),
    ("int8", [None, None], [None, None]),
    ("float4", [0.5, 2], ["0.5", "2"]),
    ("float8", [0.1, None], ["0.1", None]),
    (
        "numeric(10,2)",
        [Decimal("-0.5"), 3, None, Decimal("1E+3")],
        ["-0.50", "3.00", None, "1000.00"],
    ),
    ("numeric", [Decimal("12.340"), Decimal("NaN")], ["12.340", "NaN"]),
    ("varchar(3)", ["é€ü", None, ""], ["é€ü", None, ""]),
    ("text", [b"bytes", "str"], ["bytes", "str"]),
    (
        "date",
        [date(1969, 12, 31), pd.NaT, datetime(2026, 1, 2)],
        ["1969-12-31", None, "2026-01-02"],
    ),
    ("timestamp", [datetime(1969, 1, 1, 0, 0, 0, 1), None], ["1969-01-01 00:00:00.000001", None]),
    (
        "timestamptz",
        [datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), np.datetime64("NaT")],
        ["2026-01-01 00:00:00+00", None],
    ),
    (
        "timestamptz",
        [datetime(2026, 1, 1), date(2026, 1, 2)],
        ["2026-01-01 00:00:00+00", "2026-01-02 00:00:00+00"],
    ),
    ("uuid", [UUID(UUIDS[0]), None, UUIDS[1]], [UUIDS[0], None, UUIDS[1]]),
    (
        "json",
        [{"b": "é", "a": [1]}, [], None, '{"raw":1}'],
        ['{"a": [1], "b": "é"}', "[]", None, '{"raw":1}'],
    ),
    ("jsonb", [{"a": None}, [1], (), 5], ['{"a": null}', "[1]", "[]", "5"]),
    ("inet", ["10.0.0.1", ip_interface("::1/64"), None], ["10.0.0.1/32", "::1/64", None]),
    ("bytea", [b"\x00\xff", None], ["\\x00ff", None]),
    ("interval", [timedelta(days=1, seconds=1)], ["1 day 00:00:01"]),
    ("text[]", objects(["a", None], [], None), ["{a,NULL}", "{}", None]),
    ("varchar(2)[]", [["ab", "é€"], None], ["{ab,é€}", None]),
    ("int4[]", [[1, -2], [[1, 2], [3, 4], [5, 6]]], ["{1,-2}", "{{1,2},{3,4},{5,6}}"]),
    ("uuid[]", [[UUIDS[0]]], ["{" + UUIDS[0] + "}"]),
    ("numeric(5,1)[]", [[Decimal("1.5"), 2]], ["{1.5,2.0}"]),
    ("jsonb[]", [[{"a": 1}]], ['{"{\\"a\\": 1}"}']),
]

CATEGORICALS: list[tuple[str, Column, Texts]] = [
    ("text", categories([1, -1, 0, 1], ["a", "long text"]), ["long text", None, "a", "long text"]),
    ("text", categories([1, 0], ["aa", "bb"]), ["bb", "aa"]),
    ("varchar(5)", categories([-1, 0], ["é€"]), [None, "é€"]),
    ("text", pd.Categorical([None, None]), [None, None]),
    ("int4", categories([1, 0, -1], [-5, 7]), ["7", "-5", None]),
    ("float8", categories([0, 1], [0.5, 1.5]), ["0.5", "1.5"]),
    ("bool", categories([1, 0], [False, True]), ["true", "false"]),
    ("numeric(6,2)", categories([0, -1], [Decimal("1.5")]), ["1.50", None]),
    ("date", categories([0, -1], [date(2026, 1, 1)]), ["2026-01-01", None]),
    (
        "timestamptz",
        categories([1, 0], list(pd.date_range("2026-01-01", periods=2, tz="UTC"))),
        ["2026-01-02 00:00:00+00", "2026-01-01 00:00:00+00"],
    ),
    ("timestamp", categories([0], [pd.Timestamp("2026-01-01")]), ["2026-01-01 00:00:00"]),
    ("uuid", categories([0, -1], [UUID(UUIDS[0])]), [UUIDS[0], None]),
    ("uuid", categories([1, 0], [UUID(text) for text in UUIDS]), [UUIDS[1], UUIDS[0]]),
    ("jsonb", categories([0, 0], ['{"a": 1}']), ['{"a": 1}', '{"a": 1}']),
    ("text[]", categories([0, 1, -1], [(), ("a",)]), ["{}", "{a}", None]),
]

MASKED: list[tuple[str, Column, Texts]] = [
    ("text", present("x.x.", ["a", "under", "bcd", ""], "S"), ["a", None, "bcd", None]),
    ("text", present(".xx", ["é€", "é€", ""], "U"), [None, "é€", ""]),
    ("text", present("x.x", ["same", "size", "size"], "S4"), ["same", None, "size"]),
    ("varchar(3)", present("x.", ["abc", "longer than that"], "S"), ["abc", None]),
    ("int4", present("x.x", [1, 2**40, -3], "i8"), ["1", None, "-3"]),
    ("int8", present(".x", [7, 8], "u8"), [None, "8"]),
    ("float8", present("x.", [0.5, np.nan], "f8"), ["0.5", None]),
    ("bool", present("x.x", [True, True, False], "?"), ["true", None, "false"]),
    (
        "date",
        present("x.x", ["2026-02-28", "2026-03-01", "NaT"], "M8[D]"),
        ["2026-02-28", None, None],
    ),
    (
        "timestamptz",
        present(".x", ["-9000-01-01", "2026-07-01T12:00:00.5"], "M8[us]"),
        [None, "2026-07-01 12:00:00.5+00"],
    ),
    ("uuid", nullable(UUID_ARRAY, np.array([False, True])), [None, UUIDS[1]]),
    ("jsonb", present("x.", ['{"a": 1}', "not json"], "S"), ['{"a": 1}', None]),
    ("numeric(6,2)", present("x.", [5, 10**6], "i8"), ["5.00", None]),
    ("numeric(6,2)", money(present("x.x", [1250, 10**9, -1], "i8")), ["12.50", None, "-0.01"]),
    ("numeric(6,2)", money(present("..", [1, 2], "i8")), [None, None]),
    ("numeric(6,2)", money(present("xx", [1, 2], "i8")), ["0.01", "0.02"]),
    ("text", present("x.x", ["a", 5, None], "O"), ["a", None, None]),
    ("text[]", nullable(objects(["a"], ["b"]), np.array([True, False])), ["{a}", None]),
    ("text", present("...", [1, 2, 3], "S"), [None, None, None]),
    ("int4", present("...", [1, 2, 3], "i8"), [None, None, None]),
    ("date", present("..", ["2026-01-01", "NaT"], "M8[D]"), [None, None]),
    ("text", present("xx", ["a", "bc"], "S"), ["a", "bc"]),
    ("int4", present("xx", [1, 2], "i8"), ["1", "2"]),
    ("int4", np.ma.masked_array([1, 2]), ["1", "2"]),
    ("date", present("xx", ["2026-01-01", "NaT"], "M8[D]"), ["2026-01-01", None]),
]

SCALARS: list[tuple[str, Column, str | None]] = [
    ("int4", 5, "5"),
    ("int8", np.int32(-5), "-5"),
    ("bool", False, "false"),
    ("float8", 1, "1"),
    ("numeric(10,2)", 3, "3.00"),
    ("numeric(10,2)", Decimal("-1.25"), "-1.25"),
    ("text", "", ""),
    ("varchar(4)", "é€", "é€"),
    ("text", None, None),
    ("date", np.datetime64("2026-02-03"), "2026-02-03"),
    ("timestamptz", datetime(2026, 2, 3, tzinfo=UTC), "2026-02-03 00:00:00+00"),
    ("timestamptz", np.datetime64("NaT", "us"), None),
    ("uuid", UUIDS[0], UUIDS[0]),
    ("jsonb", {"b": 1, "a": "é"}, '{"a": "é", "b": 1}'),
    ("jsonb", "[]", "[]"),
    ("jsonb", ("x", 1), '["x", 1]'),
    ("text[]", [], "{}"),
    ("text[]", ["a", "b"], "{a,b}"),
    ("int4[]", (1, 2), "{1,2}"),
]


@pytest.mark.parametrize(
    ("sql_type", "values", "expected"),
    [*ARRAYS, *TIMES, *DECIMALS, *OBJECTS, *CATEGORICALS, *MASKED],
)
def test_what_is_encoded_is_what_the_server_stores(
    connection: Connection, sql_type: str, values: Column, expected: Texts
) -> None:
    assert stored(connection, sql_type, values, len(expected)) == expected


@pytest.mark.parametrize(("sql_type", "value", "expected"), SCALARS)
def test_a_scalar_stands_in_every_row(
    connection: Connection, sql_type: str, value: Column, expected: str | None
) -> None:
    assert stored(connection, sql_type, value, 3) == [expected] * 3


def test_enums_and_arrays_of_enums_are_stored_by_label(connection: Connection) -> None:
    connection.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    assert stored(connection, "mood", np.array(["glad", "sad"]), 2) == ["glad", "sad"]
    assert stored(connection, "mood", categories([0, -1], ["glad"]), 2) == ["glad", None]
    assert stored(connection, "mood", "sad", 1) == ["sad"]
    assert stored(connection, "mood[]", [["glad", None], []], 2) == ["{glad,NULL}", "{}"]


def test_encoded_numerics_equal_and_sort_like_literals(connection: Connection) -> None:
    values = FixedPoint(np.array([-100000000, -1, 0, 10000, 100000000]), 4)
    stored(connection, "numeric(18,4)", values, 5)
    literals = ["-10000", "-0.0001", "0", "1", "10000"]
    for position, literal in enumerate(literals):
        same = connection.execute(
            "SELECT value = %s::numeric(18,4) AND numeric_send(value) = "
            "numeric_send(%s::numeric(18,4)) FROM stored WHERE position = %s",
            (literal, literal, position),
        ).fetchone()
        assert same == (True,), literal


def test_a_table_of_fixed_and_changing_widths_keeps_every_row_together(
    connection: Connection,
) -> None:
    """Lengths 0 to 299 in one column, a NULL in every seventh row of another."""
    rows = 1000
    connection.execute(
        "CREATE TABLE stored (id int4, note text, paid_at timestamp, total numeric(10,2), "
        "label varchar(20), currency varchar(3), gone text, mark int8)"
    )
    number = np.arange(rows)
    paid_at = np.datetime64("2026-01-01", "us") + number
    paid_at[::7] = np.datetime64("NaT")
    notes = ["x" * (position * 37 % 300) for position in range(rows)]
    values: dict[str, Column] = {
        "id": number,
        "note": np.array(notes, "S"),
        "paid_at": paid_at,
        "total": FixedPoint(number * 3 - 500, 2),
        "label": categories([n % 4 - 1 for n in range(rows)], ["a", "bb", "ccc"]),
        "currency": "USD",
        "gone": None,
        "mark": -number,
    }
    copy(connection, values, rows)
    found = connection.execute("SELECT * FROM stored ORDER BY id").fetchall()
    for n, row in enumerate(found):
        assert row == (
            n,
            "x" * (n * 37 % 300),
            None if n % 7 == 0 else datetime(2026, 1, 1, 0, 0, 0, n),
            Decimal(n * 3 - 500) / 100,
            [None, "a", "bb", "ccc"][n % 4],
            "USD",
            None,
            -n,
        )
    assert len(found) == 1000


def test_one_long_text_among_short_ones_does_not_pad_the_others(connection: Connection) -> None:
    texts = categories([0] * 9_999 + [1], ["short", "x" * 1_000_000])
    encoder = Encoder([column("text")])
    assert len(encoder.encode({"price": texts}, 10_000)) == 9_999 * 11 + 1_000_006
    lengths = [len(text or "") for text in stored(connection, "text", texts, 10_000)]
    assert lengths == [5] * 9_999 + [1_000_000]


def test_no_rows_and_no_columns_encode(connection: Connection) -> None:
    assert stored(connection, "text", np.array([], "S3"), 0) == []
    assert Encoder([column("int4")]).encode({"price": []}, 0) == b""
    assert bytes(Encoder([]).encode({}, 2)) == bytes(4)


def test_categories_that_change_between_chunks_are_encoded_again(connection: Connection) -> None:
    connection.execute("CREATE TABLE stored (price text)")
    encoder = Encoder(columns_of(connection))
    first, equal, other = (
        categories([0, 1], ["a", "b"]),
        categories([1, 1], ["a", "b"]),
        categories([0, -1], ["c", "b"]),
    )
    with connection.cursor().copy("COPY stored FROM STDIN (FORMAT binary)") as stream:
        stream.write(encoder.header)
        for chunk in (first, equal, other):
            stream.write(encoder.encode({"price": chunk}, 2))
        stream.write(encoder.trailer)
    found = connection.execute("SELECT price FROM stored").fetchall()
    assert [text for (text,) in found] == ["a", "b", "b", "b", "c", None]


def test_header_and_trailer_are_those_of_the_format() -> None:
    assert Encoder.header.hex() == "5047434f50590aff0d0a000000000000000000"
    assert Encoder.trailer.hex() == "ffff"


MISFITS: list[tuple[ColumnType, Column, str]] = [
    (
        column("varchar", 7),
        np.array(["abc", "éééé"]),
        "column 'price' (varchar(3)), row 1: the text is longer than 3 characters; "
        "shorten it or widen the column",
    ),
    (
        column("bpchar", 7),
        ["abc", "abcd"],
        "column 'price' (bpchar(3)), row 1: the text is longer than 3 characters; "
        "shorten it or widen the column",
    ),
    (
        column("text"),
        np.array([b"a", b"a\0b"]),
        "column 'price' (text), row 1: the text holds a NUL character; remove it",
    ),
    (
        column("text"),
        np.array(["a", "\0b"]),
        "column 'price' (text), row 1: the text holds a NUL character; remove it",
    ),
    (
        column("text"),
        [None, "b\0"],
        "column 'price' (text), row 1: the text holds a NUL character; remove it",
    ),
    (
        column("text"),
        np.array(["a", "\ud800"]),
        "column 'price' (text), row 1: the text holds half a surrogate pair; remove it",
    ),
    (
        column("int4"),
        np.array([0, 2**31]),
        "column 'price' (int4), row 1: 2147483648 is outside int4; "
        "give smaller numbers or widen the column",
    ),
    (
        column("int8"),
        np.array([0, 2**63], np.uint64),
        "column 'price' (int8), row 1: 9223372036854775808 is outside int8; "
        "give smaller numbers or widen the column",
    ),
    (
        column("int2"),
        [None, -40000],
        "column 'price' (int2), row 1: -40000 is outside int2; "
        "give smaller numbers or widen the column",
    ),
    (
        column("float4"),
        np.array([np.inf, 1e300]),
        "column 'price' (float4), row 1: 1e+300 is outside float4; "
        "give smaller numbers or widen the column",
    ),
    (
        column("float4"),
        1e300,
        "column 'price' (float4), row 0: 1e+300 is outside float4; "
        "give smaller numbers or widen the column",
    ),
    (
        numeric(10, 2),
        FixedPoint(np.array([1, 10**10]), 2),
        "column 'price' (numeric(10,2)), row 1: the number has more than 8 digits before the "
        "point; give smaller numbers or widen the column",
    ),
    (
        numeric(10, 2),
        np.array([1, -(10**8)]),
        "column 'price' (numeric(10,2)), row 1: the number has more than 8 digits before the "
        "point; give smaller numbers or widen the column",
    ),
    (
        numeric(10, 2),
        [Decimal(1), Decimal("1E8")],
        "column 'price' (numeric(10,2)), row 1: the number has more than 8 digits before the "
        "point; give smaller numbers or widen the column",
    ),
    (
        numeric(10, 2),
        FixedPoint(np.array([1250, 1251]), 3),
        "column 'price' (numeric(10,2)), row 1: the number has more than 2 decimals; "
        "round it first",
    ),
    (
        numeric(10, 2),
        FixedPoint(np.array([0, 1]), 30),
        "column 'price' (numeric(10,2)), row 1: the number has more than 2 decimals; "
        "round it first",
    ),
    (
        numeric(10, 2),
        Decimal("0.001"),
        "column 'price' (numeric(10,2)), row 0: the number has more than 2 decimals; "
        "round it first",
    ),
    (
        numeric(10, 2),
        np.array([0.5]),
        "column 'price' (numeric(10,2)), row 0: an array of float64 cannot become numeric; "
        "give a FixedPoint, integers (whole units) or Decimal objects",
    ),
    (
        numeric(10, 2),
        [1, 0.5],
        "column 'price' (numeric(10,2)), row 1: float 0.5 cannot become numeric; "
        "give a FixedPoint, integers (whole units) or Decimal objects",
    ),
    (
        column("int4"),
        np.array([0.5]),
        "column 'price' (int4), row 0: an array of float64 cannot become int4; "
        "give an integer array",
    ),
    (
        column("int4"),
        FixedPoint(np.array([1]), 2),
        "column 'price' (int4), row 0: a FixedPoint cannot become int4; give an integer array",
    ),
    (
        column("uuid"),
        np.zeros(2, "V8"),
        "column 'price' (uuid), row 0: an array of |V8 cannot become uuid; "
        "give a V16 array or UUID objects",
    ),
    (
        column("uuid"),
        [None, "no uuid"],
        "column 'price' (uuid), row 1: 'no uuid': badly formed hexadecimal UUID string; "
        "correct the value",
    ),
    (
        column("text"),
        [5],
        "column 'price' (text), row 0: int 5 cannot become text; give text",
    ),
    (
        column("bool"),
        np.array([1]),
        "column 'price' (bool), row 0: an array of int64 cannot become bool; give a bool array",
    ),
    (
        column("date"),
        np.array(["2026-01-01T00:00", "2026-01-01T12:00"], "M8[us]"),
        "column 'price' (date), row 1: the time is finer than date can hold; round it to "
        "datetime64[D]",
    ),
    (
        column("timestamp"),
        np.array(["2026-01-01T00:00:00.000000001"], "M8[ns]"),
        "column 'price' (timestamp), row 0: the time is finer than timestamp can hold; round it "
        "to datetime64[us]",
    ),
    (
        column("timestamp"),
        np.array(["2026-01-01", "-5000-01-01"], "M8[us]"),
        "column 'price' (timestamp), row 1: the time is outside timestamp; "
        "give one from 4713 BC on",
    ),
    (
        column("jsonb"),
        {"a": {1}},
        "column 'price' (jsonb), row 0: dict {'a': {1}} cannot become jsonb; "
        "give JSON text (S, U, str) or objects for json.dumps",
    ),
    (
        column("json"),
        {"a": float("nan")},
        "column 'price' (json), row 0: NaN and infinity are not JSON; give None",
    ),
    (
        column("_int4"),
        [[1], [2**31]],
        "column 'price' (int4[]), row 1: 2147483648 is outside int4; "
        "give smaller numbers or widen the column",
    ),
    (
        column("_int4"),
        [[[1], [2, 3]]],
        "column 'price' (int4[]), row 0: the nested lists differ in length or depth; "
        "make them equal",
    ),
    (
        column("_mood"),
        [["sad"]],
        "column 'price' (mood[]), row 0: the oid of the element type is unknown; "
        "give ColumnType(element=...)",
    ),
    (
        column("interval"),
        [timedelta(days=3), "3 days"],
        "column 'price' (interval), row 1: str '3 days' cannot become interval; "
        "give timedelta objects",
    ),
    (
        column("time"),
        [12],
        "column 'price' (time), row 0: int 12 cannot become time; give time objects",
    ),
    (
        column("timetz"),
        [timedelta(hours=3)],
        "column 'price' (timetz), row 0: timedelta datetime.timedelta(seconds=10800) cannot become "
        "timetz; give time objects with a zone",
    ),
    (
        column("vector"),
        "[1,2]",
        "column 'price' (vector), row 0: the type is not supported; "
        "leave the column to its default",
    ),
    (
        column("varchar", 7),
        present("x.xx", ["abc", "abcd", "abc", "abcde"], "S"),
        "column 'price' (varchar(3)), row 3: the text is longer than 3 characters; "
        "shorten it or widen the column",
    ),
    (
        numeric(6, 2),
        money(present(".xx", [10**9, 1, 10**6], "i8")),
        "column 'price' (numeric(6,2)), row 2: the number has more than 4 digits before the "
        "point; give smaller numbers or widen the column",
    ),
    (
        column("varchar", 7),
        categories([0, 0, 1], ["abc", "abcd"]),
        "column 'price' (varchar(3)), row 2: the text is longer than 3 characters; "
        "shorten it or widen the column",
    ),
    (
        column("varchar", 7),
        categories([0, 0, -1], ["abc", "abcd"]),
        "column 'price' (varchar(3)), a category that no row uses: the text is longer than 3 "
        "characters; shorten it or widen the column",
    ),
]


@pytest.mark.parametrize(("kind", "values", "message"), MISFITS)
def test_a_value_that_does_not_fit_is_named_with_column_and_row(
    kind: ColumnType, values: Any, message: str
) -> None:
    rows = len(values) if hasattr(values, "__len__") else 1
    with pytest.raises(CannotEncode) as raised:
        Encoder([kind]).encode({"price": values}, rows)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "column 'price' (int4) has no values; return one for it, None for NULL"),
        (
            {"price": np.arange(2)},
            "column 'price' (int4) has 2 values for 3 rows; give one for each",
        ),
        (
            {"price": np.zeros((3, 2))},
            "column 'price' (int4) has the shape (3, 2); give one value for each row",
        ),
    ],
)
def test_a_column_that_is_missing_or_of_another_length_is_named(
    values: dict[str, Column], message: str
) -> None:
    with pytest.raises(WrongColumn) as raised:
        Encoder([column("int4")]).encode(values, 3)
    assert str(raised.value) == message


@pytest.mark.parametrize("make", [list, tuple, np.array], ids=["list", "tuple", "array"])
def test_values_of_columns_that_are_not_encoded_are_ignored(make: Callable[..., Column]) -> None:
    wanted = replace(column("int4"), name="kept")
    payload = Encoder([wanted]).encode({"kept": 7, "helper": make(["x"])}, 1)
    assert bytes(payload).hex() == "0001" + "00000004" + "00000007"


# -- vectors ------------------------------------------------------------------------------------


def test_vectors_arrive_as_they_are(connection: Connection) -> None:
    connection.execute("CREATE EXTENSION vector")
    values = np.array([[1.5, -2.0, 0.0], [0.25, 3.0, -0.125]], dtype=np.float32)
    assert stored(connection, "vector(3)", values, 2) == ["[1.5,-2,0]", "[0.25,3,-0.125]"]
    assert stored(connection, "vector", values.astype(np.float64), 2) == [
        "[1.5,-2,0]",
        "[0.25,3,-0.125]",
    ]


def test_a_vector_of_another_size_or_without_a_number_is_refused() -> None:
    embedding = column("vector", 3)
    assert embedding.sql == "vector(3)"
    encoder = Encoder([embedding])
    with pytest.raises(CannotEncode, match=r"has 2 dimensions instead of 3"):
        encoder.encode({"price": np.zeros((4, 2), dtype=np.float32)}, 4)
    bad = np.zeros((4, 3))
    bad[2, 1] = np.nan
    with pytest.raises(CannotEncode, match=r"row 2: the vector holds NaN or infinity"):
        encoder.encode({"price": bad}, 4)
    with pytest.raises(WrongColumn, match=r"has the shape \(4,\); give one value for each row"):
        encoder.encode({"price": np.zeros(4)}, 4)
