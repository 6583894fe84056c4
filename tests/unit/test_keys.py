"""Keys: both writings of a number, keys that are not ours, and numbers that run out."""

from __future__ import annotations

import uuid

import numpy as np
import numpy.typing as npt
import pytest

from seedbed.declare.errors import BadKey
from seedbed.declare.keys import text_key, uuid_key
from seedbed.declare.values import Hashes, Integers

UUIDS = {
    1: "00000000-5eed-0003-0002-000000000001",
    9: "00000000-5eed-0003-0002-000000000009",
    10: "00000000-5eed-0003-0002-000000000010",
    199: "00000000-5eed-0003-0002-000000000199",
    9_020_779: "00000000-5eed-0003-0002-000009020779",
    123_456_789_012: "00000000-5eed-0003-0002-123456789012",
    999_999_999_999: "00000000-5eed-0003-0002-999999999999",
}
TEXTS = {
    1: "c5eedepi00000000000000001",
    35: "c5eedepi0000000000000000z",
    36: "c5eedepi00000000000000010",
    1_000_000: "c5eedepi0000000000000lfls",
    2**63 - 1: "c5eedepi00001y2p0ij32e8e7",
}
NO_HASHES = np.zeros(0, dtype=np.uint64)


def integers(*values: int) -> Integers:
    return np.array(values, dtype=np.int64)


def as_v16(*keys: str) -> npt.NDArray[np.void]:
    return np.frombuffer(b"".join(uuid.UUID(key).bytes for key in keys), dtype="V16")


def as_s25(*keys: str) -> npt.NDArray[np.bytes_]:
    return np.array([key.encode() for key in keys], dtype="S25")


def test_a_uuid_key_writes_its_number_in_decimal() -> None:
    key = uuid_key("0003-0002")
    assert key.values(integers(*UUIDS)) == [uuid.UUID(text) for text in UUIDS.values()]
    assert key.encode(integers(*UUIDS)).tobytes() == as_v16(*UUIDS.values()).tobytes()
    assert key.encode(integers(1)).dtype == np.dtype("V16")


def test_a_uuid_key_reads_its_number_back() -> None:
    numbers, ours = uuid_key("0003-0002").decode(as_v16(*UUIDS.values()))
    assert numbers.tolist() == list(UUIDS)
    assert ours.all()


@pytest.mark.parametrize(
    "stranger",
    [
        "00000000-5eed-0003-0002-00000000000a",  # ends in a hexadecimal letter
        "00000000-5eed-0003-0002-a00000000001",
        "00000000-5eed-0003-0002-0000000000f1",
        "00000000-5eed-0003-0001-000000000001",  # another entity's
        "00000000-5eee-0003-0002-000000000001",
        "10000000-5eed-0003-0002-000000000001",
        "00000000-0000-0000-0000-000000000001",
        "6f1f3c1e-8d0c-4f0e-9a55-0f6f2f6f2f6f",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
)
def test_a_strangers_uuid_is_not_ours(stranger: str) -> None:
    _, ours = uuid_key("0003-0002").decode(as_v16(stranger, UUIDS[1]))
    assert ours.tolist() == [False, True]


def test_uuid_keys_are_in_the_order_of_their_numbers_inside_their_bounds() -> None:
    key = uuid_key("0003-0002")
    values = key.values(integers(*UUIDS))
    assert values == sorted(values)
    assert key.bounds == (
        uuid.UUID("00000000-5eed-0003-0002-000000000000"),
        uuid.UUID("00000000-5eed-0003-0002-999999999999"),
    )


def test_a_key_of_no_rows_has_no_numbers() -> None:
    none = integers()
    assert uuid_key("0003-0002", fan=2).number(none, none, NO_HASHES).tolist() == []
    assert uuid_key("0003-0002").decode(uuid_key("0003-0002").encode(none))[0].tolist() == []
    assert text_key("epi").decode(text_key("epi").encode(none))[0].tolist() == []


def test_each_parent_has_as_many_numbers_as_the_fan() -> None:
    numbers = uuid_key("0003-0002", fan=3).number(
        integers(1, 1, 1, 2, 4), integers(0, 1, 2, 0, 2), NO_HASHES
    )
    assert numbers.tolist() == [1, 2, 3, 4, 12]


def test_a_position_past_the_fan_is_an_error() -> None:
    with pytest.raises(BadKey) as caught:
        uuid_key("0003-0002", fan=2).number(integers(1, 1), integers(1, 2), NO_HASHES)
    assert str(caught.value) == ("key '0003-0002' has fan=2, too few for position 2; raise its fan")
    assert caught.value.exit_code == 2


def test_a_position_before_1970_is_an_error() -> None:
    with pytest.raises(BadKey) as caught:
        uuid_key("0004-0005", fan=1_000_000).number(integers(2), integers(-1), NO_HASHES)
    assert str(caught.value) == (
        "key '0004-0005' has no number for position -1; is as_of before 1970?"
    )


def test_a_thirteenth_digit_is_an_error() -> None:
    key = uuid_key("0003-0003", fan=10)
    assert key.number(integers(10**11), integers(8), NO_HASHES).tolist() == [999_999_999_999]
    with pytest.raises(BadKey) as caught:
        key.number(integers(10**11), integers(9), NO_HASHES)
    assert str(caught.value) == (
        "key '0003-0003' needs more than 12 digits; lower its fan or the scale"
    )


def test_a_parent_too_large_for_the_fan_is_an_error_and_does_not_wrap_around() -> None:
    with pytest.raises(BadKey) as caught:
        text_key("c", fan=10).number(integers(2**62), integers(0), NO_HASHES)
    assert str(caught.value) == (
        "key 'c' has fan=10, too many for parent 4611686018427387904; lower its fan"
    )


@pytest.mark.parametrize("kind", ["", "3-1", "00030001", "0003-000G", "0003-0001-", "000A-0001"])
def test_a_uuid_kind_is_a_layer_and_a_type(kind: str) -> None:
    with pytest.raises(BadKey) as caught:
        uuid_key(kind)
    assert str(caught.value) == (
        f"key '{kind}' is not <layer>-<type>; write four hexadecimal digits each: 0003-0001"
    )


def test_a_text_key_writes_its_number_in_base_36() -> None:
    key = text_key("epi")
    assert key.values(integers(*TEXTS)) == list(TEXTS.values())
    assert key.encode(integers(1)).dtype == np.dtype("S25")


def test_a_text_key_reads_its_number_back() -> None:
    numbers, ours = text_key("epi").decode(as_s25(*TEXTS.values()))
    assert numbers.tolist() == list(TEXTS)
    assert ours.all()


@pytest.mark.parametrize(
    "stranger",
    [
        "clx2f8h3k0000qz9y7m1v5b4d",  # a cuid of the application
        "c5eedepj00000000000000001",  # another entity's
        "c5eedepi0000000000000000A",  # an upper-case letter
        "c5eedepi000000000000000-1",
        "c5eedepi00001y2p0ij32e8e8",  # one more than the largest number
        "c5eedepi0000zzzzzzzzzzzzz",
        "c5eedepi0000000000000001",  # too short
        "",
    ],
)
def test_a_strangers_text_is_not_ours(stranger: str) -> None:
    _, ours = text_key("epi").decode(as_s25(stranger, TEXTS[1]))
    assert ours.tolist() == [False, True]


def test_a_text_that_is_longer_than_our_keys_is_not_ours() -> None:
    longer = np.array([TEXTS[1].encode(), TEXTS[1].encode() + b"0"], dtype="S26")
    assert text_key("epi").decode(longer)[1].tolist() == [True, False]


def test_a_text_key_without_fan_takes_its_number_from_the_identity() -> None:
    identities: Hashes = np.array([0, 3, 2**64 - 1], dtype=np.uint64)
    numbers = text_key("epi").number(integers(1, 1, 1), integers(0, 1, 2), identities)
    assert numbers.tolist() == [0, 1, 2**63 - 1]


@pytest.mark.parametrize("kind", ["", "Epi", "a-b", "epi0", "eightlet"])
def test_a_text_kind_fits_between_the_mark_and_the_digits(kind: str) -> None:
    with pytest.raises(BadKey) as caught:
        text_key(kind)
    assert str(caught.value) == (
        f"key '{kind}' is not 1 to 7 digits and lower-case letters, the last of them not 0"
    )
