"""Hashing: texts to vectors by their words alone, without a model, a key or a network.

Feature hashing (Weinberger et al., "Feature hashing for large scale multitask learning", 2009):
every word of some weight and every pair with one falls into one of the vector's places with a sign,
both from its hash; the vector is then brought to length 1. Texts with words in common lie close
to each other; synonyms do not. The vectors are the same on every machine: whole numbers until the
last division.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from seedbed.declare.values import Bytes, Hashes, Integers
from seedbed.engine.draws import GAMMA, mix

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimensions)."""

_PRIME = np.uint64(0x100000001B3)
_SIGN = np.uint64(63)

_CODES = np.zeros(256, dtype=np.uint64)
"""What a byte counts within a word: letters in lower case, digits, UTF-8; 0 parts words."""
_CODES[0x80:] = np.arange(0x80, 0x100)
for _letter in b"0123456789abcdefghijklmnopqrstuvwxyz":
    _CODES[_letter] = _letter
_CODES[ord("A") : ord("Z") + 1] = _CODES[ord("a") : ord("z") + 1]

COMMON = """
a about after again all also always an and any are around as at be because been before being best
better between both but by can come could day did do does done down each even every everybody few
first for from get give go going good got great had has have he hello help her here him his how i
if in into is it its just keep know last later let like little long look made make makes many may
me mind more most much must my need never new next no not nothing now of off on once one only or
other our out over own part people problem put really right said same say see she should show since
small so some something soon still such sure take tell than thank that the their them then there
these they thing things think this those though through time to today together told too took two
under until up us use used very want was watch way we week well went were what when where which
while who why will with without work would year years yes yet you your
"""
"""English words that carry no topic: they count only beside one that does."""


@dataclass(frozen=True)
class Words:
    """The words of n texts in order: the hash of each and the text it stands in, shape (m,)."""

    hashes: Hashes
    text: Integers


def words(texts: Bytes) -> Words:
    """Every word of the texts (`S`, shape (n,)); no loop over texts or words."""
    width = texts.dtype.itemsize + 1  # a byte that parts the last word from the next text
    flat = np.ascontiguousarray(texts.astype(f"S{width}")).view(np.uint8)
    codes = _CODES[flat]
    letters = np.flatnonzero(codes)
    if not len(letters):
        none = np.zeros(0, dtype=np.int64)
        return Words(none.astype(np.uint64), none)
    begins = np.flatnonzero(np.diff(letters, prepend=-2) > 1)
    length = np.diff(begins, append=len(letters))
    place = np.arange(len(letters)) - np.repeat(begins, length)
    powers = np.cumprod(np.full(int(length.max()), _PRIME))  # modulo 2**64
    hashes = np.add.reduceat(codes[letters] * powers[place], begins)
    return Words(mix(hashes), letters[begins] // width)


@cache
def _common() -> Hashes:
    return words(np.array([" ".join(COMMON.split()).encode()])).hashes


def vectors(texts: Bytes, dimensions: int) -> Vectors:
    """The vector of every text; a text without words points along the first axis."""
    found = words(texts)
    telling = ~np.isin(found.hashes, _common())
    beside = telling[1:] | telling[:-1]
    neighbours = np.flatnonzero((found.text[1:] == found.text[:-1]) & beside)
    pairs = mix(found.hashes[neighbours] * GAMMA + found.hashes[neighbours + 1])
    hashes = np.concatenate([found.hashes[telling], pairs])
    text = np.concatenate([found.text[telling], found.text[neighbours]])
    signs = np.where(hashes >> _SIGN, -1.0, 1.0)
    places = (hashes % np.uint64(dimensions)).astype(np.int64)
    sums = np.bincount(text * dimensions + places, signs, minlength=len(texts) * dimensions)
    table = sums.reshape(len(texts), dimensions)
    squares = np.einsum("ij,ij->i", table, table)
    table[squares == 0, 0] = 1.0
    length = np.sqrt(np.maximum(squares, 1.0))[:, None]
    unit: Vectors = (table / length).astype(np.float32)
    return unit
