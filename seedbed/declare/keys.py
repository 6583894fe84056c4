"""Keys: how a row's number becomes the key in the database, and back.

Every key carries the mark `5eed`, so that a row of ours is known by its key alone. A number
is a positive int64; the numbers of an entity's rows follow from the parent's number and the
row's position in it, never from the order in which rows were made.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seedbed.declare.errors import BadKey
from seedbed.declare.values import Booleans, Hashes, Integers

UUID_DIGITS = 12
_BASE36 = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_BASE36_DIGITS = 13
"""36 ** 13 > 2 ** 63: room for every int64."""
_LARGEST = 2**63 - 1
FAN_ADVICE = "give it a fan, the most rows that a parent can ever have: fan=100"


class Key(Protocol):
    """A key scheme: the column it fills and its numbering."""

    @property
    def column(self) -> str: ...

    @property
    def scheme(self) -> str:
        """What all its keys have in common: nobody else may make such keys in the same table."""

    def number(self, parents: Integers, positions: Integers, identities: Hashes) -> Integers: ...

    def encode(self, numbers: Integers) -> npt.NDArray[Any]:
        """Database keys, `V16` for uuid and `S` for text, shape (n,)."""

    def decode(self, keys: npt.NDArray[Any]) -> tuple[Integers, Booleans]:
        """Numbers, and which of the keys this scheme can make; the others are not ours."""

    def values(self, numbers: Integers) -> list[Any]:
        """Keys as Python values."""

    def read(self, values: Sequence[Any]) -> tuple[Integers, Booleans]:
        """`decode` for Python values."""


def _dense(kind: str, fan: int, parents: Integers, positions: Integers) -> Integers:
    """`fan` numbers a parent: parent p, position k is (p - 1) * fan + k + 1."""
    if not len(positions):
        return positions
    if int(positions.max()) >= fan:
        raise BadKey(kind, f"has fan={fan}, too few for position {positions.max()}; raise its fan")
    if int(positions.min()) < 0:
        raise BadKey(kind, f"has no number for position {positions.min()}; is as_of before 1970?")
    if int(parents.max()) > _LARGEST // fan:
        raise BadKey(kind, f"has fan={fan}, too many for parent {parents.max()}; lower its fan")
    return (parents - 1) * fan + positions + 1


@dataclass(frozen=True)
class UuidKey:
    """`00000000-5eed-<layer>-<type>-<12 decimal digits>`; ordered, so a gap check is a range.

    `kind` is "<layer>-<type>", eight hexadecimal digits; `fan` how many numbers each parent has,
    without which there can be rows of one parent only.
    """

    kind: str
    fan: int | None = None
    column: str = "id"

    def number(self, parents: Integers, positions: Integers, identities: Hashes) -> Integers:
        """The rows' numbers, int64 of shape (n,)."""
        if self.fan is None and len(parents) and int(parents.max()) > 1:
            raise BadKey(self.kind, f"has no fan, so only one parent can have rows; {FAN_ADVICE}")
        numbers = _dense(self.kind, self.fan or 10**UUID_DIGITS, parents, positions)
        if len(numbers) and int(numbers.max()) >= 10**UUID_DIGITS:
            raise BadKey(self.kind, "needs more than 12 digits; lower its fan or the scale")
        return numbers

    @property
    def scheme(self) -> str:
        """The key without its number."""
        return f"00000000-5eed-{self.kind}-"

    @property
    def head(self) -> bytes:
        """The ten bytes before the number."""
        return bytes.fromhex("000000005eed" + self.kind.replace("-", ""))

    @property
    def bounds(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Lowest and highest key."""
        low, high = self.values(np.array([0, 10**UUID_DIGITS - 1]))
        return low, high

    def encode(self, numbers: Integers) -> npt.NDArray[Any]:
        """Two decimal digits a byte, as their hexadecimal writing."""
        keys = np.empty((len(numbers), 16), dtype=np.uint8)
        keys[:, :10] = np.frombuffer(self.head, dtype=np.uint8)
        rest = numbers
        for place in range(15, 9, -1):
            upper = rest // 100
            pair = rest - upper * 100
            keys[:, place] = pair + 6 * (pair // 10)
            rest = upper
        return keys.view("V16").ravel()

    def decode(self, keys: npt.NDArray[Any]) -> tuple[Integers, Booleans]:
        """See `Key.decode`; a hexadecimal letter in the last twelve digits is not ours."""
        table = np.ascontiguousarray(keys).view(np.uint8).reshape(len(keys), 16)
        high, low = table[:, 10:] >> 4, table[:, 10:] & 15
        ours = (table[:, :10] == np.frombuffer(self.head, dtype=np.uint8)).all(axis=1)
        ours &= (high <= 9).all(axis=1) & (low <= 9).all(axis=1)
        weights = 100 ** np.arange(5, -1, -1, dtype=np.int64)
        return (high * np.int64(10) + low) @ weights, ours

    def values(self, numbers: Integers) -> list[uuid.UUID]:
        """Keys as `uuid.UUID`."""
        return [uuid.UUID(bytes=key.tobytes()) for key in self.encode(numbers)]

    def read(self, values: Sequence[Any]) -> tuple[Integers, Booleans]:
        """See `Key.read`; of `uuid.UUID`."""
        return self.decode(np.frombuffer(b"".join(key.bytes for key in values), dtype="V16"))


@dataclass(frozen=True)
class TextKey:
    """`c5eed<kind><base-36 digits>`: 25 characters, as the applications' own cuids look.

    Without `fan` the number is the row's identity itself: that serves parents that nobody
    seeded, whose keys have no number.
    """

    kind: str
    fan: int | None = None
    column: str = "id"
    length: int = 25

    def number(self, parents: Integers, positions: Integers, identities: Hashes) -> Integers:
        """The rows' numbers, int64 of shape (n,)."""
        if self.fan is None:
            return (identities >> np.uint64(1)).astype(np.int64)
        return _dense(self.kind, self.fan, parents, positions)

    @property
    def by_identity(self) -> bool:
        """Whether its numbers need none of the parents'."""
        return self.fan is None

    @property
    def prefix(self) -> str:
        """What every key of this scheme begins with."""
        return f"c5eed{self.kind}".ljust(self.length - _BASE36_DIGITS, "0")

    @property
    def scheme(self) -> str:
        """The key without its number."""
        return self.prefix

    @property
    def digits(self) -> int:
        """How many digits write the number."""
        return _BASE36_DIGITS

    @property
    def largest(self) -> str:
        """The key of the largest number."""
        return str(self.values(np.array([_LARGEST]))[0])

    def encode(self, numbers: Integers) -> npt.NDArray[Any]:
        """Fixed-width ASCII, `S<length>`."""
        keys = np.empty((len(numbers), self.length), dtype=np.uint8)
        head = self.length - _BASE36_DIGITS
        keys[:, :head] = np.frombuffer(self.prefix.encode(), dtype=np.uint8)
        rest = numbers
        for place in range(self.length - 1, head - 1, -1):
            upper = rest // 36
            keys[:, place] = _BASE36[rest - upper * 36]
            rest = upper
        return keys.view(f"S{self.length}").ravel()

    def decode(self, keys: npt.NDArray[Any]) -> tuple[Integers, Booleans]:
        """See `Key.decode`."""
        fitted = keys.astype(f"S{self.length + 1}")
        table = fitted.view(np.uint8).reshape(len(keys), self.length + 1)
        head = self.length - _BASE36_DIGITS
        ours = (table[:, :head] == np.frombuffer(self.prefix.encode(), dtype=np.uint8)).all(axis=1)
        ours &= table[:, self.length] == 0
        digits = np.searchsorted(_BASE36, table[:, head : self.length])
        ours &= (_BASE36[digits.clip(max=35)] == table[:, head : self.length]).all(axis=1)
        numbers = np.zeros(len(keys), dtype=np.int64)
        for place in range(_BASE36_DIGITS):
            numbers = numbers * 36 + digits[:, place]
        # Thirteen digits can write more than an int64 holds: those come back as other keys.
        return numbers, ours & (self.encode(numbers) == fitted)

    def values(self, numbers: Integers) -> list[str]:
        """Keys as `str`."""
        return [key.decode() for key in self.encode(numbers)]

    def read(self, values: Sequence[Any]) -> tuple[Integers, Booleans]:
        """See `Key.read`; of `str`."""
        return self.decode(np.array([key.encode() for key in values], dtype=np.bytes_))


def uuid_key(kind: str, *, fan: int | None = None, column: str = "id") -> UuidKey:
    """A uuid with the mark 5eed: `00000000-5eed-<layer>-<type>-<12 decimal digits>`.

    Args:
        kind: `<layer>-<type>`, four hexadecimal digits each; no other entity of the table has it
        fan: the most rows that a parent can ever have; needed where there are several parents
        column: the column with the key

    Raises:
        BadKey: `kind` is not "<layer>-<type>".
    """
    if not re.fullmatch("[0-9a-f]{4}-[0-9a-f]{4}", kind):
        raise BadKey(kind, "is not <layer>-<type>; write four hexadecimal digits each: 0003-0001")
    return UuidKey(kind, fan, column)


def text_key(kind: str, *, fan: int | None = None, column: str = "id", length: int = 25) -> TextKey:
    """A text with the mark 5eed: `c5eed<kind><base-36 digits>`.

    Args:
        kind: digits and lower-case letters; no other entity of the table has it
        fan: the most rows that a parent can ever have; without it numbers are drawn by hash
        column: the column with the key
        length: characters of a key

    Raises:
        BadKey: `kind` does not fit between the mark and the digits.
    """
    room = length - _BASE36_DIGITS - len("c5eed")
    if not re.fullmatch("[0-9a-z]*[1-9a-z]", kind) or len(kind) > room:
        problem = f"is not 1 to {room} digits and lower-case letters, the last of them not 0"
        raise BadKey(kind, problem)
    return TextKey(kind, fan, column, length)
