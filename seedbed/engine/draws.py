"""Draws: random values that are pure functions of (seed, dataset, entity, column, row identity).

The generator is counter based: 64 bits are the SplitMix64 finaliser (Steele, Lea and Flood,
"Fast splittable pseudorandom number generators", OOPSLA 2014) of the row's identity plus the
column's stream. No state, so any chunk, order or process draws the same values. numpy's own
`Generator` is not used: its distributions may change between releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from seedbed.declare.values import Floats, Hashes, Integers

ALGORITHM = "splitmix64-1"
"""Recorded with every run; a new algorithm gets a new name, never a silent change."""

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_2 = np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31, _S32, _S33 = (np.uint64(n) for n in (11, 27, 30, 31, 32, 33))

_R2 = (0.7548776662466927, 0.5698402909980532)
"""Steps of the two-dimensional R2 sequence: 1/p and 1/p**2, p = 1.3247… the plastic number."""


def stream(*path: object) -> np.uint64:
    """The 64-bit number of a path such as (seed, dataset, entity, column)."""
    text = "\x1f".join(str(part) for part in path)
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()))


def mix(values: Hashes) -> Hashes:
    """SplitMix64's finaliser: every input bit changes every output bit with probability 1/2."""
    z = values ^ (values >> _S30)
    z *= _MULTIPLY_1
    z ^= z >> _S27
    z *= _MULTIPLY_2
    z ^= z >> _S31
    return z


def bits(column: np.uint64, identities: Hashes) -> Hashes:
    """64 random bits a row (uint64, shape (n,)) of one column's stream."""
    return mix(identities + column)


def text_hash(keys: Iterable[str]) -> Hashes:
    """64 bits (uint64, shape (n,)) of each text, from its UTF-8 bytes eight at a time."""
    encoded = np.array([key.encode() for key in keys], dtype=np.bytes_)
    if not len(encoded):
        return np.zeros(0, dtype=np.uint64)
    width = -(-max(encoded.dtype.itemsize, 1) // 8)
    words = encoded.astype(f"S{8 * width}").view("<u8").reshape(len(encoded), width)
    found = np.zeros(len(encoded), dtype=np.uint64)
    for place in range(width):
        # Words of zeros behind a shorter text do not count: the hash is the text's alone.
        mixed = mix((found + GAMMA) ^ words[:, place])
        found = np.where(words[:, place] > 0, mixed, found)
    return found


def unit(random_bits: Hashes) -> Floats:
    """Uniform in [0, 1) with 53 bits."""
    return (random_bits >> _S11).astype(np.float64) * 2.0**-53


def below(random_bits: Hashes, bound: int | Integers) -> Integers:
    """Uniform integers in [0, bound), bound < 2**31, one for all rows or one a row.

    Multiply-shift on the upper 32 bits: its bias is below bound / 2**32.
    """
    limit = np.asarray(bound, dtype=np.uint64)
    return (((random_bits >> _S32) * limit) >> _S32).astype(np.int64)


def spread(column: np.uint64, positions: Integers, axis: int) -> Floats:
    """Evenly spread values in [0, 1): the R2 sequence at the row's position, shifted by the seed.

    Of n rows every interval of length x holds n * x rows within a few, for any seed; the two
    axes (0 and 1) together fill the square evenly. Source: M. Roberts, "The unreasonable
    effectiveness of quasirandom sequences" (2018).
    """
    start = float(unit(mix(np.array([column])))[0])
    values: Floats = np.mod(start + positions * _R2[axis], 1.0)
    return values


def jump(random_bits: Hashes, size: int) -> Integers:
    """Consistent choice of one of `size` buckets: growing n to n + 1 moves 1 / (n + 1) of the rows.

    Lamping and Veach, "A fast, minimal memory, consistent hash algorithm" (2014), for all
    rows at once: a row leaves the loop when its next jump lies beyond `size`.
    """
    chosen = np.zeros(len(random_bits), dtype=np.int64)
    active = np.arange(len(random_bits))
    state = random_bits.copy()
    bucket = np.zeros(len(random_bits), dtype=np.int64)
    while len(active):
        chosen[active] = bucket
        state = state * np.uint64(2862933555777941757) + np.uint64(1)
        draw = ((state >> _S33) + np.uint64(1)).astype(np.float64)
        bucket = ((bucket + 1) * (2.0**31 / draw)).astype(np.int64)
        stays = bucket < size
        active, state, bucket = active[stays], state[stays], bucket[stays]
    return chosen
