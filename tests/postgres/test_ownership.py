"""What is ours: SQL and Python say the same of every key, also of those that nearly are ours."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from uuid import UUID

import numpy as np
import pytest
from psycopg import sql

from seedbed.declare.keys import Key, TextKey, UuidKey, text_key, uuid_key
from seedbed.postgres.ownership import carried, carried_as_text
from seedbed.testing.cluster import Connection

UUIDS = [uuid_key("0001-0001"), uuid_key("00ff-0a0b", fan=10)]
TEXTS = [text_key("cu"), text_key("a1b2c3d"), text_key("k", length=30)]
EVERY: list[Key] = [*UUIDS, *TEXTS]
COUNT = 2_000

Rule = Callable[[sql.Composable, Key], sql.Composed]

DIGITS = string.digits + string.ascii_lowercase
ODD = DIGITS + string.ascii_uppercase + "-_ \nÄß\u0130\u212a%"  # Kelvin is no k


def near_uuid(key: UuidKey, draw: random.Random) -> str:
    """A key of ours with up to three of its hexadecimal digits changed."""
    digits = list(str(key.values(np.array([draw.randrange(10**12)]))[0]).replace("-", ""))
    for _ in range(draw.randrange(4)):
        digits[draw.randrange(32)] = draw.choice("0123456789abcdef")
    return str(UUID("".join(digits)))


def near_text(key: TextKey, draw: random.Random) -> str:
    """A key of ours, one with other characters, a longer or shorter one, or a number too large."""
    number = draw.choice([0, 1, 2**63 - 1, draw.randrange(2**63)])
    found = list(str(key.values(np.array([number]))[0]))
    match draw.randrange(5):
        case 0:
            found[draw.randrange(len(found))] = draw.choice(ODD)
        case 1:
            found.insert(draw.randrange(len(found) + 1), draw.choice(ODD))
        case 2:
            del found[draw.randrange(len(found))]
        case 3:  # around the largest number: 1y2p0ij32e8e7
            found[-13:] = "1y2p0ij32e8" + draw.choice(DIGITS) + draw.choice(DIGITS)
        case _:
            found[-13:] = draw.choices(DIGITS, k=13)
    return "".join(found)


def told(connection: Connection, key: Key, values: list[str], type_: str, how: Rule) -> list[bool]:
    """What the SQL says of the values in a column of that type."""
    query = sql.SQL(
        "SELECT ({mine}) IS TRUE FROM unnest({values}::text[]) WITH ORDINALITY AS t(text, place), "
        "LATERAL (SELECT t.text::{type} AS key) AS own ORDER BY place"
    ).format(
        mine=how(sql.Identifier("own", "key"), key),
        values=sql.Literal(values),
        type=sql.SQL(type_),
    )
    return [row[0] for row in connection.execute(query)]


@pytest.mark.parametrize("key", EVERY, ids=lambda key: key.scheme)
def test_both_say_the_same_of_random_keys_and_near_misses(connection: Connection, key: Key) -> None:
    draw = random.Random(5)
    if isinstance(key, UuidKey):
        values = [near_uuid(key, draw) for _ in range(COUNT)]
        ours = key.read([UUID(value) for value in values])[1].tolist()
        types: dict[str, Rule] = {"uuid": carried, "text": carried_as_text}
    else:
        assert isinstance(key, TextKey)
        values = [near_text(key, draw) for _ in range(COUNT)]
        ours = key.read(values)[1].tolist()
        types = {"text": carried, "varchar": carried, 'text COLLATE "C"': carried}
    assert 0.1 * COUNT < sum(ours) < 0.9 * COUNT
    for type_, how in types.items():
        assert told(connection, key, values, type_, how) == ours, type_
    assert told(connection, key, values, "text", carried_as_text) == ours


def test_a_type_that_ignores_case_makes_no_more_keys_ours(connection: Connection) -> None:
    connection.execute("CREATE EXTENSION citext")
    key = TEXTS[0]
    own = key.values(np.array([7]))[0]
    found = told(connection, key, [own, own.upper()], "citext", carried)
    assert found == [True, False]


def test_a_key_that_is_null_is_nobodys(connection: Connection) -> None:
    for key in EVERY:
        column = sql.SQL("NULL::uuid" if isinstance(key, UuidKey) else "NULL::text")
        row = connection.execute(sql.SQL("SELECT {}").format(carried(column, key))).fetchone()
        assert row == (None,)
